"""How what has become of one node moves the others along the edges.

All of it is part of `fold`, edge by edge, so that the cost of a record is that of the edges it ends. The rules of
edges stand in `podium.graph.model`; the decision per node is `podium.graph.joins.ready`. What becomes of the inside of
nodes is in `podium.engine.inside`, of what is undone in `podium.engine.undo`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from podium.engine.state import NodeState, RunState
from podium.graph.joins import EdgeState, ended, let_through, ready, skipped
from podium.graph.model import Edge
from podium.ids import NodePath
from podium.ledger.record import NodeSkipped

_MILLISECOND = timedelta(milliseconds=1)


def take(state: RunState, path: NodePath) -> NodeState | None:
    """Return a node that has not ended, out of the frontier; None for a node of an earlier round."""
    node = state.nodes.get(path)
    if node is None or node.ended:
        return None
    state.ready.pop(path, None)
    state.running.pop(path, None)
    state.stops.pop(path, None)
    return node


def resume(state: RunState, node: NodeState) -> None:
    """Let a node that waited, or whose items are over, go on."""
    node.status = "ready"
    if node.undoes is not None or not node.scope.closed:
        state.ready[node.path] = node


def ends(node: NodeState) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield the outgoing edges of an ended node with the state they end in."""
    if node.status == "skipped":
        return skipped(node.node, blocked=node.port in ("blocked", "unknown"))
    return ended(node.node, node.port, node.also)


def pass_on(state: RunState, node: NodeState, at: int) -> None:
    """End the outgoing edges of an ended node.

    What leaves the span of a validator is held until the validator has ended: nobody may use a draft that is still
    being checked. What the validator did not let through is blocked.
    """
    nodes = node.scope.nodes
    for edge, edge_state in ends(node):
        if edge.held_by < 0 or nodes[edge.held_by].ended:
            _deliver(state, nodes[edge.target], edge, edge_state, at)
    for index in node.node.span:
        held = nodes[index]
        if index == node.node.index or not held.ended:
            continue
        for edge, edge_state in ends(held):
            if edge.held_by == node.node.index:
                passed = node.status == "skipped" or let_through(node.node, node.port, edge)
                _deliver(state, nodes[edge.target], edge, edge_state if passed else "blocked", at)


def _deliver(state: RunState, target: NodeState, edge: Edge, edge_state: EdgeState, at: int) -> None:
    join = target.node.join
    target.tally.add(edge, edge_state, join=join is not None)
    if join is not None and edge.kind == "data" and edge_state == "fired":
        target.arrived.append(edge.source)
        if join.deadline is not None and target.tally.source_fired == 1:
            state.remind(at + join.deadline // _MILLISECOND, target.path)
    look(state, target)


def look(state: RunState, node: NodeState) -> None:
    """Put a node into the frontier when its edges allow a decision."""
    if node.status != "pending" or node.scope.closed:
        return
    verdict = ready(node.node, node.tally, due=node.due, need=node.need)
    if verdict == "start":
        node.status = "ready"
        state.ready[node.path] = node
    elif verdict != "wait":
        state.skips[node.path] = NodeSkipped(reason="blocked" if verdict == "skip_blocked" else "not_chosen")
