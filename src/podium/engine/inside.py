"""What stands inside nodes: items of maps, rounds of loops, parts of scopes; how they open, close and fail.

A scope whose node fails, unhandled, is closed: nothing begins in it any more, what runs is stopped. What was done in it
is undone first (`podium.engine.undo`); then the node around it hears of it, or, for the workflow, the run ends.
"""

from __future__ import annotations

from podium.engine.anew import reset
from podium.engine.flow import look, pass_on, resume
from podium.engine.state import Ending, Given, NodeState, RunState, Scope
from podium.engine.undo import undone_by, unwind
from podium.graph.joins import handled
from podium.graph.model import ASK, CONTINUE
from podium.ledger.record import NodeParked, NodeSkipped, RunStatus
from podium.spec.model import port_of

_ENDS: dict[str, RunStatus] = {
    "error": "failed",
    "unclear": "failed",
    "rejected": "denied",
    "expired": "denied",
    "denied": "denied",
    "limit": "limit",
}
"""How a run ends whose node was left by this port and nobody handles it (language, Ports)."""

_ASKED = ("approval", "ask")


def leave(state: RunState, node: NodeState, port: str, *, code: str, at: int, kind: str = "") -> None:
    """The node has ended by `port`: pass it on along its edges, or let its scope fail when nobody handles it."""
    state.let_go(node)
    if node.undoes is not None:
        node.port = port
        node.undoes.undone = port == "out" or node.node.handlers.get(port_of(port)) == CONTINUE
        state.not_undone += not node.undoes.undone
        unwinding = undone_by(state, node)
        if unwinding is not None and not unwinding.late:
            finish(state, unwinding.owner, at)
        return
    port = handled(node.node, port, kind)
    handler = node.node.handlers.get(port)
    if port == "empty" and handler is None:
        port = "out"
    node.port = port
    node.scope.open -= 1
    if handler in (None, ASK) and port_of(port) in _ENDS:
        _fail(state, node, _ENDS[port_of(port)], code, at)
        return
    if handler == CONTINUE:
        state.tolerated += 1
    if port_of(port) not in _ENDS:
        _withdraw_others(state, node)
    pass_on(state, node, at)
    maybe_close(state, node.scope)


def _withdraw_others(state: RunState, node: NodeState) -> None:
    for index in node.node.cancels:
        withdraw(state, node.scope.nodes[index])


def withdraw(state: RunState, node: NodeState) -> None:
    """Let a node not go on: stopped when it is at work, skipped when it has not begun.

    What was completed inside it is undone before it counts as skipped.
    """
    if node.ended:
        return
    for item in node.items:
        if not item.closed:
            close(state, item)
    state.ready.pop(node.path, None)
    if node.path in state.running:
        state.stops[node.path] = None
    if node.status == "forked" and unwind(state, node, cause=None) is not None:
        node.status, node.failure = "unwinding", None
        return
    state.skips[node.path] = NodeSkipped(reason="withdrawn")


def _fail(state: RunState, node: NodeState, status: RunStatus, code: str, at: int) -> None:
    scope = node.scope
    scope.failures.append(node)
    if scope.parent is None:
        end(state, Ending(status, code, node.path), at, cause=node)
    elif not scope.closed:
        close(state, scope)
        if unwind(state, scope, cause=node) is None:
            finish(state, scope, at)


def end(state: RunState, ending: Ending, at: int, *, cause: NodeState | None = None) -> None:
    """The run will end like this, once what it did is undone; a second reason to end changes nothing."""
    if state.ending is not None:
        return
    state.ending = ending
    if ending.status != "done":
        close(state, state.root)
        if unwind(state, state.root, cause=cause) is None:
            finish(state, state.root, at)


def finish(state: RunState, owner: Scope | NodeState, at: int) -> None:
    """Everything in a scope, or in a node, is undone: the one around it goes on."""
    if isinstance(owner, NodeState) and owner.failure is None:
        state.skips[owner.path] = NodeSkipped(reason="withdrawn")
    elif isinstance(owner, NodeState):
        settle(state, owner, at)
    elif owner.parent is not None:
        owner.parent.failed_items += not owner.withdrawn
        _item_closed(state, owner.parent)


