"""Edges of one scope: out of references, `after`, handlers, the nodes that a switch starts, and a join's sources.

A reference to `x.out` is a data edge on port `out`, a reference to `x.error` one on port `error`, with three
exceptions, because an edge that cannot fire would skip the node for ever:

- the node that handles a port of `x` has a control edge from there and needs no other;
- with `on_error: continue` a failed `x` leaves by `out`, so `x.error` hangs on that;
- where nobody handles `x`'s error there never is an `x.error`: GR002.

What the nodes inside a map read of this scope is read by the map. Numbers here are places in the sorted ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

from podium.graph.fields import Read, read, reads, written_at
from podium.graph.model import ASK, CONTINUE, Edge, Handler
from podium.graph.report import Report
from podium.ids import NodeId
from podium.spec.diagnostic import Loc
from podium.spec.model import NodeConfig, port_of
from podium.spec.node import OTHER
from podium.spec.suggest import did_you_mean

OUT, ERROR = "out", "error"
Kind = Literal["control", "data", "after"]


class Written(NamedTuple):
    """What an edge comes from: keys in the file, and the part of the text there, if it is a part."""

    loc: Loc
    span: tuple[int, int] | None = None


@dataclass(slots=True)
class Wiring:
    """The edges of a scope.

    Attributes:
        edges: Each with what it comes from; no two are equal.
        handlers: `{node: {port: node or "continue"}}`.
        targets: `{validator: the node that it sends back}`.
        cancels: `{node: the nodes that it withdraws}`.
    """

    edges: dict[Edge, Written] = field(default_factory=dict[Edge, Written])
    handlers: dict[int, dict[str, Handler]] = field(default_factory=dict[int, dict[str, Handler]])
    targets: dict[int, int] = field(default_factory=dict[int, int])
    cancels: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])


def wire(ids: Sequence[NodeId], nodes: Mapping[NodeId, NodeConfig], loc: Loc, report: Report) -> Wiring:
    """Return the edges between the nodes of a scope, whose ids come sorted; what cannot be is reported."""
    wirer = _Wirer(ids, nodes, loc, report)
    for number in range(len(ids)):
        wirer.handle(number)
    for number in range(len(ids)):
        wirer.connect(number)
    return wirer.wiring


class _Wirer:
    def __init__(self, ids: Sequence[NodeId], nodes: Mapping[NodeId, NodeConfig], loc: Loc, report: Report) -> None:
        self.wiring = Wiring()
        self._ids, self._nodes, self._loc, self._report = ids, nodes, loc, report
        self._numbers = {node: number for number, node in enumerate(ids)}

    def handle(self, number: int) -> None:
        """Add the control edges to the nodes that handle a port of this one."""
        config = self._nodes[self._ids[number]]
        handlers = self.wiring.handlers[number] = {}
        for port, name in config.handlers().items():
            loc = (*self._loc, self._ids[number], *_handler_loc(config, port))
            words = [CONTINUE, ASK] if port_of(port) == ERROR else []
            if name in words:
                handlers[port] = cast("Literal['continue', 'ask']", name)
            elif (target := self._find(name, loc, words)) is not None:
                handlers[port] = target
                self._add(number, port, target, "control", Written(loc))

    def connect(self, number: int) -> None:
        """Add the edges that this node's own config speaks of."""
        node = self._ids[number]
        config, loc = self._nodes[node], (*self._loc, node)
        rule = config.join_rule()
        for source in rule.sources if rule else ():
            place = (*loc, *written_at(config, source))
            if (found := self._find(source, place)) is not None:
                self._add(found, OUT, number, "data", Written(place))
        for port, names in config.starts().items():
            for name in names:
                place = (*loc, *written_at(config, name))
                if (found := self._find(name, place)) is not None:
                    self._add(number, port, found, "control", Written(place))
        for found_read in (*reads(config), *_inside(config)):
            self._refer(number, found_read)
        for position, name in enumerate(config.after):
            self._after(number, name, (*loc, "after", position))
        released = config.releases()
        for name in released if isinstance(released, tuple) else ():
            self._after(number, name, (*loc, *written_at(config, name)))
        withdrawn = [self._find(name, (*loc, "cancels", place)) for place, name in enumerate(config.cancels)]
        self.wiring.cancels[number] = tuple(found for found in withdrawn if found not in (None, number))
        revision = config.revision()
        if revision is not None:
            place = (*loc, *written_at(config, revision.target))
            if (found := self._find(revision.target, place)) is not None:
                self.wiring.targets[number] = found

    def _find(self, name: str, loc: Loc, others: Sequence[str] = ()) -> int | None:
        found = self._numbers.get(NodeId(name))
        if found is None:
            help_ = self._report.hidden.get(name) or did_you_mean(name, [*self._ids, *others])
            if name in (CONTINUE, ASK):
                help_ = f"only `on_error` can be `{name}`"
            self._report.at_value("SP014", f"node `{name}` is not defined", loc, help_)
        return found

    def _after(self, number: int, name: str, loc: Loc) -> None:
        source = self._find(name, loc)
        if source is None:
            return
        if number in (handler for port, handler in self.wiring.handlers[source].items() if port_of(port) == ERROR):
            message = f"`{self._ids[number]}` handles the error of `{name}`, so it cannot also wait for its success"
            self._report.at_value("GR002", message, loc, "leave it out: a handler runs after what it handles")
            return
        self._add(source, OUT, number, "after", Written(loc))

    def _refer(self, number: int, found: Read) -> None:
        reference = found.reference
        source = self._numbers.get(NodeId(reference.name))
        late = self._nodes[self._ids[number]].late_names()
        if source is None or (found.loc and reference.name in late):
            return
        loc = (*self._loc, self._ids[number], *found.loc)
        written = Written(loc, (found.offset + reference.offset, reference.length))
        port = self._port(number, source, found, written)
        if port:
            self._add(source, port, number, self._data_kind(number), written)

    def _data_kind(self, number: int) -> Kind:
        """A join counts its sources only; whatever else it reads must be there first."""
        return "after" if self._nodes[self._ids[number]].join_rule() else "data"

    def _port(self, number: int, source: int, found: Read, written: Written) -> str:
        """Return the port of the edge that a reference needs, "" for none."""
        reference, handlers = found.reference, self.wiring.handlers[source]
        handled = sorted({port_of(port) for port, handler in handlers.items() if handler == number})
        if reference.port == ERROR:
            return "" if ERROR in handled else self._error_port(reference.name, handlers, written)
        if handled and handled != [ERROR]:
            return ""
        if handled and not reference.guarded and not self._is_tested(number, found):
            assert written.span is not None
            message = f"this runs when `{reference.name}` failed, so there is no `{reference.name}.out`"
            self._report.inside("GR002", message, written.loc, written.span, f"use `{reference.name}.error`")
        return "" if handled else OUT

    def _is_tested(self, number: int, found: Read) -> bool:
        """Whether the node asks `has(x.out)` somewhere in the same place."""
        return any(
            other.loc == found.loc and other.reference.guarded and other.reference.name == found.reference.name
            for other in reads(self._nodes[self._ids[number]])
        )

    def _error_port(self, name: str, handlers: Mapping[str, Handler], written: Written) -> str:
        of_errors = [handler for port, handler in handlers.items() if port_of(port) == ERROR and handler != ASK]
        if CONTINUE in of_errors:
            return OUT
        if of_errors:
            return ERROR
        assert written.span is not None
        message = f"nobody handles the error of `{name}`, so `{name}.error` never exists"
        self._report.inside("GR002", message, written.loc, written.span, f"give `{name}` an `on_error: continue`")
        return ""

    def _add(self, source: int, port: str, target: int, kind: Kind, written: Written) -> None:
        if source == target:
            message = f"`{self._ids[source]}` waits for itself"
            if written.span is None:
                self._report.at_value("GR001", message, written.loc)
            else:
                self._report.inside("GR001", message, written.loc, written.span)
            return
        same = [Edge(source, port, target, other) for other in ("data", "after")]
        if kind == "control" or not any(edge in self.wiring.edges for edge in same):
            self.wiring.edges.setdefault(Edge(source, port, target, kind), written)
        elif kind == "after" and self._data_kind(target) == "after":
            self.wiring.edges.setdefault(Edge(source, port, target, "after"), written)


