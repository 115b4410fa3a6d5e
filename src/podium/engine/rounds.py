"""Beginning several nodes anew: a failed run that is retried, a run that goes on from another one."""

from __future__ import annotations

from collections.abc import Iterable

from podium.engine.anew import reset
from podium.engine.flow import look
from podium.engine.inside import enter_more, limit_inside
from podium.engine.state import NodeState, RunState, Scope


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
        elif node.forked or node.undoes is not None or node.path in state.decisions:
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
