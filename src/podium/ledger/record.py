"""What happened: the kinds of records and the envelope around them.

What a record is:

1. Records hold ids, enums, integers and digests only. Whatever a person or a program wrote (prompts, results, error
   texts, reasons) is a *payload*: it stands outside the chain and the record refers to it by `PayloadRef`.
2. The stored bytes are canonical JSON (RFC 8785, restricted profile: ASCII keys, no floats, integers below 2^53) of
   `{at, attempt?, body: {kind, …}, key?, path?, prev, seq, stream, v}`; fields with their default value are left out.
3. `hash` is the RFC 6962 leaf hash of these bytes, SHA-256(0x00 || bytes). `prev` is the hash of the record before it
   in its stream, 64 zeros for the first. `seq` counts from 1 without gaps.
4. `seq`, `prev` and `at` are assigned inside the transaction that stores the record, by `ledger.journal`.

A kind is one struct below; its tag is `kind`. Unknown kinds and fields are refused on reading.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from podium.clock import Millis
from podium.errors import ErrorKind
from podium.ids import Digest, EffectKey, NodePath, RunId
from podium.spec.amounts import Amounts, Limits
from podium.spec.approval_rule import Terms
from podium.spec.autonomy import Autonomy
from podium.spec.label import Integrity, Label
from podium.spec.standing import Scope

FORMAT = 1
"""Version of the record format."""

GENESIS = Digest("0" * 64)
"""`prev` of the first record of a stream."""

MAX_INT = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

Int = Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)]
Time = Annotated[Millis, Meta(ge=-MAX_INT, le=MAX_INT)]


class PayloadRef(Struct, frozen=True, omit_defaults=True, gc=False):
    """Where a payload is found and what proves it.

    Attributes:
        digest: Salted commitment: SHA-256(salt || bytes). The salt (16 random bytes) stands beside the payload and is
            erased with it, so the digest of an erased payload tells nothing.
        size: Bytes.
    """

    digest: Digest
    size: Int


class Body(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", gc=False):
    """What is special to a kind of record; like everything here without cycles, so the collector need not look."""


RunMode = Literal["live", "shadow", "dry"]
"""What a run may do to the world."""


class ForkedFrom(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The point of another run at which this one begins: what it had found by then stands, but for some nodes.

    Attributes:
        run, seq, hash: The last record of the other run that counts.
        again: Paths of the nodes that are done anew, with everything that builds on them.
    """

    run: RunId
    seq: Int
    hash: Digest
    again: tuple[str, ...] = ()


class ArgumentLabel(Struct, frozen=True, gc=False):
    """What one argument of a call, or one input of a run, may do."""

    name: str
    label: Label


