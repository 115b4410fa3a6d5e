"""Beginning a node anew: a new round, and with it new paths and new effect keys; what came from outside is kept."""

from __future__ import annotations

from podium.engine.flow import ends
from podium.engine.outbox import withdraw_decision
from podium.engine.state import NodeState, RunState
from podium.graph.joins import Tally
from podium.ids import NodePath, child_path


def reset(state: RunState, node: NodeState, span: frozenset[int]) -> None:
    """Begin a new round of a node: as if it had not run, but for what came from outside the span."""
    for path in _paths_in(node):
        for where in (state.nodes, state.ready, state.skips, state.running, state.stops, state.requests, state.doubts):
            where.pop(path, None)
    state.let_go(node)
    withdraw_decision(state, node.path)
    scope = node.scope
    if node.ended:
        scope.open += 1
    fresh = NodeState(node.node, scope, node.path, Tally.of(node.node))
    fresh.round = node.round + 1
    fresh.path = child_path(scope.prefix, node.node.id, round_=fresh.round)
    for edge in node.node.incoming:
        source = scope.nodes[edge.source]
        if edge.source not in span and source.ended and (edge.held_by < 0 or scope.nodes[edge.held_by].ended):
            for other, edge_state in ends(source):
                if other == edge:
                    fresh.tally.add(edge, edge_state, join=node.node.join is not None)
                    if node.node.join is not None and edge.kind == "data" and edge_state == "fired":
                        fresh.arrived.append(edge.source)
    for name in NodeState.__slots__:
        setattr(node, name, getattr(fresh, name))
    state.nodes[node.path] = node


def _paths_in(node: NodeState) -> list[NodePath]:
    """Return the path of a node and of everything inside it, what undoes them included."""
    paths = [node.path] if node.undo is None else [node.path, node.undo.path]
    for item in node.items:
        for inner in item.nodes:
            paths += _paths_in(inner)
    return paths
