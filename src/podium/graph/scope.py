"""One scope on its way from configs to a graph: the workflow, or the body of a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from podium.graph.expression import Checked, check
from podium.graph.fields import body_loc, check_field, fields, result_loc, type_key, written_at
from podium.graph.model import CONTINUE, Edge, Graph, GraphNode, Program
from podium.graph.order import cycle, topological, upstream
from podium.graph.problem import Problem
from podium.graph.report import Report
from podium.graph.shape import ANY, BOOLEAN, NULL, node_type
from podium.graph.spans import with_spans
from podium.graph.wiring import Wiring, wire
from podium.ids import NodeId
from podium.spec.diagnostic import Loc
from podium.spec.model import Body, Expression, NodeConfig, expressions
from podium.spec.types import Type

MAX_EDGES = 20_000
"""Edges in one scope."""


class Item(NamedTuple):
    """The item of a map as the nodes inside see it, and where it is named."""

    name: str
    type: Type
    loc: Loc


class _Node(NamedTuple):
    """What is known of a node once its fields have been checked."""

    when: Program | None
    fields: Mapping[str, Program]
    late: Mapping[str, Program]
    body: Graph | None
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
        item: Item | None = None,
    ) -> None:
        self._report, self._nodes, self._loc = report, nodes, loc
        self._ids = sorted(nodes)
        self._refuse_shadows(around, item)
        own = {item.name: item.type} if item else {}
        self.names: dict[str, Type] = {**around, **own, **{node: node_type(ANY) for node in self._ids}}
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
        checked = {node: self._check(node) for node in (*order, *late)}
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

    def _check(self, number: int) -> _Node:
        """Check the fields of a node whose sources have been checked, and make its result's type known."""
        node = self._ids[number]
        config, loc = self._nodes[node], (*self._loc, node)
        late_fields = config.late_fields()
        when = None
        if config.when is not None:
            when = self._checked(check(config.when, self.names, want=BOOLEAN), (*loc, "when"))
        programs: dict[str, Program] = {}
        for field in fields(config):
            if field.key not in late_fields and (program := self._checked(check_field(field, self.names), loc)):
                programs[field.key] = program
        late = dict(self._late(config, loc))
        types = {key: program.type for key, program in programs.items()}
        graph, extra = self._inner(config, loc, types)
        types |= extra
        out = config.result_type(types)
        if config.on_error == CONTINUE:
            out = Type({"anyOf": [out.schema, NULL.schema]})  # null when it failed
        self.names[node] = node_type(out)
        return _Node(when, programs, late, graph, out)

    def _late(self, config: NodeConfig, loc: Loc) -> Iterator[tuple[str, Program]]:
        if not config.late_fields():
            return
        names = {**self.names, **config.late_names()}
        for inner, found in expressions(config):
            if inner[0] in config.late_fields() and isinstance(found, Expression):
                program = self._checked(check(found, names, want=found.wants), (*loc, *inner))
                if program is not None:
                    yield str(found), program

    def _inner(self, config: NodeConfig, loc: Loc, types: Mapping[str, Type]) -> tuple[Graph | None, dict[str, Type]]:
        """Return the graph of a node's body, and the types that its config is told beside those of its fields."""
        key = type_key(config)
        if (rule := config.join_rule()) is not None:
            sources = {source: self.names[source] for source in rule.sources if source in self._nodes}
            return None, {key: Type.object_of({source: _out_of(type_) for source, type_ in sources.items()})}
        body = config.body()
        if body is None:
            return None, {}
        item = Item(body.variable, types.get(key, ANY).item() or ANY, (*loc, *written_at(config, body.variable)))
        scope = Scope(self._report, body.nodes, (*loc, *body_loc(config)), self.names, item)
        graph = scope.compile()
        result = scope.result(body.result, (*loc, *(result_loc(config) or body_loc(config))))
        if graph is None or result is None:
            return None, {}
        return _bodied(graph, body, result), {"result": result.type}

    def _checked(self, checked: Checked | list[Problem], loc: Loc) -> Program | None:
        if not isinstance(checked, list):
            return checked
        for problem in checked:
            self._report.problem(problem, loc)
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
            handlers = wiring.handlers[number].items()
            nodes.append(
                GraphNode(
                    index=place,
                    id=self._ids[number],
                    type=type_key(config),
                    config=config,
                    when=known.when,
                    fields=known.fields,
                    late=known.late,
                    join=config.join_rule(),
                    body=known.body,
                    handlers={port: CONTINUE if to == CONTINUE else index[to] for port, to in handlers},
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


def _bodied(graph: Graph, body: Body, result: Program) -> Graph:
    return replace(graph, result=result, variable=body.variable, concurrency=body.concurrency)
