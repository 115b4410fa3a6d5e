"""The facts of nodes: their settings, what they call, who must say yes before it, and how they are linked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from podium.graph.model import Compiled, Graph, GraphNode
from podium.lint.diff.fact import THERE, Fact
from podium.lint.diff.gates import budgeted, vouched
from podium.lint.diff.people import people_before
from podium.lint.diff.plain import Names, own
from podium.lint.diff.renames import Renames, place_in, scope_of
from podium.lint.diff.scales import (
    Scale,
    agreed,
    asked,
    called,
    collected,
    granted,
    guarded,
    held,
    more,
    neutral,
    prepared,
    presence,
    ranked,
    retried,
)
from podium.spec.model import NodeConfig, ToolSpec, UsesTool, Workflow

Json = Any
Item = tuple[tuple[str, str], Fact]
Owners = tuple[str, ...]

_BOUNDS = frozenset({"concurrency", "max", "max_items", "max_tokens", "repair", "on_item_error", "timeout"})
"""Keys of bounds; a higher one is wider, whatever the node does."""

_APPROVAL: Mapping[str, Scale] = {
    "roles": granted,
    "approval": agreed,
    "expires": more,
    "on_expiry": ranked("reject", "approve"),
    "when": presence,
}
"""Keys of a node that asks a person. One that is not asked under a condition lets through what comes after it."""

_COMMIT: Mapping[str, Scale] = {"guard": held, "approve": asked, "approval": agreed, "when": neutral}
"""Keys of a node that releases what was prepared."""

_GATES: Mapping[str, Scale] = {"endorse": vouched, "budget": budgeted, "redact": guarded}
"""Keys of any node by which the gate decides."""

_GUARD: Mapping[str, Scale] = {
    "pii": guarded,
    "injection": prepared,
    "must": held,
    "urls": neutral,
    "action": ranked("block", "redact", "flag"),
}
"""Keys of a node that looks at content: what it looks for less lets through more."""

_CODE: Mapping[str, Scale] = {"profile": ranked("monty", "process"), "tools": collected, "keep": neutral}
"""Keys of a node that runs code."""

_TYPES: Mapping[str, Mapping[str, Scale]] = {
    "human": _APPROVAL,
    "commit": _COMMIT,
    "guard": _GUARD,
    "code": _CODE,
}

_WRITES = ("write", "irreversible")

_LINKS = {"data": "data from", "after": "after", "control": "started by"}

_LISTS = frozenset({"roles", "cancels", "redact", "pii"})
"""Lists whose order means nothing."""

_ELSEWHERE = frozenset({"after", "fallback", "compensate"})
"""Keys that are told otherwise: by links, and as nodes of their own."""


class _Spot(NamedTuple):
    """A node: its place, the names in it that differ, the things it belongs to, who is asked before it."""

    place: str
    names: Names
    owners: Owners
    people: frozenset[str]


class NodeFacts:
    """The facts of all nodes of one workflow, those of sub-workflows excluded."""

    def __init__(self, compiled: Compiled, renames: Renames, prefix: str, owners: Owners) -> None:
        self._graph, self._tools, self._flows = compiled.graph, compiled.workflow.tools, compiled.workflow.flows
        self._renames, self._prefix, self._owners = renames, f"{prefix}nodes.", owners

    def all(self) -> Iterator[Item]:
        yield from self._scope(self._graph, "", {}, self._owners, frozenset())

    def _scope(self, graph: Graph, scope: str, outer: Names, owners: Owners, before: frozenset[str]) -> Iterator[Item]:
        names = {**outer, **self._renames.get(scope, {})}
        people = people_before(graph, lambda node: place_in(scope, names.get(node.id, node.id)), before)
        for node in graph.nodes:
            name = names.get(node.id, node.id)
            place = f"{self._prefix}{place_in(scope, name)}"
            inner = self._inner_names(node, place_in(scope, name), names)
            yield (place, ""), Fact(THERE, owners=owners, words=_words(node.config, node.type))
            if names.get(node.id):  # it is called otherwise in one of the two
                yield (place, "name"), Fact(node.id, owners=(place, *owners))
            yield from self._node(node, _Spot(place, inner, (place, *owners), people[node.index]))
            for edge in node.incoming:
                source = graph.nodes[edge.source].id
                other = names.get(source, source)
                ends = (place, f"{self._prefix}{place_in(scope, other)}", *owners)
                port = "" if edge.port == "out" else f".{edge.port}"
                yield (place, f"{_LINKS[edge.kind]} {other}{port}"), Fact(THERE, owners=ends)
            for part, body in node.bodies.items():
                if not body.flow:
                    inside = scope_of(place_in(scope, name), part)
                    yield from self._scope(body, inside, names, (place, *owners), people[node.index])

    def _inner_names(self, node: GraphNode, place: str, names: Names) -> Names:
        """Return the names in a node's own fields: results of its bodies speak of the nodes inside."""
        inside = [self._renames.get(scope_of(place, part), {}) for part in node.bodies]
        return {**{name: to for found in inside for name, to in found.items()}, **names}

    def _node(self, node: GraphNode, spot: _Spot) -> Iterator[Item]:
        yield from self._config(node.config, node.type, spot)
        if (flow := node.config.flow()) and _may_write(self._flows, flow):
            yield (spot.place, "asked before"), Fact(sorted(spot.people), guarded, spot.owners)
        nested = [(f"{spot.place}.fallback{number}", other) for number, other in enumerate(node.fallbacks, 1)]
        nested += [(f"{spot.place}.compensate", node.compensation)] if node.compensation else []
        for at, other in nested:
            yield (at, ""), Fact(THERE, owners=spot.owners, words=_words(other.config, other.type))
            yield from self._config(other.config, other.type, spot._replace(place=at, owners=(at, *spot.owners)))

    def _config(self, config: NodeConfig, type_: str, spot: _Spot) -> Iterator[Item]:
        place, owners = spot.place, spot.owners
        yield (place, "type"), Fact(type_, owners=owners)
        call = _call(config, self._tools)
        writes = call is not None and call["effect"] in _WRITES
        for key, value in own(config, spot.names):
            if key not in _ELSEWHERE and not (call and value == call["function"]):
                scale, always = _scale(type_, key, writes=writes)
                yield (place, key), Fact(_in_order(key, value), scale, owners, always)
        if call is not None:
            yield (
                (place, "calls"),
                Fact({key: call[key] for key in ("function", "effect")}, called, owners, always=True),
            )
        if call is not None and writes:
            asked = {"approval: required"} if call["approval"] == "required" else set[str]()
            yield (place, "asked before"), Fact(sorted(spot.people | asked), guarded, owners)


