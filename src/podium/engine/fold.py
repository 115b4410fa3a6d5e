"""Fold: what a record changes in the state of its run.

A run's state is `fold(records)`, and there is no other truth. `apply` takes one record; applying the records of a
run in order gives the same state in every process, with or without the payloads.

Two orders are allowed where they can differ. The owner applies its own records as it makes them, others' posts when
it hears of them; the ledger may have the post first. So posts (approval, signal, doubt, cancel, pause, override) and
the owner's records commute: a post sets something down, and whoever comes second joins the two. What a person wants
done to a node is carried out by a record of the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from podium.engine.anew import reset
from podium.engine.asked import agree, asked_about, heard
from podium.engine.flow import look, pass_on, resume, take
from podium.engine.inside import close, end, enter, leave, limit_inside, maybe_close, settle, stop_inside
from podium.engine.outbox import came_of, landed, resolve, sent, stage, to_undo
from podium.engine.rounds import reopen
from podium.engine.spending import interrupted, released, reserved, settled, shared_by
from podium.engine.state import Ending, Given, NodeState, Request, RunState, is_alive
from podium.engine.trail import trail
from podium.engine.undo import undo_of, unwind
from podium.engine.worktime import begins, passes, stands
from podium.gate.governor import Trajectory
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
    EffectStaged,
    FactEmitted,
    NodeDone,
    NodeFailed,
    NodeForked,
    NodeOverridden,
    NodeParked,
    NodeRevised,
    NodeSkipped,
    OutboxDropped,
    OutboxReleased,
    OverrideRequested,
    PauseRequested,
    Record,
    ResumeRequested,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    RunEnding,
    SignalReceived,
    ValuesMasked,
)
from podium.spec.label import USER

WAITS = frozenset({"approval", "signal", "timer", "ask", "doubt"})
"""Reasons for which a node waits until something happens outside; a `retry` is none."""

STOP = "stop:"
"""Prefix of the port by which an `end` node leaves: `stop:done`, `stop:failed`."""


def fold(run: RunId, graph: Graph, records: Iterable[Record], base: RunState | None = None) -> RunState:
    """Return where a run stands after its records; `base` is where it began, for one that goes on from another."""
    state = base or RunState.of(run, graph)
    for record in records:
        apply(state, record.body, path=NodePath(record.path), key=record.key, at=record.at)
    return state


def apply(state: RunState, body: AnyBody, *, path: NodePath, key: str = "", at: int = 0) -> None:
    """Change `state` by one record."""
    step = _STEPS.get(type(body))
    if state.timed:
        passes(state, body, at)
    if step is not None:
        step(state, body, path, key, at)
    if state.timed:
        stands(state, body, path)


def _created(state: RunState, body: RunCreated, _path: NodePath, _key: str, at: int) -> None:
    state.created = body
    state.trajectory = Trajectory()  # a run that goes on from another one does it by a person's wish
    state.created_at = at
    state.shared = shared_by(state, body)
    for node in state.root.nodes:
        look(state, node)
    maybe_close(state, state.root)


def _claimed(state: RunState, body: RunClaimed, _path: NodePath, _key: str, _at: int) -> None:
    state.epoch = body.epoch
    if state.metered:
        interrupted(state)


# ── nodes ──


def _done(state: RunState, body: NodeDone, path: NodePath, _key: str, at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    state.skips.pop(path, None)
    for item in node.items:  # a person may have supplied the result of a node that was at work inside
        if not item.closed:
            close(state, item)
    node.out, node.also, node.status = body.out, body.also, "done"
    node.label, node.endorsed = body.label or USER, body.endorsed
    state.tolerated += body.errors
    if body.port.startswith(STOP):
        node.port = body.port
        node.scope.open -= 1
        failed = body.port != STOP + "done"
        end(state, Ending("failed" if failed else "done", "EN008", path), at, cause=node if failed else None)
        return
    if body.port == "out":
        undo_of(state, node)
    leave(state, node, body.port, code="EN007", at=at)


def _failed(state: RunState, body: NodeFailed, path: NodePath, _key: str, at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    state.skips.pop(path, None)
    node.failure, node.label = body, body.label or USER
    if body.then == "inside" and not body.final:
        state.walls.pop(path, None)
        stop_inside(state, node, at)
        return
    node.attempts += 1
    if body.then == "ask" and not body.final:
        state.hold(node)
        return  # the question follows in the same append
    if body.then == "fallback" and not body.final:
        node.variant += 1
        node.attempts, node.parked, node.answer = 0, None, None
        node.items, node.count, node.forked = [], 0, False
        resume(state, node)
        return
    if not body.final and body.then == "retry":
        node.status = "waiting"
        node.parked = NodeParked(reason="retry", due=body.retry_at)
        state.hold(node)
        state.remind(body.retry_at, path)
        return
    _end_inside(state, node, at)


def _end_inside(state: RunState, node: NodeState, at: int) -> None:
    """A node failed: what is still at work inside it stops, and what was completed there is undone."""
    for item in node.items:
        if not item.closed:
            close(state, item)
    carried_out = tuple(to_undo(state, node))
    if not (node.forked or carried_out) or unwind(state, node, cause=node, also=carried_out) is None:
        settle(state, node, at)
    else:
        node.status = "unwinding"


def _skipped(state: RunState, body: NodeSkipped, path: NodePath, _key: str, at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    state.skips.pop(path, None)
    node.status = "skipped"
    if node.undoes is not None:
        leave(state, node, "out", code="", at=at)
        return
    state.let_go(node)
    for item in node.items:
        if not item.closed:
            close(state, item)
    node.scope.open -= 1
    node.port = body.reason
    pass_on(state, node, at)
    maybe_close(state, node.scope)


def _parked(state: RunState, body: NodeParked, path: NodePath, _key: str, _at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    if body.reason == "sources":
        node.need, node.status = body.sources + 1, "pending"
        look(state, node)
        return
    node.parked, node.status, node.answer, node.ballots = body, "waiting", None, []
    if body.reason in WAITS:
        state.trajectory.waited(trail(node))
    state.hold(node)
    if body.effect and body.reason == "approval":
        asked_about(state.effect(EffectKey(body.effect)), body)
    if body.reason == "signal" and state.signals.get(body.signal):
        node.answer, node.answered_at = state.signals[body.signal].pop(0)
        resume(state, node)
    elif body.due:
        state.remind(body.due, path)


def _forked(state: RunState, body: NodeForked, path: NodePath, _key: str, at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    state.hold(node)
    node.status, node.parked, node.answer = "forked", None, None
    if not node.forked:
        node.forked = True
        limit_inside(state, node, at)
        if state.timed:
            begins(state, node)
    if body.signal:
        queue = state.signals.get(body.signal)
        if queue:
            queue.pop(0)
        enter(state, node, Given(body.items, -1, body.part))
        return
    if signal := node.work.bodies[body.part].signal:
        state.takers[signal] = node
    for number in range(body.count):
        enter(state, node, Given(body.items, number, body.part))
    if not body.count:
        resume(state, node)


def _revised(state: RunState, body: NodeRevised, path: NodePath, _key: str, _at: int) -> None:
    validator = take(state, path)
    if validator is None:
        return
    scope, span = validator.scope, frozenset(validator.node.span)
    target = scope.nodes[validator.node.target]
    previous, told = target.out, (body.label or USER, target.label)
    for index in sorted(span):
        reset(state, scope.nodes[index], span)
    target.feedback, target.told = (body.reason, previous), told
    look(state, target)


def _overridden(state: RunState, body: NodeOverridden, path: NodePath, _key: str, _at: int) -> None:
    node = take(state, path)
    if node is None:
        return
    reset(state, node, frozenset({node.node.index}))
    node.edits = body.values
    look(state, node)


def _fact(state: RunState, body: FactEmitted, path: NodePath, key: str, at: int) -> None:
    if body.fact == "event":
        _signalled(state, SignalReceived(name=body.name, by=path, value=body.value), path, key, at)


# ── effects ──


def _owner(state: RunState, path: NodePath) -> NodeState | None:
    """Return the node that an effect belongs to; those of a fallback stand at `node.fallback1`."""
    return state.nodes.get(path) or state.nodes.get(NodePath(path.rpartition(".fallback")[0]))


def _staged(state: RunState, body: EffectStaged, path: NodePath, _key: str, _at: int) -> None:
    stage(state, body, path)


def _resolved(state: RunState, body: OutboxReleased | OutboxDropped, path: NodePath, _key: str, _at: int) -> None:
    resolve(state, body, path)


def _intent(state: RunState, body: EffectIntent, path: NodePath, _key: str, at: int) -> None:
    sent(state, body.id)
    effect = state.effect(body.id)
    effect.attempts += 1
    effect.lost += 1
    effect.doubt = True
    effect.send_before = body.send_before
    effect.once = body.delivery == "once"
    node = _owner(state, path)
    if node is not None:
        node.begun = True
        if state.metered:
            reserved(state, body, node)
        state.hold(node)
        if state.metered or node.node.compensation is not None or body.delivery == "once":
            state.doubts.setdefault(node.path, set()).add(body.id)
        if body.fingerprint:
            state.trajectory.begun(trail(node), body.effect, body.fingerprint, body.id, at=at)
        undo_of(state, node)


def _outcome(state: RunState, body: EffectOutcome, path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    if state.metered and (node := _owner(state, path)) is not None:
        settled(state, body, node)
    if body.status != "unknown":
        effect.doubt = False
        effect.lost = 0
        _no_doubt(state, body.id, path)
    if body.status == "ok":
        effect.reply = body.reply
    if body.fingerprint and (node := _owner(state, path)) is not None:
        state.trajectory.ended(trail(node), body.id, body.fingerprint)
    came_of(state, body)


def _no_doubt(state: RunState, effect: EffectKey, path: NodePath) -> None:
    node = _owner(state, path) if state.doubts else None
    if node is not None and node.path in state.doubts:
        state.doubts[node.path].discard(effect)


def _denied(state: RunState, body: EffectDenied, _path: NodePath, _key: str, _at: int) -> None:
    state.effect(body.id)


def _masked(state: RunState, body: ValuesMasked, _path: NodePath, _key: str, _at: int) -> None:
    state.masked.append(body.values)


# ── posts ──


def _answered(state: RunState, body: ApprovalGiven, path: NodePath, key: str, at: int) -> None:
    node = state.nodes.get(path)
    if node is None or node.status != "waiting" or node.parked is None:
        return
    if not heard(node, body, at):
        return
    node.answer, node.answered_at = body, at
    about = (*((EffectKey(node.parked.effect),) if node.parked.effect else ()), *node.parked.staged)
    for effect in about if body.verdict != "rejected" else ():
        agree(state.effect(effect), node, body, key)
    resume(state, node)


def _signalled(state: RunState, body: SignalReceived, _path: NodePath, _key: str, at: int) -> None:
    for node in state.nodes.values():
        if node.status == "waiting" and node.parked is not None and node.parked.signal == body.name and is_alive(node):
            node.answer, node.answered_at = body, at
            resume(state, node)
            return
    state.signals.setdefault(body.name, []).append((body, at))


def _doubt_settled(state: RunState, body: DoubtSettled, path: NodePath, _key: str, _at: int) -> None:
    effect = state.effect(body.id)
    effect.doubt, effect.landed, effect.reply = False, body.landed, body.reply
    effect.lost = 0
    landed(state, body.id, happened=body.landed)
    if not body.landed:
        if state.metered and (owner := _owner(state, path)) is not None:
            released(body.id, owner)
        _no_doubt(state, body.id, path)
    node = state.nodes.get(path)
    if node is not None and node.status == "waiting" and node.parked is not None and node.parked.reason == "doubt":
        resume(state, node)


def _override_requested(state: RunState, body: OverrideRequested, path: NodePath, key: str, _at: int) -> None:
    state.requests[path] = Request(body, key)


def _paused(state: RunState, _body: PauseRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.paused = True


def _resumed(state: RunState, _body: ResumeRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.paused = False


def _cancelled(state: RunState, body: CancelRequested, _path: NodePath, _key: str, _at: int) -> None:
    state.cancel = True
    state.kill = state.kill or body.kill


def _retry_requested(state: RunState, _body: RetryRequested, _path: NodePath, _key: str, at: int) -> None:
    state.ended = state.ending = None
    state.trajectory = Trajectory()  # a person says that it shall go on
    state.cancel = state.kill = state.paused = False
    state.not_undone = 0
    reopen(state, state.root, at)


def _run_ending(state: RunState, body: RunEnding, _path: NodePath, _key: str, at: int) -> None:
    end(state, Ending(body.status, body.code, NodePath(body.node)), at)


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
    NodeOverridden: _overridden,
    FactEmitted: _fact,
    EffectIntent: _intent,
    EffectOutcome: _outcome,
    EffectStaged: _staged,
    OutboxReleased: _resolved,
    OutboxDropped: _resolved,
    EffectDenied: _denied,
    ValuesMasked: _masked,
    ApprovalGiven: _answered,
    SignalReceived: _signalled,
    DoubtSettled: _doubt_settled,
    OverrideRequested: _override_requested,
    PauseRequested: _paused,
    ResumeRequested: _resumed,
    CancelRequested: _cancelled,
    RetryRequested: _retry_requested,
    RunEnding: _run_ending,
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
