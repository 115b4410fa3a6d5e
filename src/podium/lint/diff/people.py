"""Who must have said yes before a node runs, by the rules of `podium.graph.model`.

A node that is no join is blocked by any data or after edge that did not succeed, so each of them counts; of its control
edges any one starts it, and of a join's sources any one may, so there only those count who are asked on every way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from podium.graph.model import Edge, Graph, GraphNode

Places = frozenset[str]


def people_before(graph: Graph, place: Callable[[GraphNode], str], around: Places) -> tuple[Places, ...]:
    """Return for each node the places of the people that are asked before it; `around` are asked before the scope."""
    found: list[Places] = []

    def carried(edge: Edge) -> Places:
        source = graph.nodes[edge.source]
        asked = source.type == "human" and edge.port == "out"
        return found[edge.source] | ({place(source)} if asked else frozenset[str]())

    for node in graph.nodes:
        chosen = [carried(edge) for edge in node.incoming if edge.kind == "control"]
        needed = [carried(edge) for edge in node.incoming if edge.kind != "control"]
        if node.join is not None:
            found.append(around | _all_of([*chosen, *needed]))
        else:
            found.append(around.union(*needed) | _all_of(chosen))
    return tuple(found)


def _all_of(found: Iterable[Places]) -> Places:
    """Return what is in every one, nothing when there is none."""
    sets = list(found)
    return reduce(frozenset[str].intersection, sets) if sets else frozenset()