def _in_order(key: str, value: Json) -> Json:
    """Return a value with lists whose order means nothing in one order."""
    if key == "retry":
        return {**value, "on": sorted(value.get("on", ()))}
    return sorted(value) if key in _LISTS else value


def _may_write(flows: Mapping[str, Workflow], name: str) -> bool:
    """Whether a sub-workflow has a tool that writes; one that is not here may."""
    if name not in flows:
        return True
    flow = flows[name]
    effects = [
        one for tool in flow.tools.values() for one in (tool.effect, *(f.effect for f in tool.functions.values()))
    ]
    return any(one in _WRITES for one in effects) or any(_may_write(flow.flows, inner) for inner in flow.flows)


def _words(config: NodeConfig, type_: str) -> str:
    found: object = config
    return f"{type_} {found.grant}.{found.function}" if isinstance(found, UsesTool) else type_


def _scale(type_: str, key: str, *, writes: bool) -> tuple[Scale, bool]:
    if key == "retry" and writes:
        return retried, True
    if (scale := _TYPES.get(type_, {}).get(key) or _GATES.get(key)) is not None:
        return scale, False
    if key == "staged":
        return prepared, False
    return (more if key in _BOUNDS else neutral), False


def _call(config: NodeConfig, tools: Mapping[str, ToolSpec]) -> dict[str, str] | None:
    found: object = config
    if not isinstance(found, UsesTool) or found.grant not in tools:
        return None
    tool = tools[found.grant]
    return {
        "function": f"{found.grant}.{found.function}",
        "effect": tool.effect_of(found.function),
        "approval": "never" if tool.approval_of(found.function) == "never" else "required",
    }
