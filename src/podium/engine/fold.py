"""Fold: what a record changes in the state of its run.

A run's state is `fold(records)`, and there is no other truth. `apply` takes one record; applying the records of a
run in order gives the same state in every process, with or without the payloads.

Two orders are allowed where they can differ. The owner applies its own records as it makes them, others' posts when
it hears of them; the ledger may have the post first. So posts (approval, signal, doubt, cancel) and the owner's
records commute: a post sets something down, and whoever comes second joins the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from podium.engine.flow import leave, look, maybe_close, open_item, pass_on, reopen, reset, resume, take
from podium.engine.state import Ending, RunState
from podium.graph.model import Graph
from podium.ids import EffectKey, NodePath, RunId
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
    SignalReceived,
)

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
        look(state, node)
    maybe_close(state, state.root)


def _claimed(state: RunState, body: RunClaimed, _path: NodePath, _key: str, _at: int) -> None:
    state.epoch = body.epoch


def _done(state: RunState, body: NodeDone, path: NodePath, _key: str, at: int) -> None:
    node = take(state, path)
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
    leave(state, node, body.port, code="EN007", at=at)


def _failed(state: RunState, body: NodeFailed, path: NodePath, _key: str, at: int) -> None:
    if not body.final:
        node = take(state, path)
        if node is not None:
            node.attempts += 1
            node.failure = body
            node.status = "waiting"
            node.parked = NodeParked(reason="retry", due=body.retry_at)
            state.remind(body.retry_at, path)
        return
    node = take(state, path)
    if node is not None:
        node.attempts += 1
        node.failure = body
        node.status = "failed"
        leave(state, node, _KIND_PORTS.get(body.error_kind, "error"), code=body.code, at=at)


def _skipped(state: RunState, body: NodeSkipped, path: NodePath, _key: str, at: int) -> None:
    state.skips.pop(path, None)
    node = take(state, path)
    if node is None:
        return
    node.status = "skipped"
    node.scope.open -= 1
    blocked = body.reason == "blocked"
    node.port = "blocked" if blocked else "not_chosen"
    pass_on(state, node, at)
    maybe_close(state, node.scope)


def _parked(state: RunState, body: NodeParked, path: NodePath, _key: str, _at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    node.parked, node.status, node.answer = body, "waiting", None
    if body.effect and body.reason == "approval":
        state.effect(EffectKey(body.effect)).question = body.question
    if body.reason == "signal" and state.signals.get(body.signal):
        node.answer, node.answered_at = state.signals[body.signal].pop(0)
        resume(state, node)
    elif body.due:
        state.remind(body.due, path)


def _forked(state: RunState, body: NodeForked, path: NodePath, _key: str, _at: int) -> None:
    node = take(state, path)
    shape = node.node.config.body() if node is not None else None
    if node is None or shape is None:
        return
    node.status, node.count, node.list_ = "forked", body.count, body.items
    node.max_failed = -1 if shape.max_failed is None else shape.max_failed
    for _ in range(min(shape.concurrency, body.count)):
        open_item(state, node)
    if not body.count:
        resume(state, node)


def _revised(state: RunState, body: NodeRevised, path: NodePath, _key: str, _at: int) -> None:
    validator = take(state, path)
    if validator is None:
        return
    scope, span = validator.scope, frozenset(validator.node.span)
    target = scope.nodes[validator.node.target]
    previous = target.out
    for index in sorted(span):
        reset(state, scope.nodes[index], span)
    target.feedback = (body.reason, previous)
    look(state, target)


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
    resume(state, node)


def _signalled(state: RunState, body: SignalReceived, _path: NodePath, _key: str, at: int) -> None:
    for node in state.nodes.values():
        if node.status == "waiting" and node.parked is not None and node.parked.signal == body.name:
            node.answer, node.answered_at = body, at
            resume(state, node)
            return
    state.signals.setdefault(body.name, []).append((body, at))


def _doubt_settled(state: RunState, body: DoubtSettled, path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    effect.doubt, effect.landed, effect.reply = False, body.landed, body.reply
    effect.lost = 0
    node = state.nodes.get(path)
    if node is not None and node.status == "waiting" and node.parked is not None and node.parked.reason == "doubt":
        resume(state, node)


def _cancelled(state: RunState, _body: CancelRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.cancel = True


def _retry_requested(state: RunState, _body: RetryRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.ended = state.ending = None
    state.cancel = False
    reopen(state, state.root)


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
        resume(state, node)
    elif node.status == "pending" and node.node.join is not None:
        node.due = True
        look(state, node)
