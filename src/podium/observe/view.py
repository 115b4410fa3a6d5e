"""How a run and its nodes stand: the values that a timeline gives out.

What people and programs wrote is given as `PayloadRef`; whoever shows it fetches it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from podium.clock import Millis
from podium.errors import ErrorKind
from podium.gate.approval import Ballot
from podium.ids import NodePath, RunId, WorkflowVersion
from podium.ledger.record import ForkedFrom, PayloadRef, RunMode, RunStatus
from podium.spec.approval_rule import Terms
from podium.spec.model import HANDLED_PORTS

NodeStatus = Literal["running", "retrying", "waiting", "done", "failed", "skipped", "stopped", "overridden"]
"""`overridden`: a person let it begin anew; what came of that stands at the path of the next round."""


class Wait(Struct, frozen=True, kw_only=True):
    """What a node waits for.

    Attributes:
        question: JSON object of the question, for approvals, signals, and failed nodes that ask.
        due: When it ends by itself, 0 for never.
        effect, target: Key and name of the doubtful effect, for `doubt`.
        since: When it began.
        terms, ballots: Of an approval: who must agree, and what was said so far.
    """

    reason: Literal["approval", "signal", "timer", "retry", "doubt", "ask"]
    question: PayloadRef | None = None
    roles: tuple[str, ...] = ()
    signal: str = ""
    due: Millis = Millis(0)
    effect: str = ""
    target: str = ""
    since: Millis = Millis(0)
    terms: Terms | None = None
    ballots: tuple[Ballot, ...] = ()


class NodeView(Struct, frozen=True, kw_only=True):
    """One node at one place.

    Attributes:
        port: The way it was left by, when done; `also`: further ones.
        skipped: Why, when skipped.
        model: The last model that answered.
        ended_at: 0 while it is open.
        out: Its result, None for null.
        note: Why it left by a port other than `out` (text).
        code, error_kind, error: Of the last failed attempt, also when a later one succeeded.
        items: What it opened inside itself: items of a map, rounds of a loop, parts of a scope.
        wait: What it waits for, None when it does not.
        fallback: Which of its fallbacks is tried, or gave the result; 0 for itself.
        overridden_by: Who supplied its result, skipped it or let it begin anew, "" when nobody did.
    """

    path: NodePath
    status: NodeStatus = "running"
    attempts: int = 1
    port: str = ""
    skipped: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    started_at: Millis = Millis(0)
    ended_at: Millis = Millis(0)
    out: PayloadRef | None = None
    note: PayloadRef | None = None
    code: str = ""
    error_kind: ErrorKind | None = None
    error: PayloadRef | None = None
    items: int = 0
    wait: Wait | None = None
    also: tuple[str, ...] = ()
    fallback: int = 0
    overridden_by: str = ""

    @property
    def label(self) -> str:
        """How it stands in a word: its status, or the port by which it left when that was no success."""
        if self.status == "skipped" and self.skipped == "withdrawn":
            return "withdrawn"
        match self.port:
            case "revise":
                return "revised"
            case "stop:failed":
                return "failed"
            case port if self.status == "done" and port in HANDLED_PORTS:
                return port
            case _:
                return self.status

    def ms(self, now: Millis) -> int:
        """Return how long it took, or has taken by `now`."""
        return max(0, (self.ended_at or now) - self.started_at)


class EffectView(Struct, frozen=True, kw_only=True):
    """An effect that succeeded: who asked for it, what it does to the world, and the recorded reply."""

    path: NodePath
    effect: str
    effect_class: Literal["none", "read", "write", "irreversible"]
    reply: PayloadRef


class FactView(Struct, frozen=True, kw_only=True):
    """Something that a node made known; `value`: JSON, None for null."""

    path: NodePath
    fact: Literal["fact", "event", "notification"]
    name: str
    value: PayloadRef | None = None
    at: Millis = Millis(0)


class RunView(Struct, frozen=True, kw_only=True):
    """A run as a whole.

    Attributes:
        ended: How it ended, None while it has not.
        ending: How it will end, once what it did is undone.
        code, node: What ended it, when it is not done.
        not_undone: Compensations that failed.
        cancelled_by, paused_by, dropped_by: Who asked for that, "" when nobody did, or somebody took it back.
        parent: The run that started it, "" when it stands alone.
        fork: The point of another run from which it goes on.
        mode: What it may do to the world.
        unreleased: Effects that were prepared and did not happen, once it has ended.
        slot: What it shares with the runs that take turns with it, "" when it need not wait for any.
        worker: Who took it last, and `epoch` how often it was taken.
        seq: The last record.
    """

    run: RunId
    workflow: str = ""
    version: WorkflowVersion = WorkflowVersion("")
    principal: str = ""
    created_at: Millis = Millis(0)
    updated_at: Millis = Millis(0)
    ended: RunStatus | None = None
    inputs: PayloadRef | None = None
    result: PayloadRef | None = None
    code: str = ""
    node: str = ""
    cancelled_by: str = ""
    worker: str = ""
    epoch: int = 0
    seq: int = 0
    nodes: tuple[NodeView, ...] = ()
    writes: tuple[EffectView, ...] = ()
    facts: tuple[FactView, ...] = ()
    ending: RunStatus | None = None
    not_undone: int = 0
    paused_by: str = ""
    dropped_by: str = ""
    parent: str = ""
    fork: ForkedFrom | None = None
    priority: int = 5
    slot: str = ""
    mode: RunMode = "live"
    unreleased: int = 0

    @property
    def waits(self) -> tuple[NodeView, ...]:
        """Return the nodes that wait, in the order in which they appeared."""
        return tuple(node for node in self.nodes if node.wait is not None)


class Progress(Struct, frozen=True, kw_only=True):
    """What has moved since somebody looked last; costs what moved, not what there is.

    Attributes:
        changed: Nodes as they are now, in the order in which they first moved.
        working: Nodes that are at work or wait.
        closed: How many nodes have ended.
        facts: What was made known.
        paused_by: Who paused the run, "" when nobody did.
    """

    run: RunId
    created_at: Millis
    changed: tuple[NodeView, ...]
    working: tuple[NodeView, ...]
    closed: int
    facts: tuple[FactView, ...] = ()
    paused_by: str = ""
