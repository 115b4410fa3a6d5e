"""How what has become of one node moves the others: edges, items of maps, rounds of revision.

All of it is part of `fold`, edge by edge, so that the cost of a record is that of the edges it ends. The rules of
edges stand in `podium.graph.model`; the decision per node is `podium.graph.joins.ready`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from podium.engine.state import Ending, NodeState, RunState, Scope
from podium.graph.joins import EdgeState, Tally, ended, let_through, ready, skipped
from podium.graph.model import CONTINUE, Edge
from podium.ids import NodePath, child_path
from podium.ledger.record import NodeSkipped, RunStatus

_ENDS: dict[str, RunStatus] = {
    "error": "failed",
    "unclear": "failed",
    "rejected": "denied",
    "expired": "denied",
    "denied": "denied",
    "limit": "limit",
}
"""How a run ends whose node was left by this port and nobody handles it (language, Ports)."""

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
    if not node.scope.closed:
        state.ready[node.path] = node


def leave(state: RunState, node: NodeState, port: str, *, code: str, at: int) -> None:
    """The node has ended by `port`: pass it on along its edges, or let its scope fail when nobody handles it."""
    handler = node.node.handlers.get(port)
    if port == "empty" and handler is None:
        port = "out"
    node.port = port
    node.scope.open -= 1
    if handler is None and port in _ENDS:
        _fail(state, node, _ENDS[port], code)
        return
    if handler == CONTINUE:
        state.tolerated += 1
    pass_on(state, node, at)
    maybe_close(state, node.scope)


def _ends(node: NodeState) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield the outgoing edges of an ended node with the state they end in."""
    if node.status == "skipped":
        return skipped(node.node, blocked=node.port == "blocked")
    return ended(node.node, node.port)


def pass_on(state: RunState, node: NodeState, at: int) -> None:
    """End the outgoing edges of an ended node.

    What leaves the span of a validator is held until the validator has ended: nobody may use a draft that is still
    being checked. What the validator did not let through is blocked.
    """
    nodes = node.scope.nodes
    for edge, edge_state in _ends(node):
        if edge.held_by < 0 or nodes[edge.held_by].ended:
            _deliver(state, nodes[edge.target], edge, edge_state, at)
    for index in node.node.span:
        held = nodes[index]
        if index == node.node.index or not held.ended:
            continue
        for edge, edge_state in _ends(held):
            if edge.held_by == node.node.index:
                passed = node.status == "skipped" or let_through(node.node, node.port, edge)
                _deliver(state, nodes[edge.target], edge, edge_state if passed else "blocked", at)


