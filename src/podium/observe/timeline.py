"""What became of a run and of each of its nodes: a fold over records, without I/O.

- A `Timeline` takes the records of one run in order (`add`), now or as they come; `view` is what they say so far.
- It reads no payload: what a person or program wrote is given as `PayloadRef`, and whoever shows it fetches it.
- A node appears with its first record. A node that calls nothing has one record only, so it starts and ends at once.
- Attempts are physical tries of the node; tokens are summed over all its calls, failed ones included.
- A node that was at work when its run ended is `stopped`, and is at work again when somebody retries the run.

```python
timeline = Timeline()
for record in await store.records(run):
    timeline.add(record)
timeline.view.waits  # what the run needs from people
```
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from podium.clock import Millis
from podium.ids import EffectKey, NodePath, RunId, WorkflowVersion
from podium.ledger.record import (
    AdminNoted,
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
from podium.observe.view import EffectView, NodeView, Progress, RunView, Wait


class Timeline:
    """The fold. Not for several runs: one object, one run."""

    def __init__(self, run: RunId) -> None:
        self._run = RunView(run=run)
        self._nodes: dict[NodePath, NodeView] = {}
        self._working: dict[NodePath, NodeView] = {}
        self._changed: dict[NodePath, None] = {}
        self._intents: dict[EffectKey, tuple[NodePath, EffectIntent]] = {}
        self._writes: list[EffectView] = []

    @property
    def view(self) -> RunView:
        """What the records say so far."""
        return replace(self._run, nodes=tuple(self._nodes.values()), writes=tuple(self._writes))

    @property
    def run(self) -> RunId:
        """The run that is told of."""
        return self._run.run

    @property
    def waits(self) -> tuple[NodeView, ...]:
        """The nodes that wait, in the order in which they began."""
        return tuple(node for node in self._working.values() if node.wait is not None)

    def progress(self) -> Progress:
        """Return what has moved since the last call."""
        changed, self._changed = self._changed, {}
        return Progress(
            run=self._run.run,
            created_at=self._run.created_at,
            changed=tuple(self._nodes[path] for path in changed),
            working=tuple(self._working.values()),
            closed=len(self._nodes) - len(self._working),
        )

    @property
    def seq(self) -> int:
        """The last record that was added."""
        return self._run.seq

    @property
    def ended(self) -> RunStatus | None:
        """How the run ended, None while it has not."""
        return self._run.ended

    def add(self, record: Record) -> None:
        """Take the next record of the run."""
        self._run = replace(self._run, seq=record.seq, updated_at=record.at)
        match record.body:
            case (
                RunCreated()
                | RunClaimed()
                | CancelRequested()
                | RetryRequested()
                | RunEnded()
                | SignalReceived()
                | AdminNoted()
            ) as body:
                self._about_run(record, body)
            case EffectIntent() | EffectOutcome() | EffectDenied() | DoubtSettled() as body:
                self._about_effect(record, body)
            case body:
                self._about_node(record, body)

    def _about_run(
        self,
        record: Record,
        body: RunCreated | RunClaimed | CancelRequested | RetryRequested | RunEnded | SignalReceived | AdminNoted,
    ) -> None:
        match body:
            case RunCreated():
                self._run = replace(
                    self._run,
                    workflow=body.workflow,
                    version=WorkflowVersion(body.version),
                    principal=body.principal,
                    created_at=record.at,
                    inputs=body.inputs,
                )
            case RunClaimed():
                self._run = replace(self._run, worker=body.worker, epoch=body.epoch)
            case CancelRequested():
                self._run = replace(self._run, cancelled_by=body.by)
            case RetryRequested():
                self._run = replace(self._run, ended=None, code="", node="", result=None, cancelled_by="")
                self._reopen(record.at)
            case RunEnded():
                self._run = replace(self._run, ended=body.status, result=body.result, code=body.code, node=body.node)
                self._stop(record.at)
            case SignalReceived():
                self._received(body.name)
            case AdminNoted():
                pass
            case _:
                assert_never(body)

    def _about_effect(self, record: Record, body: EffectIntent | EffectOutcome | EffectDenied | DoubtSettled) -> None:
        match body:
            case EffectIntent():
                path = self._path(record)
                self._intents[body.id] = (path, body)
                self._change(record, status="running", ended_at=Millis(0), wait=None)
            case EffectOutcome():
                self._settle(record, body)
            case EffectDenied():
                self._change(record)
            case DoubtSettled():
                known = self._intents.get(body.id)
                if known and known[0] in self._nodes:
                    self._put(replace(self._nodes[known[0]], status="running", wait=None))
            case _:
                assert_never(body)

    def _about_node(
        self,
        record: Record,
        body: NodeForked | NodeParked | NodeDone | NodeRevised | NodeFailed | NodeSkipped | ApprovalGiven,
    ) -> None:
        match body:
            case NodeForked():
                self._change(record, items=body.count)
            case NodeParked():
                self._park(record, body)
            case NodeDone():
                self._change(
                    record,
                    status="done",
                    port=body.port,
                    out=body.out,
                    note=body.reason,
                    ended_at=record.at,
                    wait=None,
                )
            case NodeRevised():
                self._change(record, status="done", port="revise", note=body.reason, ended_at=record.at, wait=None)
            case NodeFailed():
                self._fail(record, body)
            case NodeSkipped():
                self._change(record, status="skipped", skipped=body.reason, attempts=0, ended_at=record.at)
            case ApprovalGiven():
                self._change(record, status="running", wait=None)
            case _:
                assert_never(body)

    def _park(self, record: Record, body: NodeParked) -> None:
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
        )
        self._change(record, status="retrying" if body.reason == "retry" else "waiting", wait=wait)

    def _fail(self, record: Record, body: NodeFailed) -> None:
        self._change(
            record,
            status="failed" if body.final else "retrying",
            code=body.code,
            error_kind=body.error_kind,
            error=body.error,
            ended_at=record.at if body.final else Millis(0),
            wait=Wait(reason="retry", due=body.retry_at, since=record.at) if body.retry_at and not body.final else None,
        )

    def _settle(self, record: Record, body: EffectOutcome) -> None:
        path, intent = self._intents.get(body.id, (self._path(record), None))
        node = self._nodes.get(path) or NodeView(path=path, started_at=record.at)
        self._put(
            replace(
                node,
                model=body.model or node.model,
                input_tokens=node.input_tokens + body.input_tokens,
                output_tokens=node.output_tokens + body.output_tokens,
            )
        )
        if intent and body.status == "ok" and body.reply and intent.effect_class in {"write", "irreversible"}:
            self._writes.append(
                EffectView(path=path, effect=intent.effect, effect_class=intent.effect_class, reply=body.reply)
            )

    def _received(self, signal: str) -> None:
        for node in self.waits:
            if node.wait and node.wait.reason == "signal" and node.wait.signal == signal:
                self._put(replace(node, status="running", wait=None))

    def _reopen(self, at: Millis) -> None:
        for node in tuple(self._nodes.values()):
            if node.status in {"failed", "stopped"}:
                self._put(replace(node, status="running", started_at=at, ended_at=Millis(0)))

    def _stop(self, at: Millis) -> None:
        for node in tuple(self._working.values()):
            self._put(replace(node, status="stopped", ended_at=at, wait=None))

    def _change(self, record: Record, **changes: object) -> None:
        """Change the record's node, which begins with this record when it is its first."""
        path = self._path(record)
        node = self._nodes.get(path) or NodeView(path=path, started_at=record.at)
        changes.setdefault("attempts", max(node.attempts, record.attempt))
        self._put(replace(node, **changes))

    def _put(self, node: NodeView) -> None:
        self._nodes[node.path] = node
        self._changed[node.path] = None
        if node.ended_at:
            self._working.pop(node.path, None)
        else:
            self._working[node.path] = node

    @staticmethod
    def _path(record: Record) -> NodePath:
        return NodePath(record.path)
