"""Which data reaches which tool: along the values that nodes read, through whatever is made of them on the way.

An origin is an input, a tool or a sub-workflow, something that data enters the run by; so is what signals bring, which
is not told apart here. What only decides whether a node runs (`when`, a switch) is no data that reaches it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from podium.graph.fields import Read, read, reads
from podium.graph.model import Graph, GraphNode
from podium.spec.model import UsesTool, UsesTools

Origins = frozenset[str]
NOTHING: Origins = frozenset()


def reach(graph: Graph) -> dict[str, Origins]:
    """Return `{"tools.files": {"inputs.repo", "tools.git"}}` for every tool and sub-workflow that is used."""
    sinks: dict[str, set[str]] = defaultdict(set)
    _scope(graph, {}, sinks)
    return {sink: frozenset(origins) for sink, origins in sinks.items()}


def _scope(graph: Graph, around: Mapping[str, Origins], sinks: dict[str, set[str]]) -> dict[str, Origins]:
    """Return what is in the result of each node of a scope; add what reaches the tools in it."""
    known = dict(around)
    for node in graph.nodes:
        known[node.id] = _node(node, known, sinks)
    return {node.id: known[node.id] for node in graph.nodes}


def _node(node: GraphNode, known: Mapping[str, Origins], sinks: dict[str, set[str]]) -> Origins:
    taken = _of((found for found in reads(node.config) if found.loc[:1] != ("when",)), known)
    config: object = node.config
    if isinstance(config, UsesTool):
        sinks[f"tools.{config.grant}"] |= taken
        taken |= {f"tools.{config.grant}"}
    if isinstance(config, UsesTools):
        used = {f"tools.{name.partition('.')[0]}" for name in config.may_call()}
        for tool in used:
            sinks[tool] |= taken | used
        taken |= used
    for body in node.bodies.values():
        if body.flow:
            sinks[f"flows.{node.config.flow()}"] |= taken
            taken |= {f"flows.{node.config.flow()}"}
    for other in (*node.fallbacks, *([node.compensation] if node.compensation else [])):
        taken |= _node(other, {**known, node.id: taken, "error": taken}, sinks)
    return taken | _inside(node, {**known, "error": taken}, taken, sinks)


def _inside(node: GraphNode, known: Mapping[str, Origins], taken: Origins, sinks: dict[str, set[str]]) -> Origins:
    """Return what the nodes inside a node give it; twice round, since a loop gives on what it has made."""
    given = NOTHING
    for part, body in node.bodies.items():
        if body.flow:
            continue
        for _ in range(2):
            names = {**known, **({body.variable: taken | given} if body.variable else {})}
            results = _scope(body, names, sinks)
            result = node.config.bodies()[part].result
            found = list(read(result, ())) if result is not None else []
            given |= _of(found, {**names, **results}) if found else NOTHING.union(*results.values())
    return given


def _of(found: Iterable[Read], known: Mapping[str, Origins]) -> Origins:
    origins = [
        frozenset({f"inputs.{one.reference.port}".rstrip(".")})
        if one.reference.name == "inputs"
        else known.get(one.reference.name, NOTHING)
        for one in found
    ]
    return frozenset(chain.from_iterable(origins))
