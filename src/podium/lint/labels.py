"""The labels that the values of a workflow may have, worked out of its graph before any run.

It is the reading of `podium.engine.labels` for all runs at once: whatever a run shows is covered by what is said here.
Where a run takes one way, all ways are joined: every branch, fallback and default, every round of a loop until nothing
changes, every function that a node of an unknown type may call. Two things of a run are left out, because no file says
them: a person who overrides a node, and one who changes what they were shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from podium.gate.flow import Flow, flows
from podium.gate.labels import Lattice
from podium.gate.sinks import MODEL, Sink, source_label, tool_answer, tool_sink
from podium.graph.model import CONTINUE, Graph, GraphNode, Program, Use, uses
from podium.graph.vouching import covers, vouchers
from podium.ids import NodeId
from podium.spec.label import USER, Label
from podium.spec.model import InputSpec, ToolSpec, UsesTool
from podium.spec.types import Type

SIGNAL = Label(integrity="untrusted", sources=("signal",))
PERSON = Label(integrity="endorsed", sources=("person",))
UNDOING = ".compensate"
"""What stands behind the place of a node for what undoes it."""

ANY_ARGUMENT = "*"
"""Stands for the arguments of a call that a node makes as it sees fit."""

SOME_FIELD = ".*"
"""Behind the name of an argument, for a field of it of which nothing is known."""

MAX_DEPTH = 4
"""Objects in objects that are looked into; what stands deeper may be anything."""

MAX_ROUNDS = 64
"""Rounds of a loop until its labels must have come to rest; each can only grow by what is declared somewhere."""


@dataclass(frozen=True, slots=True)
class Given:
    """One way in which a node may get its result.

    Attributes:
        endorsed: The parts that a declared check vouches for.
        failure: Of what it says when it fails.
    """

    label: Label
    endorsed: frozenset[str] = frozenset()
    failure: Label = USER


@dataclass(frozen=True, eq=False, slots=True)
class Labelled:
    """A node, or a fallback or compensation of it, with the worst labels that it may have.

    Attributes:
        place: Its path without counts: `drafts/write`, `pay.compensate`.
        index: Of the node that has a place in the graph: it, or what it stands in for or undoes.
        read: Of what its expressions read. `heard`: of that and of every answer that it may be given.
        arguments: Of what is written out under `with`.
        failure: Of what it knows as `error`, if it stands in for another node or undoes it.
    """

    place: str
    node: GraphNode
    index: int
    env: Env
    control: Label
    read: Label
    heard: Label
    arguments: Mapping[str, Label]
    failure: Label | None = None

    @property
    def asks_model(self) -> bool:
        """Whether it may ask a model."""
        told = self.node.config.hears()
        return told is None or "model" in told


class Called(NamedTuple):
    """A function that a node may call.

    Attributes:
        name: `grant.function`.
        flows: What of the call may not simply happen.
        control, read, arguments: The labels that decide about it; `*` stands for arguments that are not known.
    """

    name: str
    sink: Sink
    flows: tuple[Flow, ...]
    control: Label
    read: Label
    arguments: Mapping[str, Label]


@dataclass(eq=False)
class Env:
    """A scope under examination.

    Attributes:
        parent: The node that runs it, None for the workflow.
        item: What it is run for.
        inputs: Of a workflow and a sub-workflow, what they are given.
        control: Of the decisions that led to it.
        given: What each of its nodes may give, as far as is known. `controls`: the decisions that led to it.
        told: What a node hears of the check that sends it back to work.
        asking: See `guarded`.
    """

    graph: Graph
    place: str
    parent: Labelled | None
    item: Label
    inputs: Mapping[str, Label]
    control: Label
    given: dict[NodeId, tuple[Given, ...]] = field(default_factory=dict[NodeId, "tuple[Given, ...]"])
    controls: dict[int, Label] = field(default_factory=dict[int, Label])
    told: dict[int, Label] = field(default_factory=dict[int, Label])
    asking: dict[int | None, frozenset[str]] = field(default_factory=dict["int | None", frozenset[str]])

    @property
    def home(self) -> Env:
        """The workflow or sub-workflow that it stands in."""
        return self if self.parent is None or self.graph.flow else self.parent.env.home

    @cached_property
    def skippable(self) -> frozenset[int]:
        """The nodes that need not run although what comes after them does, by index."""
        found: set[int] = set()
        cancelled = {index for node in self.graph.nodes for index in node.cancels}
        for node in self.graph.nodes:
            before = any(edge.source in found for edge in node.incoming)
            if node.when is not None or node.control or node.index in cancelled or before or node.join is not None:
                found.add(node.index)
        return frozenset(found)

    def guarded(self, index: int | None) -> frozenset[str]:
        """Return the names of which a node, or the result of the scope, asks whether they have a value."""
        found = self.asking.get(index)
        if found is None:
            found = frozenset(name for one in _programs(self.graph, index) for name in one.guarded)
            self.asking[index] = found
        return found

    def around(self) -> Iterator[Env]:
        """Yield it and the scopes whose names it sees."""
        env: Env | None = self
        while env is not None:
            yield env
            env = env.parent.env if env.parent is not None and not env.graph.flow else None


class Labels:
    """The labels of one workflow; `nodes` lists every node that may run, in the order of the graph."""

    def __init__(self, graph: Graph, lattice: Lattice, *, model: Sink | None = None) -> None:
        """Work all of them out.

        Args:
            graph: Of a workflow, or of a sub-workflow as if it were run by itself.
            model: What the models may see that may be asked; None when that is not known, and nothing is said of it.
        """
        self.lattice = lattice
        self.model = model
        self._found: dict[str, Labelled] = {}
        self._gives: dict[str, Given] = {}
        self._inside: dict[str, dict[str, Env]] = {}
        self._undoing: dict[str, tuple[Env, GraphNode]] = {}
        inputs = {name: _declared(name, spec) for name, spec in graph.inputs.items()}
        self.root = Env(graph, "", None, USER, inputs, USER)
        self._scope(self.root)
        self._compensations()
        self.result = self.join(self.of(use, self.root, None) for use in uses(graph.result))

    @property
    def nodes(self) -> tuple[Labelled, ...]:
        """Every node that may run, with its labels."""
        return tuple(self._found.values())

    def at(self, place: str) -> Labelled:
        """Return what stands at a place."""
        return self._found[place]

    def inside(self, place: str) -> tuple[Env, ...]:
        """Return the scopes inside what stands at a place."""
        return tuple(self._inside.get(place, {}).values())

    def join(self, labels: Iterable[Label]) -> Label:
        """Return the label of what is made of all of them."""
        return self.lattice.join_all(labels)

    def label_of(self, place: str) -> Label:
        """Return the worst label of what a node gives; the place is its path without counts."""
        return self.join(given.label for given in self._ways(place))

    def failure_of(self, place: str) -> Label:
        """Return the worst label of what a node says when it fails."""
        return self.join(given.failure for given in self._ways(place))

    def _ways(self, place: str) -> Iterable[Given]:
        labelled = self._found[place]
        if place.endswith(UNDOING):
            return (self._gives[place],)
        return labelled.env.given[labelled.node.id]

    def calls(self, labelled: Labelled) -> Iterator[Called]:
        """Yield what a node may call of its tools, and what of that may not simply happen."""
        config, grants = labelled.node.config, labelled.env.home.graph.tools
        told = config.hears()
        if self.model is not None and labelled.asks_model:
            yield self._called("model", self.model, labelled.control, labelled.heard, {})
        if isinstance(config, UsesTool):
            grant = grants.get(config.grant)
            if grant is not None:
                name = f"{config.grant}.{config.function}"
                sink, arguments = within(tool_sink(grant, config.function), labelled)
                yield self._called(name, sink, labelled.control, labelled.read, arguments)
            return
        control = self.join((labelled.control, labelled.heard))
        for name in granted(grants) if told is None else told:
            tool, _, function = name.partition(".")
            if function and (grant := grants.get(tool)) is not None:
                # which arguments there are is not known, so there is one that decides
                sink = tool_sink(grant, function)._replace(critical=(ANY_ARGUMENT,))
                yield self._called(name, sink, control, labelled.heard, {ANY_ARGUMENT: labelled.heard})

    def _called(self, name: str, sink: Sink, control: Label, read: Label, arguments: Mapping[str, Label]) -> Called:
        found = flows(self.lattice, sink, control=control, read=read, arguments=arguments)
        return Called(name, sink, tuple(found), control, read, arguments)

    def of(self, use: Use, env: Env, index: int | None, *, failure: Label | None = None) -> Label:
        """Return the label of what an expression reads, as a node of a scope sees it.

        Args:
            index: Of that node; None for the result of the scope.
            failure: Of what a fallback or a compensation knows as `error`; None for everything else.
        """
        label = self._of(use, env, failure, asks=use.port in ("", "error") or use.name in env.guarded(index))
        if index is None or label.trusted:
            return label
        persons = list(_vouching(use, env, index))
        vouched = self.join((label, PERSON)) if persons else label
        return replace(vouched, integrity="endorsed") if any(persons) else vouched

    def _of(self, use: Use, env: Env, failure: Label | None, *, asks: bool) -> Label:
        if use.name == "inputs":
            home = env.home.inputs
            return self.join(home.get(name, USER) for name in ([use.port] if use.port else home))
        if use.name == "error" and failure is not None:
            return failure
        for one in env.around():
            if one.parent is not None and one.graph.variable == use.name:
                return one.item
            if NodeId(use.name) in one.graph.by_id:
                ways = one.given.get(NodeId(use.name), ())
                found = [given.failure if use.port == "error" else _part(given, use) for given in ways]
                # whoever asks whether it has given anything learns what decided that
                return self.join((*found, one.controls[one.graph.by_id[NodeId(use.name)]]) if asks else found)
        return USER  # `run`, `callback`, and the names that an expression brings itself

    # ── scopes and nodes ──

    def _scope(self, env: Env) -> None:
        """Label the nodes of a scope, until those that are sent back to work have heard all they may be told."""
        checks = [node for node in env.graph.nodes if node.target >= 0]
        for _ in range(MAX_ROUNDS):
            self._nodes(env)
            before = dict(env.told)
            for check in checks:
                said = self._said(env, check.index, check.target)
                env.told[check.target] = self.join((env.told.get(check.target, USER), *said))
            if env.told == before:
                break

    def _said(self, env: Env, *nodes: int) -> Iterator[Label]:
        for index in nodes:
            for given in env.given[env.graph.nodes[index].id]:
                yield from (given.label, given.failure)

    def _nodes(self, env: Env) -> None:
        for node in env.graph.nodes:
            env.controls[node.index] = control = self._control(env, node)
            ways: list[Given] = []
            failure = USER
            for number, way in enumerate((node, *node.fallbacks)):
                place = place_of(env, node, f".fallback{number}" if number else "")
                way_gives = self._work(way, env, place, control, node, failure=failure if number else None)
                if number:  # when it is tried again, what it is told is its own failure
                    told = self.join((failure, way_gives.failure))
                    way_gives = self._work(way, env, place, control, node, failure=told)
                failure = self.join((failure, way_gives.failure))
                ways.append(way_gives)
            if goes_on(node):
                told = self.join(self.of(use, env, None) for use in uses(node.default))
                label = self.join((failure, told))
                ways.append(Given(label, failure=label))
            env.given[node.id] = tuple(ways)
            if node.compensation is not None:
                self._undoing[place_of(env, node, UNDOING)] = (env, node)

    def _compensations(self) -> None:
        """Label what undoes nodes; it may be told of any failure around it."""
        failure = self.join(self.failure_of(place) for place in self._found)
        done: set[str] = set()
        while left := self._undoing.keys() - done:
            for place in sorted(left):
                env, node = self._undoing[place]
                assert node.compensation is not None
                control = env.controls[node.index]
                self._gives[place] = self._work(node.compensation, env, place, control, node, failure=failure)
            done |= left

    def _control(self, env: Env, node: GraphNode) -> Label:
        found = [env.control]
        if node.when is not None:
            found += [self.of(use, env, node.index) for use in uses(node.when)]
        for edge in node.incoming:
            found.append(env.controls[edge.source])
            if edge.kind == "control":
                found += self._said(env, edge.source)
        return self.join(found)

    def _work(
        self, way: GraphNode, env: Env, place: str, control: Label, node: GraphNode, *, failure: Label | None
    ) -> Given:
        """Label one way of a node and what is inside it; return what it gives."""
        read = [self.of(use, env, node.index, failure=failure) for use in way.uses]
        read.append(env.told.get(node.index, USER))
        if way.join is not None:
            read += [given.label for source in way.join.sources for given in env.given.get(source, ())]
            read += [env.controls[env.graph.by_id[source]] for source in way.join.sources]  # also of what is skipped
        label = self.join(read)
        heard = self.join((label, *self._answers(way, env.home.graph.tools)))
        arguments = {
            key: self.join(self.of(use, env, node.index, failure=failure) for use in found)
            for key, found in way.arguments.items()
        }
        found = Labelled(place, way, node.index, env, control, label, heard, arguments, failure)
        self._found[place] = found
        back, failed = self._bodies(found)
        gives = self.join((heard, control, back))
        told = self.join((gives, failed))
        if way.config.vouches() is not None:
            return Given(replace(self.join((gives, PERSON)), integrity="endorsed"), failure=told)
        if way.type == "human":
            gives = self.join((gives, PERSON))
        if listens(way):
            gives = told = self.join((gives, SIGNAL))
        return Given(gives, frozenset(way.config.endorse), told)

    def _answers(self, way: GraphNode, grants: Mapping[str, ToolSpec]) -> Iterator[Label]:
        told = way.config.hears()
        for name in ("model", *granted(grants)) if told is None else told:
            tool, _, function = name.partition(".")
            yield tool_answer(grants.get(tool), tool, function) if function else MODEL

    def _bodies(self, outer: Labelled) -> tuple[Label, Label]:
        """Label the nodes inside a node; return the labels of what they give it and of what they say when they fail."""
        backs, failures = USER, USER
        parts = outer.node.bodies
        for part, graph in parts.items():
            # what goes on when the main part has failed is told why, and what was there
            item = self.join((outer.read, backs, failures))
            if graph.signal:
                item = self.join((item, SIGNAL))
            back, failed = self._rounds(outer, part, item)
            backs, failures = self.join((backs, back)), self.join((failures, failed))
        return (self.join((backs, failures)) if shows_failures(outer.node) else backs), failures

    def _rounds(self, outer: Labelled, part: str, item: Label) -> tuple[Label, Label]:
        graph = outer.node.bodies[part]
        back, failed = self._round(outer, part, item)
        if (graph.each or graph.variable) and (graph.tells or graph.concurrency == 1):
            # a loop: each round sees the one before
            for _ in range(MAX_ROUNDS):
                grown = self.join((item, back, failed if graph.each else USER))
                if grown == item:
                    break
                item = grown
                back, failed = self._round(outer, part, item)
        return back, failed

    def _round(self, outer: Labelled, part: str, item: Label) -> tuple[Label, Label]:
        graph = outer.node.bodies[part]
        inputs = {
            name: self.join((_declared(name, spec), outer.arguments.get(name, outer.read)))
            for name, spec in graph.inputs.items()
        }
        control = self.join((outer.control, item)) if graph.each else outer.control
        place = f"{outer.place}.{part}" if part and not graph.each else outer.place
        inner = Env(graph, place, outer, item, inputs, control)
        self._inside.setdefault(outer.place, {})[part] = inner
        self._scope(inner)
        failed = self.join(given.failure for ways in inner.given.values() for given in ways)
        programs = (graph.result, *graph.tells.values())
        return self.join(self.of(use, inner, None) for program in programs for use in uses(program)), failed


def granted(grants: Mapping[str, ToolSpec]) -> tuple[str, ...]:
    """Return the functions that are granted; `tool.*` stands for those of which nothing special is said."""
    return tuple(f"{tool}.{name}" for tool, grant in grants.items() for name in grant.only or ("*", *grant.functions))


def within(sink: Sink, labelled: Labelled) -> tuple[Sink, dict[str, Label]]:
    """Return the labels of the arguments of a call and of what decides inside them: links in texts, fields of objects.

    Where an argument may be an object of which nothing is known, `argument.*` stands for a field that decides.
    """
    arguments, given = dict(labelled.arguments), labelled.node.fields.get("with")
    if sink.critical is not None:
        for name in sink.critical:
            if (outer := name.partition(".")[0]) != name and outer in arguments:
                arguments.setdefault(name, arguments[outer])
        return sink, arguments
    types = given.type.fields() if given is not None else {}
    for name, label in labelled.arguments.items():
        if not sink.is_critical(name):
            arguments |= dict.fromkeys(_within(name, types.get(name, Type.any()), MAX_DEPTH), label)
    critical = [name for name in arguments if name.endswith(SOME_FIELD) or sink.is_critical(name)]
    return sink._replace(critical=tuple(critical)), arguments


def _within(name: str, type_: Type, depth: int) -> Iterator[str]:
    """Yield the names of what may stand inside a value of a type."""
    item = type_.item()
    if item is not None and depth:
        yield from _within(name, item, depth - 1)
    elif (type_.open or not depth) and type_.kind in (None, "object", "array"):
        yield name + SOME_FIELD
    for key, inner in type_.fields().items():
        yield f"{name}.{key}"
        if depth:
            yield from _within(f"{name}.{key}", inner, depth - 1)


def _declared(name: str, spec: InputSpec) -> Label:
    return source_label(spec, f"inputs.{name}", trust=spec.trust)


def place_of(env: Env, node: GraphNode, suffix: str = "") -> str:
    """Return the place of a node, or of a way of it, such as `.fallback1`."""
    return f"{env.place}/{node.id}{suffix}" if env.place else f"{node.id}{suffix}"


def _part(given: Given, use: Use) -> Label:
    vouched = use.port == "out" and ("out" in given.endorsed or bool(use.path and use.path[0] in given.endorsed))
    return replace(given.label, integrity="endorsed") if vouched and not given.label.trusted else given.label


def _programs(graph: Graph, index: int | None) -> Iterator[Program]:
    programs: list[Program | None] = [graph.result, *graph.tells.values()]
    if index is not None:
        node = graph.nodes[index]
        ways = (node, *node.fallbacks, *((node.compensation,) if node.compensation is not None else ()))
        programs = [node.when, node.default]
        programs += [program for way in ways for program in (*way.fields.values(), *way.late.values())]
    yield from (program for program in programs if program is not None)


def goes_on(node: GraphNode) -> bool:
    """Whether something stands in for the result of a node that failed."""
    return node.default is not None or CONTINUE in node.handlers.values()


def shows_failures(way: GraphNode) -> bool:
    """Whether a node may give what went wrong inside it: a map may list it, a `catch` is told."""
    return len(way.bodies) > 1 or any(graph.each for graph in way.bodies.values())


def listens(way: GraphNode) -> bool:
    """Whether a node may be given a value from outside while it waits."""
    return way.type == "wait" and not way.config.believes()


def _vouching(use: Use, env: Env, index: int) -> Iterator[bool]:
    """Yield, for each person who may have agreed to this or what it is a part of, whether they certainly have."""
    scope: Env | None = env
    while scope is not None:
        for person, shown in vouchers(scope.graph).get(index, ()):
            if covers(shown, use):
                yield person not in scope.skippable
        outer = scope.parent if not scope.graph.flow else None
        scope, index = (outer.env, outer.index) if outer is not None else (None, index)
