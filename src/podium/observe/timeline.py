"""What became of a run and of each of its nodes: a fold over records, without I/O.

- A `Timeline` takes the records of one run in order (`add`), now or as they come; `view` is what they say so far.
- It reads no payload: what a person or program wrote is given as `PayloadRef`, and whoever shows it fetches it.
- What it says of a node is told in `podium.observe.nodes`.
- A node that was at work when its run ended is `stopped`, and is at work again when somebody retries the run.
- A run that goes on from another one tells only what it did itself.

```python
timeline = Timeline(run)
for record in await store.records(run):
    timeline.add(record)
timeline.view.waits  # what the run needs from people
```
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from podium.ids import RunId, WorkflowVersion
from podium.ledger.record import (
    AdminNoted,
    AutonomySet,
    CancelRequested,
    DeadDropped,
    DoubtSettled,
    EffectDenied,
    EffectIntent,
    EffectOutcome,
    EffectStaged,
    NoticeSent,
    OutboxDropped,
    OutboxReleased,
    PauseRequested,
    Prioritised,
    Record,
    ResumeRequested,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    RunEnding,
    RunStatus,
    SignalReceived,
    StandingGiven,
    StandingRevoked,
    StandingUsed,
    ValuesMasked,
)
from podium.observe.nodes import NodeViews
from podium.observe.view import NodeView, Progress, RunView

_Wish = CancelRequested | RetryRequested | PauseRequested | ResumeRequested | Prioritised | DeadDropped | SignalReceived


class Timeline:
    """The fold. Not for several runs: one object, one run."""

    def __init__(self, run: RunId) -> None:
        self._run = RunView(run=run)
        self._nodes = NodeViews()
        self._told = 0

    @property
    def view(self) -> RunView:
        """What the records say so far."""
        nodes = self._nodes
        return replace(self._run, nodes=tuple(nodes.all.values()), writes=tuple(nodes.writes), facts=tuple(nodes.facts))

    @property
    def run(self) -> RunId:
        """The run that is told of."""
        return self._run.run

    @property
    def waits(self) -> tuple[NodeView, ...]:
        """The nodes that wait, in the order in which they began."""
        return tuple(node for node in self._nodes.working.values() if node.wait is not None)

    def progress(self) -> Progress:
        """Return what has moved since the last call."""
        facts, self._told = self._nodes.facts[self._told :], len(self._nodes.facts)
        return Progress(
            run=self._run.run,
            created_at=self._run.created_at,
            changed=self._nodes.take_changed(),
            working=tuple(self._nodes.working.values()),
            closed=len(self._nodes.all) - len(self._nodes.working),
            facts=tuple(facts),
            paused_by=self._run.paused_by,
        )

    @property
    def seq(self) -> int:
        """The last record that was added."""
        return self._run.seq

    @property
    def ended(self) -> RunStatus | None:
        """How the run ended, None while it has not."""
        return self._run.ended

    @property
    def paused(self) -> bool:
        """Whether somebody paused it."""
        return bool(self._run.paused_by)

    def add(self, record: Record) -> None:
        """Take the next record of the run."""
        self._run = replace(self._run, seq=record.seq, updated_at=record.at)
        match record.body:
            case RunCreated() | RunClaimed() | RunEnding() | RunEnded() as body:
                self._about_run(record, body)
            case (
                CancelRequested()
                | RetryRequested()
                | PauseRequested()
                | ResumeRequested()
                | Prioritised()
                | DeadDropped()
                | SignalReceived()
            ) as body:
                self._wished(record, body)
            case (
                EffectIntent()
                | EffectOutcome()
                | EffectDenied()
                | EffectStaged()
                | OutboxReleased()
                | OutboxDropped()
                | DoubtSettled()
            ) as body:
                self._nodes.about_effect(record, body)
            case (
                AdminNoted()
                | AutonomySet()
                | NoticeSent()
                | StandingGiven()
                | StandingUsed()
                | StandingRevoked()
                | ValuesMasked()
            ):
                pass
            case body:
                self._nodes.about_node(record, body)

    def _about_run(self, record: Record, body: RunCreated | RunClaimed | RunEnding | RunEnded) -> None:
        match body:
            case RunCreated():
                self._run = replace(
                    self._run,
                    workflow=body.workflow,
                    version=WorkflowVersion(body.version),
                    principal=body.principal,
                    created_at=record.at,
                    inputs=body.inputs,
                    parent=body.parent,
                    fork=body.fork,
                    priority=body.priority,
                    slot=body.slot,
                    mode=body.mode,
                )
            case RunClaimed():
                self._run = replace(self._run, worker=body.worker, epoch=body.epoch)
            case RunEnding():
                self._run = replace(self._run, ending=body.status, code=body.code, node=body.node)
                self._nodes.leave(record.at, body.node)
            case RunEnded():
                self._run = replace(
                    self._run,
                    ended=body.status,
                    ending=None,
                    result=body.result,
                    code=body.code,
                    node=body.node,
                    not_undone=body.not_undone,
                    unreleased=body.unreleased,
                )
                self._nodes.leave(record.at, body.node)
            case _:
                assert_never(body)

    def _wished(self, record: Record, body: _Wish) -> None:
        match body:
            case CancelRequested():
                self._run = replace(self._run, cancelled_by=body.by)
            case RetryRequested():
                self._run = replace(
                    self._run,
                    ended=None,
                    ending=None,
                    code="",
                    node="",
                    result=None,
                    not_undone=0,
                    unreleased=0,
                    cancelled_by="",
                    paused_by="",
                    dropped_by="",
                )
                self._nodes.reopen(record.at)
            case PauseRequested():
                self._run = replace(self._run, paused_by=body.by)
            case ResumeRequested():
                self._run = replace(self._run, paused_by="")
            case Prioritised():
                self._run = replace(self._run, priority=body.priority)
            case DeadDropped():
                self._run = replace(self._run, dropped_by=body.by)
            case SignalReceived():
                self._nodes.received(body.name)
            case _:
                assert_never(body)