class SharedBudget(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A budget that several runs share.

    Attributes:
        id: Its name and its period, `support/2026-11`; `run/<id>` for that of a run that the runs it started share.
        limits: As they were then; -1 for none.
        allow_unknown: Whether calls may be made of which nobody knows the cost.
    """

    id: str
    limits: Limits
    allow_unknown: bool = False


class RunCreated(Body, frozen=True, tag="run.created", kw_only=True):
    """A run exists.

    Attributes:
        workflow, version: What it executes; it stays with this version.
        inputs: JSON object of all inputs, defaults filled in.
        principal: Who started it.
        deadline: When it must have ended, or 0.
        idle_ms: How long it may go without a new record while it is not waiting for people, or 0.
        chain: In whose names the run acted that started this one: persons, workflows, agents. It acts in theirs, too.
        root, parent: The runs it stands under; its own id when it stands alone.
        fork: What it goes on from, None for a run that begins at the beginning.
        priority: 0 to 9; higher ones are taken up first.
        slot, slots: At most `slots` runs with the same `slot` are under way at once; "" for no such limit.
        labels: Of inputs that another run gave, by name; those of a person are the person's own word.
        mode: `shadow` reads for real and writes nothing; in a `dry` run nothing leaves at all. It never changes.
        budgets: Those of the run that started this one: what this one uses counts there, too.
        author: Who published the version, as far as somebody must know.
        autonomy: How far the run that started this one could go by itself, by its files; None when nothing was said.
    """

    workflow: str
    version: str
    inputs: PayloadRef
    principal: str
    deadline: Time = Millis(0)
    idle_ms: Int = 0
    root: RunId
    parent: str = ""
    chain: tuple[str, ...] = ()
    fork: ForkedFrom | None = None
    priority: Int = 5
    slot: str = ""
    slots: Int = 0
    labels: tuple[ArgumentLabel, ...] = ()
    mode: RunMode = "live"
    budgets: tuple[SharedBudget, ...] = ()
    author: str = ""
    autonomy: Autonomy | None = None


class RunClaimed(Body, frozen=True, tag="run.claimed", kw_only=True):
    """A worker took the run; what an earlier epoch left open is doubt."""

    epoch: Int
    worker: str


class NodeForked(Body, frozen=True, tag="node.forked", kw_only=True):
    """A node opened (more) items of one of its bodies.

    Attributes:
        items: JSON list of what they are for; for a `signal`, its value.
        part: Which body; "" is the main one.
        start: The index of the first of them.
        signal: The name of the signal that asked for it, "" when the node itself did.
    """

    count: Int
    items: PayloadRef | None = None
    part: str = ""
    start: Int = 0
    signal: str = ""


class NodeParked(Body, frozen=True, tag="node.parked", kw_only=True):
    """A node waits.

    Attributes:
        reason: `doubt`: did the effect with `effect` land?
        question: JSON object of `Question` without its enums.
        due: When it expires, or 0 for never. For `timer` and `retry`: when it goes on.
        sources: Of a join: how many of its sources were looked at; for `sources`, they did not do.
        staged: Of a commit: the effects that it asks about.
        terms: Of an `approval`: who must agree, to what, and until when; None where the first answer of anybody counts.
    """

    reason: Literal["approval", "signal", "timer", "retry", "doubt", "ask", "sources"]
    question: PayloadRef | None = None
    roles: tuple[str, ...] = ()
    signal: str = ""
    due: Time = Millis(0)
    effect: str = ""
    sources: Int = 0
    staged: tuple[EffectKey, ...] = ()
    terms: Terms | None = None


class NodeDone(Body, frozen=True, tag="node.done", kw_only=True):
    """A node has its result.

    Attributes:
        port: The way it is left by; for a switch, the branch taken.
        out: Its result, None for null.
        reason: For a port other than `out`, why (payload: text).
        errors: Items of a map that failed.
        also: Further ports of its own by which it was left.
        override: Key of the request of a person who supplied this result, or "".
        label: What its result may do; None for what is the user's own and of the default level.
        endorsed: The parts of its result, by name, that a check it declares or a person vouches for; "" is all of it.
    """

    port: str = "out"
    out: PayloadRef | None = None
    reason: PayloadRef | None = None
    errors: Int = 0
    also: tuple[str, ...] = ()
    override: str = ""
    label: Label | None = None
    endorsed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # defaults are left out by identity, and a computed "out" is another object than the default: without this
        # one fact would have two canonical forms
        if self.port == "out":
            force_setattr(self, "port", "out")


class NodeRevised(Body, frozen=True, tag="node.revised", kw_only=True):
    """A validator sent a node back to work; `round` begins.

    Attributes:
        reason: Text. `label`: its label; None for what needs no mention.
    """

    target: str
    round: Int
    reason: PayloadRef
    label: Label | None = None


class NodeOverridden(Body, frozen=True, tag="node.overridden", kw_only=True):
    """A person let a node begin anew; `round` begins.

    Attributes:
        override: Key of the request.
        values: JSON `{key: value}` that replace the node's own, None to leave them.
    """

    round: Int
    override: str
    values: PayloadRef | None = None


class NodeFailed(Body, frozen=True, tag="node.failed", kw_only=True):
    """An attempt failed.

    Attributes:
        error: JSON {message, help, causes}; `causes` lists `{code, kind, message, path}`, the nearest first.
        final: Nothing will follow.
        then: What follows otherwise: another attempt at `retry_at`, the next of its `fallback` nodes, a question to a
            person; for a node with nodes inside, a new round of all of them at `retry_at`, or, when they took too
            long (`inside`), what it makes of their failure.
        label: What the error's text may do; None for what is the user's own and of the default level.
    """

    code: str
    error_kind: ErrorKind
    error: PayloadRef
    final: bool = False
    retry_at: Time = Millis(0)
    then: Literal["retry", "fallback", "ask", "round", "inside"] = "retry"
    label: Label | None = None


class NodeSkipped(Body, frozen=True, tag="node.skipped", kw_only=True):
    """A node will not run, or not any more.

    Attributes:
        reason: Its branch was not chosen, its `when` did not hold, what it needs did not succeed, it was withdrawn
            because something else was done or failed, a person said so, or, in a dry run, nobody can know what it would
            find (`unknown`).
        override: Key of the request of that person, or "".
    """

    reason: Literal["not_chosen", "when", "blocked", "withdrawn", "override", "unknown"]
    override: str = ""


class FactEmitted(Body, frozen=True, tag="fact.emitted", kw_only=True):
    """A node made something known.

    Attributes:
        fact: Its kind; an `event` is also given to what this run waits for.
        value: JSON, None for null.
    """

    fact: Literal["fact", "event", "notification"]
    name: str
    value: PayloadRef | None = None


class GateDecision(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the gate said and by what.

    Attributes:
        verdict: `allow`, `deny`, or `require_approval`.
        reasons: Codes of what decided.
        policies: Digest of the policies in force, or "" while there are none.
        approval: Key of the answer that allowed it, or "".
        chain: In whose names it acts: the person, the workflow, the agent.
        label: Of the request; None for what is the user's own and of the default level.
        arguments: Of a tool call: the arguments whose label is another one than that of the rest.
        obligations: What was, or has to be, done before it may happen: `approval`, `redact`, `stage`, `filter`.
        at: When it was decided; the policies in force may ask for the hour.
        control: Whose word the decisions are that led to it.
        untrusted: The arguments that decide who or what is affected, and that nobody vouches for.
    """

    verdict: Literal["allow", "deny", "require_approval"]
    reasons: tuple[str, ...] = ()
    policies: str = ""
    approval: str = ""
    chain: tuple[str, ...] = ()
    label: Label | None = None
    arguments: tuple[ArgumentLabel, ...] = ()
    obligations: tuple[str, ...] = ()
    at: Time = Millis(0)
    control: Integrity = "user"
    untrusted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.control == "user":  # one form, as in `NodeDone`
            force_setattr(self, "control", "user")


class Reservation(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The most that the effect may use, held until its settlement; each attempt is also one call.

    Attributes:
        tokens: The longest answer and the longest that the prompt can be.
        nano_usd, micro_wh: What it costs at most; -1 when that is not known.
        input_tokens, input_nano_usd, input_micro_wh: The part of it that is the prompt: it is counted by its bytes, so
            it is more than will be used.
        budgets: The budgets beyond this run that it counts against.
    """

    tokens: Int = 0
    nano_usd: Int = 0
    micro_wh: Int = 0
    input_tokens: Int = 0
    input_nano_usd: Int = 0
    input_micro_wh: Int = 0
    budgets: tuple[SharedBudget, ...] = ()

    @property
    def most(self) -> Amounts:
        """The most that one attempt uses."""
        return Amounts(self.tokens, self.nano_usd, 1, self.micro_wh)

    @property
    def need(self) -> Amounts:
        """What must be left for it: the prompt is counted generously, and does not."""
        return Amounts(
            self.tokens - self.input_tokens,
            self.nano_usd - self.input_nano_usd,
            1,
            self.micro_wh - self.input_micro_wh,
        )


class EffectIntent(Body, frozen=True, tag="effect.intent", kw_only=True):
    """The effect is about to leave the process.

    Attributes:
        effect: `model.chat` or `tool.<grant>.<function>`.
        target: The model or server that was chosen.
        id: The idempotency key; all attempts share it.
        request: The call as it is sent.
        send_before: After this it is not sent any more; doubt is only asked later than this.
        fingerprint: Equal for equal calls of this run, where the governor counts them; 0 elsewhere.
    """

    effect: str
    target: str
    effect_class: Literal["none", "read", "write", "irreversible"]
    delivery: Literal["repeatable", "keyed", "once"]
    id: EffectKey
    request: PayloadRef
    decision: GateDecision
    reservation: Reservation | None = None
    send_before: Time = Millis(0)
    fingerprint: Int = 0


class EffectOutcome(Body, frozen=True, tag="effect.outcome", kw_only=True):
    """What is known of the effect afterwards; also the settlement of its reservation.

    Attributes:
        status: `unknown` is doubt.
        reply: The answer, when ok; the partial answer or the error text otherwise.
        model: The model that answered.
        nano_usd: Cost in billionths of a US dollar; -1 when the price is not known.
        micro_wh: Energy in millionths of a watt-hour; -1 when it is not known.
        budgets: The budgets beyond this run in which its reservation is settled.
        ms: Duration as the caller saw it.
        fingerprint: Equal for equal answers of this run, where the governor counts them; 0 elsewhere.
    """

    id: EffectKey
    status: Literal["ok", "error", "unknown"]
    code: str = ""
    error_kind: ErrorKind | None = None
    reply: PayloadRef | None = None
    model: str = ""
    input_tokens: Int = 0
    output_tokens: Int = 0
    cached_tokens: Int = 0
    nano_usd: Int = 0
    ms: Int = 0
    micro_wh: Int = -1
    budgets: tuple[str, ...] = ()
    fingerprint: Int = 0

    @property
    def used(self) -> Amounts:
        """What the attempt used."""
        return Amounts(self.input_tokens + self.output_tokens, self.nano_usd, 1, self.micro_wh)


class EffectDenied(Body, frozen=True, tag="effect.denied", kw_only=True):
    """The gate refused; nothing left the process."""

    effect: str
    target: str = ""
    id: EffectKey
    request: PayloadRef
    decision: GateDecision


class EffectStaged(Body, frozen=True, tag="effect.staged", kw_only=True):
    """An effect stands in the run's outbox instead of happening; the fields are those of the intent it may become.

    Attributes:
        because: The workflow or a policy wants a `commit` first, or the run's `mode` forbids it.
        twin: What answered in its place, "" for a placeholder.
        control, read: The labels of the decisions that led to it, and of what it was made of; None for the user's own.
        preview: What it would change, as its tool tells (text).
    """

    effect: str
    target: str
    effect_class: Literal["none", "read", "write", "irreversible"]
    delivery: Literal["repeatable", "keyed", "once"]
    id: EffectKey
    request: PayloadRef
    decision: GateDecision
    because: Literal["staged", "mode"] = "staged"
    twin: str = ""
    control: Label | None = None
    read: Label | None = None
    preview: PayloadRef | None = None


class OutboxReleased(Body, frozen=True, tag="outbox.released", kw_only=True):
    """A commit let go what stood in the outbox: all of these, in this order. `path` of the record: the commit.

    Attributes:
        approval: Key of the answer that allowed it, or "".
    """

    ids: tuple[EffectKey, ...]
    approval: str = ""


class OutboxDropped(Body, frozen=True, tag="outbox.dropped", kw_only=True):
    """These will never happen. `path` of the record: the commit.

    Attributes:
        reason: Its guard did not hold, a person said no, nobody answered in time, the gate said no, or they would
            have been released, were the run not a shadow or dry run (`mode`).
    """

    ids: tuple[EffectKey, ...]
    reason: Literal["guard", "rejected", "expired", "denied", "mode"]


class ValuesMasked(Body, frozen=True, tag="values.masked", kw_only=True):
    """Masks stand for values from now on, in what this run sends to models and tools.

    Attributes:
        values: JSON `{mask: value}`, such as `<EMAIL_1>`; of a secret its digest instead of the value.
        count: How many.
    """

    values: PayloadRef
    count: Int


class ApprovalGiven(Body, frozen=True, tag="approval.given", kw_only=True):
    """A person said something to a question. `path` of the record: the node.

    Whether it counts is not said here: it follows from the question and what was said before
    (`podium.gate.approval`).

    Attributes:
        verdict: `edited`: yes, with changes. `delegated`: somebody else shall decide. `retracted`: what they said
            before does not count any more. `asked`, `told`: a question back, and what was said to it.
        answer: JSON {reason, value}.
        roles, groups: What they held when they said it.
        assumed: No identities were configured: they counted as holding every role.
        subject: Digest of what they had before them.
        to: Who shall decide, for `delegated`.
        request: SHA-256 (hex) of the call as it was changed, for `edited`.
    """

    verdict: Literal["approved", "edited", "rejected", "delegated", "retracted", "asked", "told"]
    by: str
    channel: str
    answer: PayloadRef | None = None
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    assumed: bool = False
    subject: str = ""
    to: str = ""
    request: str = ""


class SignalReceived(Body, frozen=True, tag="signal.received", kw_only=True):
    """Somebody sent a signal to the run. `value`: JSON."""

    name: str
    by: str
    value: PayloadRef | None = None


class DoubtSettled(Body, frozen=True, tag="doubt.settled", kw_only=True):
    """A person said whether the effect landed. `reply`: what it returned, when they know."""

    landed: bool
    by: str
    id: EffectKey
    reply: PayloadRef | None = None


class CancelRequested(Body, frozen=True, tag="run.cancel_requested", kw_only=True):
    """Somebody wants the run stopped. `kill`: at once, without compensation. `reason`: text."""

    by: str
    reason: PayloadRef | None = None
    kill: bool = False


class PauseRequested(Body, frozen=True, tag="run.pause_requested", kw_only=True):
    """Somebody wants nothing new to begin in this run. `reason`: text."""

    by: str
    reason: PayloadRef | None = None


class ResumeRequested(Body, frozen=True, tag="run.resume_requested", kw_only=True):
    """Somebody lets a paused run go on."""

    by: str


class Prioritised(Body, frozen=True, tag="run.prioritised", kw_only=True):
    """Somebody changed how soon the run is taken up when there are more than can be driven; 9 before 0."""

    by: str
    priority: Int


class OverrideRequested(Body, frozen=True, tag="override.requested", kw_only=True):
    """A person decides about a node that failed or is not over; the owner carries it out. `path`: the node.

    Attributes:
        action: Run it again, with changed values, take this as its output, skip it, or let it fail for good.
        value: For `input` the values that replace its own, `{key: value}`; for `output` the result.
        reason: Text.
    """

    action: Literal["retry", "input", "output", "skip", "abort"]
    by: str
    value: PayloadRef | None = None
    reason: PayloadRef | None = None


class RetryRequested(Body, frozen=True, tag="run.retry_requested", kw_only=True):
    """Somebody wants a failed run to go on from its failed nodes, keeping finished results."""

    by: str


class RunEnding(Body, frozen=True, tag="run.ending", kw_only=True):
    """The run will end like this, once what it has done is compensated; nothing else begins."""

    status: Literal["failed", "cancelled", "denied", "limit"]
    code: str = ""
    node: str = ""


class DeadDropped(Body, frozen=True, tag="dead.dropped", kw_only=True):
    """Somebody took a run that gave up off the list of dead letters. `reason`: text."""

    by: str
    reason: PayloadRef | None = None


RunStatus = Literal["done", "done_with_errors", "failed", "cancelled", "denied", "limit"]


class RunEnded(Body, frozen=True, tag="run.ended", kw_only=True):
    """The run is over, until somebody asks for a retry.

    Attributes:
        result: JSON, when it has one.
        code: Of the error that ended it, or "".
        node: Path of the node that ended it, or "".
        not_undone: Compensations that failed; what they should have undone stands.
        unreleased: Effects that stood in the outbox and did not happen.
    """

    status: RunStatus
    result: PayloadRef | None = None
    code: str = ""
    node: str = ""
    not_undone: Int = 0
    unreleased: Int = 0


class AdminNoted(Body, frozen=True, tag="admin.noted", kw_only=True):
    """Something happened to the installation, in the stream `_admin`.

    Attributes:
        subject: What it happened to; of a kill switch what it stops, such as `tool:mail.send`.
        reason: Text.
    """

    action: Literal[
        "workflow.published", "store.created", "store.upgraded", "kill_switch.on", "kill_switch.off", "policies.changed"
    ]
    subject: str
    by: str
    reason: PayloadRef | None = None


class StandingGiven(Body, frozen=True, tag="standing.given", kw_only=True):
    """Somebody agreed beforehand to calls of one kind; in the stream `_admin`.

    Attributes:
        id: Its name.
        roles, groups, assumed: What they held when they said it, as in `approval.given`.
        told: JSON of the conditions as they were said.
        first: The call at which it was given, and which has used it once; `micro`: its amount, in millionths.
    """

    id: str
    by: str
    scope: Scope
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    assumed: bool = False
    told: PayloadRef | None = None
    first: str = ""
    micro: Int = 0


class StandingUsed(Body, frozen=True, tag="standing.used", kw_only=True):
    """A call counted on a standing approval; `micro`: its amount, in millionths."""

    id: str
    run: RunId
    effect: EffectKey
    micro: Int = 0


class NoticeSent(Body, frozen=True, tag="notice.sent", kw_only=True):
    """People were to be told that something waits for them; in the stream `_admin`.

    Attributes:
        channel: What took it, "" when nothing did.
        to: Their names.
    """

    run: RunId
    node: str
    what: Literal["asked", "reminder", "escalated", "delegated"]
    channel: str
    to: tuple[str, ...] = ()


class StandingRevoked(Body, frozen=True, tag="standing.revoked", kw_only=True):
    """Somebody took a standing approval back; from here on it counts for no further call."""

    id: str
    by: str


class AutonomySet(Body, frozen=True, tag="autonomy.set", kw_only=True):
    """Somebody changed how far a workflow may go by itself, in the stream `_admin`.

    Attributes:
        workflow: Its name. `level`: the furthest that it may go from here on, whatever its file says.
        before: How far it could go until then.
        because: Text.
        evidence: Runs on which it rests.
    """

    workflow: str
    level: Autonomy
    before: Autonomy
    by: str
    because: PayloadRef | None = None
    evidence: tuple[RunId, ...] = ()


AnyBody = (
    RunCreated
    | RunClaimed
    | NodeForked
    | NodeParked
    | NodeDone
    | NodeRevised
    | NodeOverridden
    | NodeFailed
    | NodeSkipped
    | FactEmitted
    | EffectIntent
    | EffectOutcome
    | EffectDenied
    | ValuesMasked
    | EffectStaged
    | OutboxReleased
    | OutboxDropped
    | ApprovalGiven
    | SignalReceived
    | DoubtSettled
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | Prioritised
    | OverrideRequested
    | RetryRequested
    | RunEnding
    | RunEnded
    | DeadDropped
    | AdminNoted
    | StandingGiven
    | StandingUsed
    | StandingRevoked
    | NoticeSent
    | AutonomySet
)


class Payload(Struct, frozen=True, gc=False):
    """Bytes that a record refers to, as first encoded; `ref` is computed once, by `payload()`."""

    ref: PayloadRef
    salt: bytes
    data: bytes


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """What a writer hands in.

    Attributes:
        body: What happened.
        path: Where, "" for the run as a whole.
        attempt: Which physical try, 0 where it means nothing.
        key: At most one record of the run has it; "" for none. `done:<path>`, `intent:<id>:<attempt>`, …
        payloads: What `body` refers to and is not stored yet.
    """

    body: AnyBody
    path: NodePath | Literal[""] = ""
    attempt: int = 0
    key: str = ""
    payloads: tuple[Payload, ...] = ()


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """A stored record, decoded."""

    stream: RunId
    seq: int
    at: Millis
    body: AnyBody
    path: NodePath | Literal[""] = ""
    attempt: int = 0
    key: str = ""
    prev: Digest
    hash: Digest