def _handler_loc(config: NodeConfig, port: str) -> Loc:
    """Return the keys below a node at which the handler of a port is written."""
    base, _, kind = port.partition(".")
    if base == ERROR and config.default is not None:
        return ("default",)
    if base == ERROR and isinstance(config.on_error, Mapping):
        return ("on_error", kind or OTHER)
    return (f"on_{base}",)


def reads_of(config: NodeConfig) -> Iterator[Read]:
    """Yield every name that a node reads, itself, or by what is inside it."""
    yield from reads(config)
    yield from _inside(config)


def _inside(config: NodeConfig) -> Iterator[Read]:
    """Yield what the nodes inside a node, and inside its fallbacks, read of the world around it."""
    for body in config.bodies().values():
        own = {*body.nodes, body.variable}
        for node, inner in body.nodes.items():
            undoing = reads(inner.compensate) if inner.compensate else ()
            for found in (*reads(inner), *undoing, *_inside(inner)):
                if found.reference.name not in own and found.reference.name not in inner.late_names():
                    yield found._replace(loc=(*body.loc, node, *found.loc))
        for told in body.inner():
            yield from (found for found in read(told.expression, told.loc) if found.reference.name not in own)
    for number, fallback in enumerate(config.fallback):
        yield from (found._replace(loc=("fallback", number, *found.loc)) for found in _inside(fallback))
