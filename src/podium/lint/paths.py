"""The way by which something comes to where it may not simply go: `tickets.read (untrusted) → t.to → mail.send.to`.

A label says that it is untrusted, or too confidential; this finds the shortest way back to a source that makes it so.
It goes from what a call is made of to what that was made of, through results, items, inputs of sub-workflows and the
decisions that led there, and only where the label is just as bad: a join is as bad as the worst that went into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from podium.gate.sinks import source_label, tool_answer
from podium.graph.model import Use, uses
from podium.ids import NodeId
from podium.lint.labels import SIGNAL, Env, Labelled, Labels, goes_on, granted, listens, place_of, shows_failures
from podium.spec.label import Label

Bad = Callable[[Label], bool]

ARROW = " → "
MAX_SHOWN = 8
"""Steps of a way that are shown; of a longer one both ends are."""


@dataclass(frozen=True, slots=True)
class _Source:
    name: str


@dataclass(frozen=True, slots=True)
class _Read:
    """What an expression of a node reads; `via` names the expression where it is not about values."""

    at: Labelled
    use: Use
    via: str = ""


@dataclass(frozen=True, slots=True)
class _Given:
    """What the result of a scope reads."""

    env: Env
    use: Use


@dataclass(frozen=True, slots=True)
class _Result:
    """What a node gives; `failed`: or says when it fails. `named` when nothing else tells which node it is."""

    env: Env
    index: int
    named: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What led to a node."""

    env: Env
    index: int


_Step = _Source | _Read | _Given | _Result | _Decisions


