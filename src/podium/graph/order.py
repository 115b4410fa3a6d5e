"""Order in a graph of numbered nodes: topological order, cycles, reachability. Pure functions over adjacency."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

Arcs = Iterable[tuple[int, int]]
"""`(source, target)` pairs."""


def topological(count: int, arcs: Arcs, rank: Sequence[str]) -> list[int]:
    """Return the nodes so that sources stand before targets; those on or behind a cycle are left out.

    Nodes that might change places stand in the order of `rank`, so that the order does not depend on the file's.
    """
    successors, waiting = _adjacency(count, arcs)
    free = [(rank[node], node) for node in range(count) if not waiting[node]]
    heapq.heapify(free)
    ordered: list[int] = []
    while free:
        _, node = heapq.heappop(free)
        ordered.append(node)
        for target in successors[node]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(free, (rank[target], target))
    return ordered


def _adjacency(count: int, arcs: Arcs) -> tuple[list[list[int]], list[int]]:
    successors: list[list[int]] = [[] for _ in range(count)]
    incoming = [0] * count
    for source, target in arcs:
        successors[source].append(target)
        incoming[target] += 1
    return successors, incoming


def cycle(count: int, arcs: Arcs, rank: Sequence[str]) -> list[int]:
    """Return the nodes of one cycle in its direction, the first one by `rank` first; [] when there is none."""
    arcs = list(arcs)
    placed = set(topological(count, arcs, rank))
    behind: dict[int, int] = {}
    for source, target in arcs:
        if source not in placed and target not in placed:
            behind[target] = min(behind.get(target, source), source, key=lambda node: rank[node])
    if not behind:
        return []
    # every node that could not be placed has such a source, so walking backwards must come round
    node, seen = min(behind, key=lambda node: rank[node]), list[int]()
    while node not in seen:
        seen.append(node)
        node = behind[node]
    found = seen[seen.index(node) :][::-1]
    first = found.index(min(found, key=lambda node: rank[node]))
    return found[first:] + found[:first]


def upstream(ordered: Sequence[int], arcs: Arcs) -> Mapping[int, int]:
    """Return the nodes from which each node can be reached, itself included, as bits of an integer."""
    reaching = {node: 1 << node for node in ordered}
    sources: dict[int, list[int]] = {node: [] for node in ordered}
    for source, target in arcs:
        sources[target].append(source)
    for node in ordered:
        for source in sources[node]:
            reaching[node] |= reaching[source]
    return reaching