def settle(state: RunState, node: NodeState, at: int) -> None:
    """What a failed node did inside itself is undone: it leaves, or waits for the time to begin anew."""
    failure, attempts = node.failure, node.attempts
    assert failure is not None
    if failure.final:
        node.status = "failed"
        leave(state, node, failed_port(failure.error_kind), code=failure.code, at=at, kind=failure.error_kind)
        return
    reset(state, node, frozenset({node.node.index}))
    node.status, node.attempts = "waiting", attempts
    node.parked = NodeParked(reason="retry", due=failure.retry_at)
    state.remind(failure.retry_at, node.path)


def failed_port(kind: str) -> str:
    """Return the port by which a node is left that failed with an error of this kind."""
    return kind if kind in ("denied", "limit") else "error"


def maybe_close(state: RunState, scope: Scope) -> None:
    """Close a scope all of whose nodes have ended."""
    if scope.open or scope.closed:
        return
    scope.closed = True
    if scope.parent is not None:
        scope.parent.ok_items += 1
        _item_closed(state, scope.parent)


def close(state: RunState, scope: Scope) -> None:
    """End a scope although nodes in it are open, and the items inside it.

    Questions that it has asked people are withdrawn. A doubt stays: nobody else knows what happened.
    """
    scope.closed = True
    for node in scope.nodes:
        state.ready.pop(node.path, None)
        state.skips.pop(node.path, None)
        if node.path in state.running:
            state.stops[node.path] = None
        else:
            state.let_go(node)
        if node.status == "waiting" and node.parked is not None and node.parked.reason in _ASKED:
            state.skips[node.path] = NodeSkipped(reason="withdrawn")
        for item in node.items:
            if not item.closed:
                close(state, item)


def limit_inside(state: RunState, node: NodeState, at: int) -> None:
    """Let the time run in which everything inside a node must be over, if it has such a bound."""
    limit = node.work.config.timeout
    if limit is not None:
        node.deadline = at + round(limit.total.total_seconds() * 1000)
        state.remind(node.deadline, node.path)


def stop_inside(state: RunState, node: NodeState, at: int) -> None:
    """The time is over: what is open inside a node has failed. The node makes of it what it can."""
    node.status, node.deadline = "forked", 0
    node.queue.clear()
    for item in [item for item in node.items if not item.closed]:
        item.late = True
        close(state, item)
        if unwind(state, item, cause=node) is None:
            finish(state, item, at)


def enter(state: RunState, node: NodeState, given: Given) -> None:
    """Let a node open one more item as soon as its concurrency allows it."""
    node.count += 1
    node.queue.append(given)
    enter_more(state, node)


def enter_more(state: RunState, node: NodeState) -> None:
    """Open what waits to be opened, as far as the concurrency allows."""
    while node.queue and node.open_items < node.work.bodies[node.queue[0].part].concurrency:
        scope = Scope.inside(node, node.queue.popleft())
        node.items.append(scope)
        node.open_items += 1
        for inner in scope.nodes:
            state.nodes[inner.path] = inner
        for inner in scope.nodes:
            look(state, inner)
        maybe_close(state, scope)  # a sub-workflow may have no nodes


def _withdraw_items(state: RunState, node: NodeState) -> None:
    """Let what is still open not go on, since what is done is enough; what was done in it is undone first."""
    node.queue.clear()
    for item in node.items:
        if not item.closed:
            item.withdrawn = True
            close(state, item)
            node.open_items -= unwind(state, item, cause=None) is None


def _item_closed(state: RunState, node: NodeState) -> None:
    """An item of a node is over: open the next, or let the node collect."""
    node.open_items -= 1
    if node.status != "forked":
        return
    body = node.work.bodies[node.items[-1].given.part]
    if body.max_failed is not None and node.failed_items > body.max_failed:
        for item in node.items:
            if not item.closed:
                close(state, item)
                node.open_items -= 1
        resume(state, node)
        return
    if body.enough and node.ok_items >= body.enough:
        _withdraw_items(state, node)
    enter_more(state, node)
    if not node.open_items:
        resume(state, node)
