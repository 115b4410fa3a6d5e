"""Fold: what a record changes in the state of its run.

A run's state is `fold(records)`, and there is no other truth. `apply` takes one record; applying the records of a
run in order gives the same state in every process, with or without the payloads.

Two orders are allowed where they can differ. The owner applies its own records as it makes them, others' posts when
it hears of them; the ledger may have the post first. So posts (approval, signal, doubt, cancel) and the owner's
records commute: a post sets something down, and whoever comes second joins the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from podium.engine.state import Ending, NodeState, RunState, Scope
from podium.graph.joins import EdgeState, Tally, ended, ready, skipped
from podium.graph.model import CONTINUE, Edge, Graph
from podium.ids import EffectKey, NodePath, RunId, child_path
from podium.ledger.record import (
    AnyBody,
    ApprovalGiven,
    CancelRequested,
    DoubtSettled,
    EffectDenied,
    EffectIntent,
    EffectOutcome,
    NodeDone,
    NodeFailed,
    NodeForked,
    NodeParked,
    NodeRevised,
    NodeSkipped,
    Record,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    RunStatus,
    SignalReceived,
)

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
_KIND_PORTS = {"denied": "denied", "limit": "limit"}

STOP = "stop:"
"""Prefix of the port by which an `end` node leaves: `stop:done`, `stop:failed`."""


def fold(run: RunId, graph: Graph, records: Iterable[Record]) -> RunState:
    """Return where a run stands after its records."""
    state = RunState.of(run, graph)
    for record in records:
        apply(state, record.body, path=NodePath(record.path), key=record.key, at=record.at)
    return state


def apply(state: RunState, body: AnyBody, *, path: NodePath, key: str = "", at: int = 0) -> None:
    """Change `state` by one record."""
    step = _STEPS.get(type(body))
    if step is not None:
        step(state, body, path, key, at)


def _created(state: RunState, body: RunCreated, _path: NodePath, _key: str, at: int) -> None:
    state.created = body
    state.created_at = at
    for node in state.root.nodes:
        _look(state, node)
    _maybe_close(state, state.root)


def _claimed(state: RunState, body: RunClaimed, _path: NodePath, _key: str, _at: int) -> None:
    state.epoch = body.epoch


def _done(state: RunState, body: NodeDone, path: NodePath, _key: str, at: int) -> None:
    node = _take(state, path)
    if node is None:
        return
    node.out = body.out
    state.tolerated += body.errors
    if body.port.startswith(STOP):
        node.port, node.status = body.port, "done"
        node.scope.open -= 1
        state.ending = Ending("done" if body.port == STOP + "done" else "failed", "EN008", path)
        return
    node.status = "done"
    _leave(state, node, body.port, code="EN007", at=at)


def _failed(state: RunState, body: NodeFailed, path: NodePath, _key: str, at: int) -> None:
    if not body.final:
        node = _take(state, path)
        if node is not None:
            node.attempts += 1
            node.failure = body
            node.status = "waiting"
            node.parked = NodeParked(reason="retry", due=body.retry_at)
            state.remind(body.retry_at, path)
        return
    node = _take(state, path)
    if node is not None:
        node.attempts += 1
        node.failure = body
        node.status = "failed"
        _leave(state, node, _KIND_PORTS.get(body.error_kind, "error"), code=body.code, at=at)


def _skipped(state: RunState, body: NodeSkipped, path: NodePath, _key: str, at: int) -> None:
    state.skips.pop(path, None)
    node = _take(state, path)
    if node is None:
        return
    node.status = "skipped"
    node.scope.open -= 1
    blocked = body.reason == "blocked"
    node.port = "blocked" if blocked else "not_chosen"
    _pass_on(state, node, at)
    _maybe_close(state, node.scope)


def _parked(state: RunState, body: NodeParked, path: NodePath, _key: str, _at: int) -> None:
    node = _take(state, path)
    if node is None:
        return
    node.parked, node.status, node.answer = body, "waiting", None
    if body.effect and body.reason == "approval":
        state.effect(EffectKey(body.effect)).question = body.question
    if body.reason == "signal" and state.signals.get(body.signal):
        node.answer, node.answered_at = state.signals[body.signal].pop(0)
        _resume(state, node)
    elif body.due:
        state.remind(body.due, path)


def _forked(state: RunState, body: NodeForked, path: NodePath, _key: str, _at: int) -> None:
    node = _take(state, path)
    shape = node.node.config.body() if node is not None else None
    if node is None or shape is None:
        return
    node.status, node.count, node.list_ = "forked", body.count, body.items
    node.max_failed = -1 if shape.max_failed is None else shape.max_failed
    for _ in range(min(shape.concurrency, body.count)):
        _open_item(state, node)
    if not body.count:
        _resume(state, node)


def _revised(state: RunState, body: NodeRevised, path: NodePath, _key: str, _at: int) -> None:
    validator = _take(state, path)
    if validator is None:
        return
    scope, span = validator.scope, frozenset(validator.node.span)
    target = scope.nodes[validator.node.target]
    previous = target.out
    for index in sorted(span):
        _reset(state, scope.nodes[index], span)
    target.feedback = (body.reason, previous)
    _look(state, target)


def _intent(state: RunState, body: EffectIntent, _path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    effect.attempts += 1
    effect.lost += 1
    effect.doubt = True
    effect.send_before = body.send_before


def _outcome(state: RunState, body: EffectOutcome, _path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    if body.status != "unknown":
        effect.doubt = False
        effect.lost = 0
    if body.status == "ok":
        effect.reply = body.reply


def _denied(state: RunState, body: EffectDenied, _path: NodePath, _key: str, _at: int) -> None:
    state.effect(body.id)


def _answered(state: RunState, body: ApprovalGiven, path: NodePath, key: str, at: int) -> None:
    node = state.nodes.get(path)
    if node is None or node.status != "waiting" or node.parked is None:
        return
    node.answer, node.answered_at = body, at
    if node.parked.effect and body.verdict == "approved":
        state.effect(EffectKey(node.parked.effect)).approval = key
    _resume(state, node)


def _signalled(state: RunState, body: SignalReceived, _path: NodePath, _key: str, at: int) -> None:
    for node in state.nodes.values():
        if node.status == "waiting" and node.parked is not None and node.parked.signal == body.name:
            node.answer, node.answered_at = body, at
            _resume(state, node)
            return
    state.signals.setdefault(body.name, []).append((body, at))


def _doubt_settled(state: RunState, body: DoubtSettled, path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    effect.doubt, effect.landed, effect.reply = False, body.landed, body.reply
    effect.lost = 0
    node = state.nodes.get(path)
    if node is not None and node.status == "waiting" and node.parked is not None and node.parked.reason == "doubt":
        _resume(state, node)


def _cancelled(state: RunState, _body: CancelRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.cancel = True


def _retry_requested(state: RunState, _body: RetryRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.ended = state.ending = None
    state.cancel = False
    _reopen(state, state.root)


def _run_ended(state: RunState, body: RunEnded, _path: NodePath, _key: str, _at: int) -> None:
    state.ended = body


_STEPS: dict[type, Callable[[RunState, Any, NodePath, str, int], None]] = {
    RunCreated: _created,
    RunClaimed: _claimed,
    NodeDone: _done,
    NodeFailed: _failed,
    NodeSkipped: _skipped,
    NodeParked: _parked,
    NodeForked: _forked,
    NodeRevised: _revised,
    EffectIntent: _intent,
    EffectOutcome: _outcome,
    EffectDenied: _denied,
    ApprovalGiven: _answered,
    SignalReceived: _signalled,
    DoubtSettled: _doubt_settled,
    CancelRequested: _cancelled,
    RetryRequested: _retry_requested,
    RunEnded: _run_ended,
}


def expire(state: RunState, path: NodePath) -> None:
    """Let a node whose time has come go on: a retry, a wait without an answer, a join with a deadline.

    Like `RunState.begin` this is recorded by what the node does next, not by itself.
    """
    node = state.nodes.get(path)
    if node is None:
        return
    if node.status == "waiting":
        _resume(state, node)
    elif node.status == "pending" and node.node.join is not None:
        node.due = True
        _look(state, node)


def _take(state: RunState, path: NodePath) -> NodeState | None:
    """Return a node that has not ended, out of the frontier; None for a node of an earlier round."""
    node = state.nodes.get(path)
    if node is None or node.ended:
        return None
    state.ready.pop(path, None)
    state.running.pop(path, None)
    state.stops.pop(path, None)
    return node


def _resume(state: RunState, node: NodeState) -> None:
    node.status = "ready"
    if not node.scope.closed:
        state.ready[node.path] = node


def _leave(state: RunState, node: NodeState, port: str, *, code: str, at: int) -> None:
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
    _pass_on(state, node, at)
    _maybe_close(state, node.scope)


def _ends(node: NodeState) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield the outgoing edges of an ended node with the state they end in."""
    if node.status == "skipped":
        return skipped(node.node, blocked=node.port == "blocked")
    return ended(node.node, node.port)