def _deliver(state: RunState, target: NodeState, edge: Edge, edge_state: EdgeState, at: int) -> None:
    join = target.node.join
    target.tally.add(edge, edge_state, join=join is not None)
    if join is not None and edge.kind == "data" and edge_state == "fired":
        target.arrived.append(edge.source)
    if join is not None and join.deadline is not None and target.tally.source_fired == 1 and edge_state == "fired":
        state.remind(at + join.deadline // _MILLISECOND, target.path)
    look(state, target)


def look(state: RunState, node: NodeState) -> None:
    """Put a node into the frontier when its edges allow a decision."""
    if node.status != "pending" or node.scope.closed:
        return
    verdict = ready(node.node, node.tally, due=node.due)
    if verdict == "start":
        node.status = "ready"
        state.ready[node.path] = node
    elif verdict != "wait":
        state.skips[node.path] = NodeSkipped(reason="blocked" if verdict == "skip_blocked" else "not_chosen")


def _fail(state: RunState, node: NodeState, status: RunStatus, code: str) -> None:
    scope = node.scope
    scope.failures.append(node)
    if scope.parent is None:
        if state.ending is None:
            state.ending = Ending(status, code, node.path)
        return
    if not scope.closed:
        _close(state, scope)
        scope.parent.failed_items += 1
        _item_closed(state, scope.parent)


def maybe_close(state: RunState, scope: Scope) -> None:
    """Close a scope all of whose nodes have ended."""
    if scope.open or scope.closed:
        return
    scope.closed = True
    if scope.parent is not None:
        _item_closed(state, scope.parent)


def _close(state: RunState, scope: Scope) -> None:
    """End a scope although nodes in it are open, and the items inside it."""
    scope.closed = True
    for node in scope.nodes:
        state.ready.pop(node.path, None)
        state.skips.pop(node.path, None)
        if node.path in state.running:
            state.stops[node.path] = None
        for item in node.items:
            if not item.closed:
                _close(state, item)


def open_item(state: RunState, node: NodeState) -> None:
    """Open the next item of a map."""
    assert node.node.body is not None
    scope = Scope.of(node.node.body, node, len(node.items))
    node.items.append(scope)
    node.open_items += 1
    for inner in scope.nodes:
        state.nodes[inner.path] = inner
    for inner in scope.nodes:
        look(state, inner)


def _item_closed(state: RunState, node: NodeState) -> None:
    """An item of a map is over: open the next, or let the map collect."""
    node.open_items -= 1
    if node.status != "forked":
        return
    if 0 <= node.max_failed < node.failed_items:
        for item in node.items:
            if not item.closed:
                _close(state, item)
                node.open_items -= 1
        resume(state, node)
    elif len(node.items) < node.count:
        open_item(state, node)
    elif not node.open_items:
        resume(state, node)


def reset(state: RunState, node: NodeState, span: frozenset[int]) -> None:
    """Begin a new round of a node: as if it had not run, but for what came from outside the span."""
    for path in _paths(node):
        for where in (state.nodes, state.ready, state.skips, state.running, state.stops):
            where.pop(path, None)
    scope = node.scope
    if node.ended:
        scope.open += 1
    fresh = NodeState(node.node, scope, node.path, Tally.of(node.node))
    fresh.round = node.round + 1
    fresh.path = child_path(scope.prefix, node.node.id, round_=fresh.round)
    for edge in node.node.incoming:
        source = scope.nodes[edge.source]
        if edge.source not in span and source.ended and (edge.held_by < 0 or scope.nodes[edge.held_by].ended):
            for other, edge_state in _ends(source):
                if other == edge:
                    fresh.tally.add(edge, edge_state, join=node.node.join is not None)
                    if node.node.join is not None and edge.kind == "data" and edge_state == "fired":
                        fresh.arrived.append(edge.source)
    for name in NodeState.__slots__:
        setattr(node, name, getattr(fresh, name))
    state.nodes[node.path] = node


def _paths(node: NodeState) -> Iterator[NodePath]:
    """Yield the path of a node and of everything inside its items."""
    yield node.path
    for item in node.items:
        for inner in item.nodes:
            yield from _paths(inner)


def reopen(state: RunState, scope: Scope) -> None:
    """Take the unhandled failures of a scope back, so that its failed nodes run again and the rest goes on."""
    failures, scope.failures, scope.closed = scope.failures, [], False
    for node in failures:
        scope.open += 1
        node.attempts, node.failure, node.parked, node.answer, node.port = 0, None, None, None, ""
        if node.list_ is None:
            node.status = "ready"
            continue
        node.status, node.failed_items = "forked", 0
        stopped = [item for item in node.items if item.failures or item.open]
        node.open_items = len(stopped)
        for item in stopped:
            reopen(state, item)
        while len(node.items) < node.count and node.open_items < max(
            node.node.body.concurrency if node.node.body else 1, 1
        ):
            open_item(state, node)
        if not node.open_items:
            node.status = "ready"
    for node in scope.nodes:
        if node.status == "ready" and node.path not in state.running:
            state.ready[node.path] = node
        elif node.status == "waiting" and node.parked is not None and node.parked.due:
            state.remind(node.parked.due, node.path)
        else:
            look(state, node)
