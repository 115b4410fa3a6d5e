"""Beginning anew: a node that is sent back to work, a failed run that is retried, a run that goes on from another.

What begins anew gets a new round, and with it new paths and new effect keys; what came from outside is kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from podium.engine.flow import ends, look
from podium.engine.inside import enter_more, limit_inside, paths_in
from podium.engine.state import NodeState, RunState, Scope
from podium.graph.joins import Tally
from podium.ids import child_path


def reset(state: RunState, node: NodeState, span: frozenset[int]) -> None:
    """Begin a new round of a node: as if it had not run, but for what came from outside the span."""
    for path in paths_in(node):
        for where in (state.nodes, state.ready, state.skips, state.running, state.stops, state.requests, state.doubts):
            where.pop(path, None)
    state.let_go(node)
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


def again(state: RunState, scope: Scope, indices: Iterable[int]) -> None:
    """Begin some nodes of a scope anew, and everything that builds on them."""
    nodes = scope.nodes
    span = set(indices)
    for node in scope.graph.nodes:  # a topological order
        if any(edge.source in span for edge in node.incoming):
            span.add(node.index)
    # a validator that sends a node of the span back looks at it again
    frozen = frozenset(span)
    for index in sorted(span):
        reset(state, nodes[index], frozen)
    scope.closed, scope.unwinding = False, None
    for index in sorted(span):
        look(state, nodes[index])


def reopen(state: RunState, scope: Scope, at: int) -> None:
    """Let the failed nodes of a scope run again, and what was undone; everything else that is finished is kept."""
    failures, scope.failures, scope.closed, scope.late = scope.failures, [], False, False
    anew = {node.node.index for node in scope.nodes if _is_anew(node)}
    for node in failures:
        if node.forked and not _whole(node):
            _reopen_inside(state, node, at)
        elif node.forked or node.undoes is not None:
            anew.add(node.node.index)
        else:
            scope.open += 1
            node.attempts, node.variant, node.failure, node.parked, node.answer, node.port = 0, 0, None, None, None, ""
            node.status = "ready"
    if anew:
        again(state, scope, anew)
    for node in scope.nodes:
        if node.status == "ready" and node.path not in state.running:
            state.ready[node.path] = node
        elif node.status == "waiting" and node.parked is not None and node.parked.due:
            state.remind(node.parked.due, node.path)
        elif node.status == "forked":
            for item in node.items:
                if item.open and item.closed and not item.failures:
                    item.closed = False
                    reopen(state, item, at)
        else:
            look(state, node)


def _is_anew(node: NodeState) -> bool:
    """Whether a node has to do its work once more: it was undone, or withdrawn when its scope closed."""
    return node.undone or (node.status == "skipped" and node.port == "withdrawn")


def _whole(node: NodeState) -> bool:
    """Whether a failed node with nodes inside begins anew as a whole: something inside was undone, or it has parts."""
    parts = {item.given.part for item in node.items}
    return len(parts) > 1 or any(_undone_in(item) for item in node.items)


def _undone_in(scope: Scope) -> bool:
    return any(_is_anew(node) or any(_undone_in(item) for item in node.items) for node in scope.nodes)


def _reopen_inside(state: RunState, node: NodeState, at: int) -> None:
    node.scope.open += 1
    node.attempts, node.failure, node.parked, node.answer, node.port = 0, None, None, None, ""
    node.status, node.failed_items = "forked", 0
    stopped = [item for item in node.items if item.failures or item.open]
    node.open_items = len(stopped)
    for item in stopped:
        reopen(state, item, at)
    limit_inside(state, node, at)
    enter_more(state, node)
    if not node.open_items:
        node.status = "ready"