class Paths:
    """The ways through one workflow."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def to_argument(self, labelled: Labelled, argument: str, bad: Bad) -> tuple[str, ...]:
        """Return the way to what stands under a key of `with`."""
        return self._back((_Read(labelled, use) for use in labelled.node.arguments[argument]), bad)

    def to_call(self, labelled: Labelled, bad: Bad, *, own: bool = True) -> tuple[str, ...]:
        """Return the way to all that a call is made of, the decisions that led to it included.

        Args:
            own: Whether the answers count that its node was given before, while it ran.
        """
        reads = (_Read(labelled, use) for use in labelled.node.uses)
        heard = (_Source(name) for name in self._answers(labelled, bad)) if own else ()
        said = self._checks(labelled.env, labelled.index)
        return self._back((*heard, *reads, *said, _Decisions(labelled.env, labelled.index)), bad)

    def to_decisions(self, labelled: Labelled, bad: Bad) -> tuple[str, ...]:
        """Return the way to the decisions that led to a call."""
        return self._back((_Decisions(labelled.env, labelled.index),), bad)

    def _back(self, ends: Iterable[_Step], bad: Bad) -> tuple[str, ...]:
        """Return the texts of the shortest way from a source, the source first; () when there is none."""
        after: dict[_Step, _Step | None] = {}
        waiting: list[tuple[int, int, _Step]] = []

        def add(step: _Step, then: _Step | None, length: int) -> None:
            if step not in after and (isinstance(step, _Source) or bad(self._label(step))):
                after[step] = then
                heappush(waiting, (length + _length(step), len(after), step))

        for end in ends:
            add(end, None, 0)
        while waiting:
            length, _, step = heappop(waiting)
            if isinstance(step, _Source):
                return _shown(step, after)
            for before in self._before(step, bad):
                add(before, step, length)
        return ()

    def _label(self, step: _Step) -> Label:
        labels = self._labels
        match step:
            case _Read(at=at, use=use):
                return labels.of(use, at.env, at.index, failure=at.failure)
            case _Given(env=env, use=use):
                return labels.of(use, env, None)
            case _Result(env=env, index=index, failed=failed):
                ways = env.given[env.graph.nodes[index].id]
                return labels.join(label for one in ways for label in (one.label, *([one.failure] if failed else [])))
            case _Decisions(env=env, index=index):
                return env.controls[index]
            case _Source():
                return SIGNAL

    def _before(self, step: _Step, bad: Bad) -> Iterator[_Step]:
        match step:
            case _Read(at=at, use=use):
                if use.name == "error" and at.failure is not None:
                    yield _Source("error")
                else:
                    yield from self._before_use(use, at.env, bad)
            case _Given(env=env, use=use):
                yield from self._before_use(use, env, bad)
            case _Result(env=env, index=index, failed=failed):
                yield from self._before_result(env, index, bad, failed=failed)
            case _Decisions(env=env, index=index):
                yield from self._before_node(env, index)
            case _Source():
                pass

    def _before_use(self, use: Use, env: Env, bad: Bad) -> Iterator[_Step]:
        if use.name == "inputs":
            yield from self._before_inputs(use, env.home, bad)
            return
        for one in env.around():
            if one.parent is not None and one.graph.variable == use.name:
                yield from self._before_item(one)
                return
            if NodeId(use.name) in one.graph.by_id:
                index = one.graph.by_id[NodeId(use.name)]
                yield _Result(one, index, failed=use.port == "error")
                yield _Decisions(one, index)  # whether it was skipped
                return

    def _before_inputs(self, use: Use, home: Env, bad: Bad) -> Iterator[_Step]:
        for name in [use.port] if use.port else home.graph.inputs:
            spec = home.graph.inputs.get(name)
            if spec is not None and bad(source_label(spec, f"inputs.{name}", trust=spec.trust)):
                yield _Source(f"inputs.{name}")
            if home.parent is not None:
                yield from self._before_argument(home.parent, name)

    def _before_argument(self, caller: Labelled, name: str) -> Iterator[_Step]:
        given = caller.node.arguments.get(name)
        if given is None:
            yield from (_Read(caller, use) for use in caller.node.uses)
            yield from self._checks(caller.env, caller.index)
        else:
            yield from (_Read(caller, use) for use in given)

    def _before_item(self, item: Env) -> Iterator[_Step]:
        caller = item.parent
        assert caller is not None
        if item.graph.signal:
            yield _Source("signal")
        yield from (_Read(caller, use) for use in caller.node.uses)
        yield from self._checks(caller.env, caller.index)
        if item.graph.each and not (item.graph.tells or item.graph.concurrency == 1):
            return  # items side by side know nothing of each other
        for env in self._labels.inside(caller.place):
            if env is item and not item.graph.each:
                break  # a part knows of those before it
            yield from self._given_back(env)
            yield from (_Result(env, node.index, named=True, failed=True) for node in env.graph.nodes)

    def _given_back(self, env: Env) -> Iterator[_Step]:
        for program in (env.graph.result, *env.graph.tells.values()):
            yield from (_Given(env, use) for use in uses(program))

    def _before_result(self, env: Env, index: int, bad: Bad, *, failed: bool) -> Iterator[_Step]:
        node = env.graph.nodes[index]
        failed = failed or goes_on(node)
        for number, way in enumerate((node, *node.fallbacks)):
            labelled = self._labels.at(place_of(env, node, f".fallback{number}" if number else ""))
            yield from (_Source(name) for name in self._answers(labelled, bad))
            if listens(way):
                yield _Source("signal")
            yield from (_Read(labelled, use) for use in way.uses)
            if way.join is not None:
                for source in way.join.sources:
                    yield _Result(env, env.graph.by_id[source], named=True)
                    yield _Decisions(env, env.graph.by_id[source])
            for inner in self._labels.inside(labelled.place):
                yield from self._given_back(inner)
                if failed or shows_failures(way):
                    yield from (_Result(inner, one.index, named=True, failed=True) for one in inner.graph.nodes)
        yield from (_Given(env, use) for use in uses(node.default))
        yield from self._checks(env, index)
        yield _Decisions(env, index)

    def _checks(self, env: Env, index: int) -> Iterator[_Step]:
        """Yield what sends a node back to work, and says why."""
        checks = (node for node in env.graph.nodes if node.target == index)
        yield from (_Result(env, node.index, named=True, failed=True) for node in checks)

    def _before_node(self, env: Env, index: int) -> Iterator[_Step]:
        node = env.graph.nodes[index]
        if node.when is not None:
            at = self._labels.at(place_of(env, node))
            yield from (_Read(at, use, via=f"{node.id}.when") for use in uses(node.when))
        for edge in node.incoming:
            if edge.kind == "control":
                yield _Result(env, edge.source, named=True, failed=True)
            yield _Decisions(env, edge.source)
        if env.parent is not None:
            if env.graph.each:
                yield from self._before_item(env)
            yield _Decisions(env.parent.env, env.parent.index)

    def _answers(self, labelled: Labelled, bad: Bad) -> Iterator[str]:
        """Yield the functions whose answers make it bad."""
        grants = labelled.env.home.graph.tools
        told = labelled.node.config.hears()
        for name in granted(grants) if told is None else told:
            tool, _, function = name.partition(".")
            if function and bad(tool_answer(grants.get(tool), tool, function)):
                yield name


def _length(step: _Step) -> int:
    """Return how much a step adds to a way: what an expression says is plainer than what follows from the graph."""
    return 3 if isinstance(step, _Result) and step.named else 1


def _shown(source: _Step, after: dict[_Step, _Step | None]) -> tuple[str, ...]:
    texts: list[str] = []
    step: _Step | None = source
    while step is not None:
        texts += [text for text in _texts(step) if texts[-1:] != [text]]
        step = after[step]
    return tuple(texts)


def _texts(step: _Step) -> tuple[str, ...]:
    match step:
        case _Source(name=name):
            return (name,)
        case _Read(use=use, via=via):
            return (_written(use), via) if via else (_written(use),)
        case _Given(use=use):
            return (_written(use),)
        case _Result(env=env, index=index, named=True):
            return (str(env.graph.nodes[index].id),)
        case _:
            return ()


def _written(use: Use) -> str:
    keys = (use.port, *use.path) if use.port != "out" else use.path
    return ".".join((use.name, *filter(None, keys)))


def shortened(steps: tuple[str, ...]) -> str:
    """Return a way as people read it."""
    if len(steps) > MAX_SHOWN:
        half = MAX_SHOWN // 2
        steps = (*steps[:half], "…", *steps[-half:])
    return ARROW.join(steps)
