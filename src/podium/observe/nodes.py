"""What became of the nodes of a run: the part of a timeline that is about single nodes.

- A node appears with its first record. A node that calls nothing has one record only, so it starts and ends at once.
- Attempts are physical tries of the node; tokens are summed over all its calls, failed ones included. The effects of a
  fallback stand at `draft.fallback1` and count for `draft`. A compensation is a node of its own, `charge.compensate`.
- What was at work inside a node when that ended is `stopped`: nothing more is recorded of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from msgspec.structs import replace

from podium.clock import Millis
from podium.effects.ballots import ballot_of
from podium.gate.approval import judge
from podium.ids import EffectKey, NodePath
from podium.ledger.record import (
    ApprovalGiven,
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
    Record,
)
from podium.observe.view import EffectView, FactView, NodeView, Wait

EffectBody = EffectIntent | EffectOutcome | EffectDenied | EffectStaged | OutboxReleased | OutboxDropped | DoubtSettled
NodeBody = (
    NodeForked
    | NodeParked
    | NodeDone
    | NodeRevised
    | NodeOverridden
    | NodeFailed
    | NodeSkipped
    | FactEmitted
    | ApprovalGiven
    | OverrideRequested
)

_INSIDE = ("/", "[", ".")


class NodeViews:
    """The nodes of one run as its records come."""

    def __init__(self) -> None:
        self.all: dict[NodePath, NodeView] = {}
        self.working: dict[NodePath, NodeView] = {}
        self.writes: list[EffectView] = []
        self.facts: list[FactView] = []
        self._changed: dict[NodePath, None] = {}
        self._intents: dict[EffectKey, tuple[NodePath, EffectIntent]] = {}
        self._staged: dict[EffectKey, NodePath] = {}
        self._overrides: dict[str, str] = {}
        self._left: set[NodePath] = set()

    def take_changed(self) -> tuple[NodeView, ...]:
        """Return the nodes that have changed since the last call."""
        changed, self._changed = self._changed, {}
        return tuple(self.all[path] for path in changed)

    def about_effect(self, record: Record, body: EffectBody) -> None:
        """Take what is known of an effect of a node."""
        match body:
            case EffectIntent():
                path = owner_of(record.path)
                self._intents[body.id] = (path, body)
                self._change(record, path, status="running", ended_at=Millis(0), wait=None)
            case EffectOutcome():
                self._settle(record, body)
            case EffectStaged():
                self._staged[body.id] = owner_of(record.path)
                self._change(record, owner_of(record.path))
            case EffectDenied() | OutboxReleased() | OutboxDropped():
                self._change(record, owner_of(record.path))
            case DoubtSettled():
                known = self._intents.get(body.id)
                if known and known[0] in self.all:
                    self._put(replace(self.all[known[0]], status="running", wait=None))
            case _:
                assert_never(body)

    def about_node(self, record: Record, body: NodeBody) -> None:
        """Take what has become of a node, or what somebody says to it."""
        path = NodePath(record.path)
        match body:
            case NodeForked():
                items = max(body.start + body.count, self._items(path))
                self._change(record, path, status="running", items=items, wait=None)
            case NodeParked():
                self._park(record, path, body)
            case NodeDone():
                self._end(
                    record,
                    path,
                    status="done",
                    port=body.port,
                    also=body.also,
                    out=body.out,
                    note=body.reason,
                    overridden_by=self._overrides.get(body.override, ""),
                )
            case NodeRevised():
                self._end(record, path, status="done", port="revise", note=body.reason)
            case NodeOverridden():
                self._end(record, path, status="overridden", overridden_by=self._overrides.get(body.override, ""))
            case NodeFailed():
                self._fail(record, path, body)
            case NodeSkipped():
                self._skip(record, path, body)
            case FactEmitted():
                fact = FactView(path=path, fact=body.fact, name=body.name, value=body.value, at=record.at)
                self.facts.append(fact)
                if body.fact == "event":  # it is given to what the run waits for, too
                    self.received(body.name)
            case ApprovalGiven():
                self._said(record, path, body)
            case OverrideRequested():
                self._overrides[record.key] = body.by
                if path in self.working:
                    self._change(record, path, status="running", wait=None)
            case _:
                assert_never(body)

    def received(self, signal: str) -> None:
        """Let the first node that waits for a signal go on."""
        for node in self.working.values():
            if node.wait and node.wait.reason == "signal" and node.wait.signal == signal:
                self._put(replace(node, status="running", wait=None))
                return

    def leave(self, at: Millis, failed: str) -> None:
        """The run is over, because of the node `failed` if that is not ""; nothing more is recorded of what is at work.

        What was going on then, and what had failed there, goes on when somebody retries the run.
        """
        self._left |= {*self.working, *(path for path in self.all if failed and _is_at(path, failed))}
        self._stop(tuple(self.working.values()), at)

    def reopen(self, at: Millis) -> None:
        """Let go on what had not come to its end when the run was over; a failure that was handled stays one."""
        for path, node in tuple(self.all.items()):
            if path in self._left and node.status in {"failed", "stopped"}:
                self._put(replace(node, status="running", started_at=at, ended_at=Millis(0)))
        self._left.clear()

    def _stop_inside(self, path: NodePath, at: Millis) -> None:
        self._stop(tuple(node for node in self.working.values() if node.path != path and _is_at(node.path, path)), at)

    def _stop(self, nodes: Iterable[NodeView], at: Millis) -> None:
        for node in nodes:
            self._put(replace(node, status="stopped", ended_at=at, wait=None))

    def _items(self, path: NodePath) -> int:
        node = self.all.get(path)
        return node.items if node else 0

    def _park(self, record: Record, path: NodePath, body: NodeParked) -> None:
        if body.reason == "sources":  # a join that looks for more has asked nobody
            self._change(record, path, status="waiting", wait=None)
            return
        known = self._intents.get(EffectKey(body.effect))
        wait = Wait(
            reason=body.reason,
            question=body.question,
            roles=body.roles,
            signal=body.signal,
            due=body.due,
            effect=body.effect,
            target=known[1].effect if known else "",
            since=record.at,
            terms=body.terms,
        )
        self._change(record, path, status="retrying" if body.reason == "retry" else "waiting", wait=wait)

    def _said(self, record: Record, path: NodePath, body: ApprovalGiven) -> None:
        """Take an answer, after which the node may still wait for others."""
        node = self.all.get(path)
        wait = node.wait if node is not None else None
        if wait is not None and wait.terms is not None:
            ballots = (*wait.ballots, ballot_of(body, record.at))
            if judge(wait.terms, ballots, now=record.at).state == "pending":
                self._change(record, path, status="waiting", wait=replace(wait, ballots=ballots))
                return
        self._change(record, path, status="running", wait=None)

    def _fail(self, record: Record, path: NodePath, body: NodeFailed) -> None:
        told: dict[str, object] = {"code": body.code, "error_kind": body.error_kind, "error": body.error}
        if body.final:
            self._end(record, path, status="failed", **told)
            return
        match body.then:
            case "fallback":
                node = self.all.get(path)
                told |= {"status": "running", "fallback": node.fallback + 1 if node else 1}
                self._change(record, path, wait=None, **told)
            case "inside":  # what was at work there is over; the node makes something of it
                self._change(record, path, **told)
                self._stop_inside(path, record.at)
            case "ask":  # the question follows
                self._change(record, path, status="waiting", wait=None, **told)
            case "retry" | "round":
                wait = Wait(reason="retry", due=body.retry_at, since=record.at) if body.retry_at else None
                self._change(record, path, status="retrying", wait=wait, ended_at=Millis(0), **told)
            case _:
                assert_never(body.then)

    def _skip(self, record: Record, path: NodePath, body: NodeSkipped) -> None:
        node = self.all.get(path)
        by = self._overrides.get(body.override, "")
        attempts = node.attempts if node else 0
        self._end(record, path, status="skipped", skipped=body.reason, attempts=attempts, overridden_by=by)

    def _settle(self, record: Record, body: EffectOutcome) -> None:
        path, intent = self._intents.get(body.id, (owner_of(record.path), None))
        node = self.all.get(path) or NodeView(path=path, started_at=record.at)
        self._put(
            replace(
                node,
                model=body.model or node.model,
                input_tokens=node.input_tokens + body.input_tokens,
                output_tokens=node.output_tokens + body.output_tokens,
            )
        )
        if intent and body.status == "ok" and body.reply and intent.effect_class in {"write", "irreversible"}:
            self.writes.append(
                EffectView(
                    path=self._staged.get(body.id, path),
                    effect=intent.effect,
                    effect_class=intent.effect_class,
                    reply=body.reply,
                )
            )

    def _end(self, record: Record, path: NodePath, **changes: object) -> None:
        self._change(record, path, ended_at=record.at, wait=None, **changes)
        if self.all[path].items:
            self._stop_inside(path, record.at)

    def _change(self, record: Record, path: NodePath, **changes: object) -> None:
        """Change a node, which begins with this record when it is its first."""
        node = self.all.get(path) or NodeView(path=path, started_at=record.at)
        changes.setdefault("attempts", max(node.attempts, record.attempt))
        self._put(replace(node, **changes))

    def _put(self, node: NodeView) -> None:
        self.all[node.path] = node
        self._changed[node.path] = None
        if node.ended_at:
            self.working.pop(node.path, None)
        else:
            self.working[node.path] = node


def owner_of(path: str) -> NodePath:
    """Return the node that the effects at a path belong to: `draft` for `draft.fallback1`."""
    node, _, number = path.rpartition(".fallback")
    return NodePath(node if node and number.isdecimal() else path)


def _is_at(path: str, node: str) -> bool:
    """Whether a path is that of a node, or of something inside it."""
    return path == node or path.startswith(tuple(node + mark for mark in _INSIDE))