def _pass_on(state: RunState, node: NodeState, at: int) -> None:
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
                passed = node.status == "skipped" or node.port == "out"
                _deliver(state, nodes[edge.target], edge, edge_state if passed else "blocked", at)


def _deliver(state: RunState, target: NodeState, edge: Edge, edge_state: EdgeState, at: int) -> None:
    join = target.node.join
    target.tally.add(edge, edge_state, join=join is not None)
    if join is not None and edge.kind == "data" and edge_state == "fired":
        target.arrived.append(edge.source)
    if join is not None and join.deadline is not None and target.tally.source_fired == 1 and edge_state == "fired":
        state.remind(at + join.deadline // _MILLISECOND, target.path)
    _look(state, target)


def _look(state: RunState, node: NodeState) -> None:
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


def _maybe_close(state: RunState, scope: Scope) -> None:
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


def _open_item(state: RunState, node: NodeState) -> None:
    assert node.node.body is not None
    scope = Scope.of(node.node.body, node, len(node.items))
    node.items.append(scope)
    node.open_items += 1
    for inner in scope.nodes:
        state.nodes[inner.path] = inner
    for inner in scope.nodes:
        _look(state, inner)


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
        _resume(state, node)
    elif len(node.items) < node.count:
        _open_item(state, node)
    elif not node.open_items:
        _resume(state, node)


def _reset(state: RunState, node: NodeState, span: frozenset[int]) -> None:
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


def _reopen(state: RunState, scope: Scope) -> None:
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
            _reopen(state, item)
        while len(node.items) < node.count and node.open_items < max(
            node.node.body.concurrency if node.node.body else 1, 1
        ):
            _open_item(state, node)
        if not node.open_items:
            node.status = "ready"
    for node in scope.nodes:
        if node.status == "ready" and node.path not in state.running:
            state.ready[node.path] = node
        elif node.status == "waiting" and node.parked is not None and node.parked.due:
            state.remind(node.parked.due, node.path)
        else:
            _look(state, node)
