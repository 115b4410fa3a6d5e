"""Which nodes run again when a validator sends work back, and who has to wait for it.

The *span* of a validator are the nodes on the ways from its target to itself. An edge that leaves the span is *held*
until the validator has ended: nobody uses a draft that is still being checked.

Two validators could wait for each other this way (two checks of one draft). They then run one after the other: an
`after` edge is added from the first to the second in the graph's order, which puts the first into the second's span,
so that whatever the second sends back is checked by the first again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from podium.graph.model import Edge
from podium.graph.order import topological, upstream


class Spans(NamedTuple):
    """Edges with `held_by` set, and each validator's span by index, in order."""

    edges: tuple[Edge, ...]
    spans: Mapping[int, tuple[int, ...]]


def with_spans(count: int, edges: Sequence[Edge], targets: Mapping[int, int]) -> Spans:
    """Work out spans and held edges of a scope whose nodes are numbered in a topological order.

    Args:
        count: Nodes in the scope.
        edges: Between them.
        targets: `{validator: the node that it sends back}`, each target upstream of its validator.
    """
    edges = list(edges)
    while True:  # ends, because each round orders two validators that had no order
        spans = _spans(count, edges, targets)
        held = [replace(edge, held_by=_holder(edge, spans)) for edge in edges]
        pair = _waiting_for_each_other(count, held, spans)
        if pair is None:
            return Spans(tuple(held), {node: tuple(sorted(span)) for node, span in spans.items()})
        edges.append(Edge(pair[0], "out", pair[1], "after"))


def _spans(count: int, edges: Sequence[Edge], targets: Mapping[int, int]) -> dict[int, frozenset[int]]:
    reaching = upstream(range(count), ((edge.source, edge.target) for edge in edges))
    return {
        validator: frozenset(
            node
            for node in range(target, validator + 1)
            if reaching[node] >> target & 1 and reaching[validator] >> node & 1
        )
        for validator, target in targets.items()
    }


def _holder(edge: Edge, spans: Mapping[int, frozenset[int]]) -> int:
    return max(
        (
            validator
            for validator, span in spans.items()
            if edge.source in span and edge.target not in span and edge.source != validator
        ),
        default=-1,
    )


def _waiting_for_each_other(
    count: int, edges: Sequence[Edge], spans: Mapping[int, frozenset[int]]
) -> tuple[int, int] | None:
    """Return two validators, in order, of which the first must be done before the second; None when nobody is stuck."""
    arcs = [(edge.source, edge.target) for edge in edges]
    arcs += [(edge.held_by, edge.target) for edge in edges if edge.held_by >= 0]
    placed = set(topological(count, arcs, [""] * count))
    stuck = sorted(validator for validator in spans if validator not in placed)
    reaching = upstream(range(count), ((edge.source, edge.target) for edge in edges))
    for first in stuck:
        for second in stuck:
            holds = any(edge.held_by == second and reaching[first] >> edge.target & 1 for edge in edges)
            if first < second and holds and not reaching[second] >> first & 1:
                return first, second
    return None
