"""One scope on its way from configs to a graph: the workflow, a body of a node, or a sub-workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from podium.graph.expression import Checked, check, check_template
from podium.graph.fields import check_field, fields, inner_keys, type_key, written_at
from podium.graph.flows import Flows
from podium.graph.model import CONTINUE, Edge, Graph, GraphNode, Handler, Program
from podium.graph.order import cycle, topological, upstream
from podium.graph.problem import Problem
from podium.graph.report import Report
from podium.graph.shape import ANY, BOOLEAN, ERROR, NULL, TEXT, node_type
from podium.graph.spans import with_spans
from podium.graph.wiring import Wiring, wire
from podium.ids import NodeId
from podium.spec.diagnostic import Loc
from podium.spec.model import Body, Expression, NodeConfig, expressions
from podium.spec.types import Type

CALLBACK = "callback"
"""The name of the tokens of nodes that wait for a call from outside."""

FAILURE = "error"
"""The name under which a fallback and a compensation see what went wrong."""

_OF_EDGES = ("when", "after", "cancels", "lock", "fallback", "compensate", "default")
"""Properties that a node inside `fallback` or `compensate` cannot have: it has no place of its own in the graph."""

MAX_EDGES = 20_000
"""Edges in one scope."""


class Item(NamedTuple):
    """The item of a map as the nodes inside see it, and where it is named."""

    name: str
    type: Type
    loc: Loc


class _Work(NamedTuple):
    """What a node, a fallback or a compensation does, checked."""

    fields: Mapping[str, Program]
    late: Mapping[str, Program]
    bodies: Mapping[str, Graph]
    out: Type


class _Node(NamedTuple):
    """What is known of a node once its fields have been checked."""

    work: _Work
    when: Program | None
    default: Program | None
    fallbacks: tuple[GraphNode, ...]
    compensation: GraphNode | None
    out: Type


class Scope:
    """One scope on its way from configs to a graph.

    Attributes:
        names: The types of all names that can be seen in it, as far as they are known.
    """

    def __init__(
        self,
        report: Report,
        nodes: Mapping[NodeId, NodeConfig],
        loc: Loc,
        around: Mapping[str, Type],
        *,
        flows: Flows,
        item: Item | None = None,
    ) -> None:
        self._report, self._nodes, self._loc, self._flows = report, nodes, loc, flows
        self._ids = sorted(nodes)
        self._refuse_shadows(around, item)
        own = {item.name: item.type} if item else {}
        tokens = around[CALLBACK].fields() if CALLBACK in around else {}
        tokens = {**tokens, **{node: TEXT for node in self._ids if nodes[node].callback()}}
        given = {**around, CALLBACK: Type.object_of(tokens)}
        self.names: dict[str, Type] = {**given, **own, **{node: node_type(ANY) for node in self._ids}}
        self.unused: list[NodeId] = []

    def compile(self) -> Graph | None:
        """Return the graph without its result; None when there is no order in it."""
        wiring = wire(self._ids, self._nodes, self._loc, self._report)
        arcs = [(edge.source, edge.target) for edge in wiring.edges]
        if len(arcs) > MAX_EDGES:
            message = f"there are {len(arcs)} edges between these nodes, and {MAX_EDGES} at most"
            self._report.at_key("GR007", message, self._loc, "put a `join` between the many and the many")
            return None
        order = topological(len(self._ids), arcs, self._ids)
        used = {source for source, _ in arcs}
        self.unused = [self._ids[node] for node in order if node not in used]
        placed = set(order)
        late = [node for node in range(len(self._ids)) if node not in placed]
        reaching = upstream(order, ((source, target) for source, target in arcs if {source, target} <= placed))
        checked = {node: self._check(node, reaching.get(node, 0)) for node in (*order, *late)}
        if late:
            self._report_cycle(wiring)
            return None
        self._refuse_revisions(wiring, order)
        return self._graph(wiring, order, checked)

    def result(self, result: Expression | None, loc: Loc) -> Program | None:
        """Return the program of the scope's result; without one, the only node that nobody uses."""
        if result is not None:
            return self._checked(check(result, self.names, want=result.wants), loc)
        if len(self.unused) == 1:
            return self._checked(check(f"{self.unused[0]}.out", self.names), loc)
        ends = ", ".join(f"`{node}`" for node in self.unused)
        message = f"it is not clear what one item gives: {ends} are all last"
        self._report.at_key("GR005", message, loc, f"say it: `result: {self.unused[0] if self.unused else '…'}.out`")
        return None

    def _refuse_shadows(self, around: Mapping[str, Type], item: Item | None) -> None:
        for node in self._ids:
            if node in around:
                message = f"`{node}` already means something around this map"
                self._report.at_key("GR004", message, (*self._loc, node), "choose another name")
        if item and (item.name in around or item.name in self._nodes):
            message = f"the item is called `{item.name}`, which already means something here"
            self._report.at_value("GR004", message, item.loc, "choose another name with `as:`")

    def _report_cycle(self, wiring: Wiring) -> None:
        arcs = [(edge.source, edge.target) for edge in wiring.edges]
        found = cycle(len(self._ids), arcs, self._ids)
        ring = [*found, found[0]]
        message = f"these nodes wait for each other: {' → '.join(f'`{self._ids[node]}`' for node in ring)}"
        written = next(
            written for edge, written in wiring.edges.items() if (edge.source, edge.target) == (ring[-2], ring[-1])
        )
        help_ = "data flows one way; to do work again use `revise:`"
        if written.span is None:
            self._report.at_value("GR001", message, written.loc, help_)
        else:
            self._report.inside("GR001", message, written.loc, written.span, help_)

    def _refuse_revisions(self, wiring: Wiring, order: Sequence[int]) -> None:
        reaching = upstream(order, ((edge.source, edge.target) for edge in wiring.edges))
        for node, target in list(wiring.targets.items()):
            if node == target or not reaching[node] >> target & 1:
                message = f"`{self._ids[target]}` does not come before `{self._ids[node]}`, so it cannot be revised"
                help_ = f"`{self._ids[node]}` must use, directly or through others, what `{self._ids[target]}` gives"
                self._report.at_key("GR003", message, (*self._loc, self._ids[node]), help_)
                del wiring.targets[node]

    def _check(self, number: int, reaching: int) -> _Node:
        """Check a node whose sources have been checked, and make its result's type known.

        Args:
            number: Which one.
            reaching: The nodes that stand before it, as bits.
        """
        node = self._ids[number]
        config, loc = self._nodes[node], (*self._loc, node)
        when = default = None
        if config.when is not None:
            when = self._checked(check(config.when, self.names, want=BOOLEAN), (*loc, "when"))
        if config.default is not None:
            default = self._checked(check_template(config.default.value, self.names), (*loc, "default"))
        work = self._work(config, loc, self.names)
        outs, fallbacks = [work.out], list[GraphNode]()
        for place, fallback in enumerate(config.fallback):
            there = (*loc, "fallback", place)
            self._refuse_edges(fallback, there)
            other = self._work(fallback, there, {**self.names, FAILURE: ERROR})
            outs.append(other.out)
            fallbacks.append(self._nested(node, fallback, other))
        if CONTINUE in config.handlers().values():
            outs.append(NULL if default is None else default.type)  # null when it failed
        out = outs[0] if all(other == outs[0] for other in outs) else Type({"anyOf": [type_.schema for type_ in outs]})
        self.names[node] = node_type(out)
        compensation = self._compensation(node, config.compensate, loc, reaching) if config.compensate else None
        return _Node(work, when, default, tuple(fallbacks), compensation, out)

    def _compensation(self, node: NodeId, config: NodeConfig, loc: Loc, reaching: int) -> GraphNode:
        """Return what undoes a node; it sees what the node saw, and the node's own result."""
        there = (*loc, "compensate")
        self._refuse_edges(config, there)
        absent = {other for place, other in enumerate(self._ids) if other != node and not reaching >> place & 1}
        names = {name: type_ for name, type_ in self.names.items() if name not in absent}
        others = {str(name): f"`{name}` does not stand before `{node}`, so it may not have run" for name in absent}
        return self._nested(node, config, self._work(config, there, {**names, FAILURE: ERROR}, others))

    def _nested(self, node: NodeId, config: NodeConfig, work: _Work) -> GraphNode:
        return GraphNode(
            index=-1,
            id=node,
            type=type_key(config),
            config=config,
            fields=work.fields,
            late=work.late,
            bodies=work.bodies,
            handlers={port: CONTINUE if name == CONTINUE else "ask" for port, name in config.handlers().items()},
            out=work.out,
        )

    def _refuse_edges(self, config: NodeConfig, loc: Loc) -> None:
        """Refuse in a nested node what only a node with a place of its own can have."""
        handled = [port for port in config.handlers() if not port.startswith("error")]
        named = [name for name in config.handlers().values() if name not in (CONTINUE, "ask")]
        idle = [key for key in _OF_EDGES if key in config.model_fields_set] + [f"on_{port}" for port in handled]
        if named and not handled:
            idle.append("on_error")
        for key in idle:
            message = f"`{key}` has no meaning here: this node runs in another one's place and has no edges"
            self._report.at_key("GR008", message, (*loc, key), "put it at the node around it, or leave it out")
        if config.starts() or config.join_rule() or config.revision():
            message = f"a `{type_key(config)}` node cannot run in another one's place"
            self._report.at_key("GR008", message, loc, "use a node that needs no edges, such as `tool` or `llm`")

    def _work(
        self, config: NodeConfig, loc: Loc, names: Mapping[str, Type], others: Mapping[str, str] | None = None
    ) -> _Work:
        late_fields = config.late_fields()
        programs: dict[str, Program] = {}
        for field in fields(config):
            if field.key in late_fields:
                continue
            if program := self._checked(check_field(field, names), loc, others):
                programs[field.key] = program
        late = dict(self._late(config, loc, names))
        types = {key: program.type for key, program in programs.items()}
        bodies, extra = self._inner(config, loc, types, names)
        types |= extra
        return _Work(programs, late, bodies, config.result_type(types))

    def _late(self, config: NodeConfig, loc: Loc, around: Mapping[str, Type]) -> Iterator[tuple[str, Program]]:
        if not config.late_fields():
            return
        names = {**around, **config.late_names()}
        inside = inner_keys(config)
        for inner, found in expressions(config):
            if inner[0] in config.late_fields() and inner[0] not in inside and isinstance(found, Expression):
                program = self._checked(check(found, names, want=found.wants), (*loc, *inner))
                if program is not None:
                    yield str(found), program

    def _inner(
        self, config: NodeConfig, loc: Loc, types: Mapping[str, Type], names: Mapping[str, Type]
    ) -> tuple[dict[str, Graph], dict[str, Type]]:
        """Return the graphs inside a node, and the types that its config is told beside those of its fields."""
        key = type_key(config)
        if (rule := config.join_rule()) is not None:
            sources = {source: self.names[source] for source in rule.sources if source in self._nodes}
            return {}, {key: Type.object_of({source: _out_of(type_) for source, type_ in sources.items()})}
        graphs: dict[str, Graph] = {}
        extra: dict[str, Type] = {}
        if flow := config.flow():
            found = self._flows.graph(flow, (*loc, *written_at(config, flow)), types, self._report)
            return ({}, {}) if found is None else ({"": found.graph}, {"result": found.result})
        for part, body in config.bodies().items():
            item = None
            if body.variable:
                type_ = config.variable_type(part, types)
                item = Item(body.variable, type_, (*loc, *body.variable_loc))
            # what is called `error` in a fallback is not seen by the nodes inside it, which may have their own
            around = {name: seen for name, seen in names.items() if name != FAILURE}
            scope = Scope(self._report, body.nodes, (*loc, *body.loc), around, flows=self._flows, item=item)
            graph = scope.compile()
            result = scope.result(body.result, (*loc, *(body.result_loc if body.result is not None else body.loc)))
            tells = {name: self._told(scope, *inner, loc) for name, inner in body.tells.items()}
            if graph is None or result is None:
                continue
            graphs[part] = _bodied(graph, body, result, {name: told for name, told in tells.items() if told})
            extra[f"{part}.result" if part else "result"] = result.type
        return graphs, extra

    def _told(self, scope: Scope, expression: Expression, inner: Loc, loc: Loc) -> Program | None:
        return self._checked(check(expression, scope.names, want=expression.wants), (*loc, *inner))

    def _checked(
        self, checked: Checked | list[Problem], loc: Loc, others: Mapping[str, str] | None = None
    ) -> Program | None:
        if not isinstance(checked, list):
            return checked
        for problem in checked:
            self._report.problem(problem, loc, others)
        return None

    def _graph(self, wiring: Wiring, order: Sequence[int], checked: Mapping[int, _Node]) -> Graph:
        """Number the nodes in their order and put the parts together."""
        index = {node: place for place, node in enumerate(order)}
        renumbered = [Edge(index[edge.source], edge.port, index[edge.target], edge.kind) for edge in wiring.edges]
        targets = {index[node]: index[target] for node, target in wiring.targets.items()}
        edges, spans = with_spans(len(order), sorted(renumbered, key=_by_place), targets)
        incoming: list[list[Edge]] = [[] for _ in order]
        outgoing: list[list[Edge]] = [[] for _ in order]
        for edge in edges:
            incoming[edge.target].append(edge)
            outgoing[edge.source].append(edge)
        nodes: list[GraphNode] = []
        for place, number in enumerate(order):
            config, known = self._nodes[self._ids[number]], checked[number]
            revision = config.revision()
            handlers = wiring.handlers[number]
            withdrawn = {index[other] for other in wiring.cancels[number]}
            rule = config.join_rule()
            if rule is not None and rule.cancel:
                withdrawn |= _only_towards(place, outgoing)
            nodes.append(
                GraphNode(
                    index=place,
                    id=self._ids[number],
                    type=type_key(config),
                    config=config,
                    when=known.when,
                    fields=known.work.fields,
                    late=known.work.late,
                    join=rule,
                    bodies=known.work.bodies,
                    handlers={port: _numbered(handler, index) for port, handler in handlers.items()},
                    default=known.default,
                    fallbacks=known.fallbacks,
                    compensation=known.compensation,
                    cancels=tuple(sorted(withdrawn)),
                    span=spans.get(place, ()),
                    target=targets.get(place, -1),
                    max_rounds=revision.max if revision else 0,
                    incoming=tuple(incoming[place]),
                    outgoing=tuple(outgoing[place]),
                    out=known.out,
                )
            )
        return Graph(nodes=tuple(nodes), by_id={node.id: node.index for node in nodes}, result=None)


def _by_place(edge: Edge) -> tuple[int, int, str, str]:
    return edge.source, edge.target, edge.port, edge.kind


def _out_of(node: Type) -> Type:
    return node.fields()["out"]


def _numbered(handler: Handler, index: Mapping[int, int]) -> Handler:
    return index[handler] if isinstance(handler, int) else handler


def _only_towards(join: int, outgoing: Sequence[Sequence[Edge]]) -> set[int]:
    """Return the nodes from which every way leads to `join`: nobody else misses them."""
    found: set[int] = set()
    for node in range(join - 1, -1, -1):
        targets = {edge.target for edge in outgoing[node]}
        if targets and targets <= found | {join}:
            found.add(node)
    return found


def _bodied(graph: Graph, body: Body, result: Program, tells: Mapping[str, Program]) -> Graph:
    return replace(
        graph,
        result=result,
        variable=body.variable,
        each=body.each,
        concurrency=body.concurrency,
        max_failed=body.max_failed,
        enough=body.enough,
        signal=body.signal,
        tells=tells,
        budget=body.budget,
    )
