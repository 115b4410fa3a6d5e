"""An effect on its way through the door: what is asked, and what each stage has added to it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from podium.clock import Millis
from podium.effects.masks import RunMasks
from podium.effects.ports import Journal, ModelPort, Progress, Sandbox, ToolPort
from podium.errors import EffectError, PodiumError
from podium.gate.approval import Ballot
from podium.gate.budget import Meter
from podium.gate.decision import Obligation
from podium.gate.governor import Trail, Trajectory
from podium.gate.price import Price
from podium.gate.sinks import MODEL, tool_answer
from podium.ids import EffectKey, IdSource, NodePath, RunId
from podium.ledger.payload import payload
from podium.ledger.record import (
    ArgumentLabel,
    Entry,
    GateDecision,
    Payload,
    Reservation,
    RunMode,
    SharedBudget,
)
from podium.ledger.record import EffectDenied as EffectDeniedRecord
from podium.node.calls import Call, ModelCall, Reply, ToolCall
from podium.spec.approval_rule import Party, Terms
from podium.spec.autonomy import Autonomy
from podium.spec.governor import GovernorSpec
from podium.spec.label import USER, Label
from podium.spec.model import Delivery, EffectClass, ToolSpec, Workflow
from podium.spec.types import Type

Json = Any

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(kw_only=True, slots=True)
class Known:
    """What the ledger already says of an effect (from the run's state).

    Attributes:
        attempts: Intents so far.
        lost: Intents in a row without a known outcome.
        doubt: The last intent has no known outcome.
        send_before: Of the last intent.
        reply: The recorded reply, decoded, once there is one.
        landed: A person settled a doubt: it happened, and nobody knows what it returned.
        approval: Key of the record that approved it, "" while nobody has.
        terms, ballots: What people were asked of it, and who said what, once they agreed.
        edited_request: SHA-256 (hex) of the call as a person changed it, "" when nobody did.
        staged: It stands in the outbox, or stood there.
        over: The budgets that it may pass, because a person said so.
    """

    attempts: int = 0
    lost: int = 0
    doubt: bool = False
    send_before: int = 0
    reply: Reply | None = None
    landed: bool = False
    approval: str = ""
    terms: Terms | None = None
    ballots: tuple[Ballot, ...] = ()
    edited_request: str = ""
    staged: bool = False
    over: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLabels:
    """What the caller knows of where a call comes from.

    Attributes:
        control: Of the decisions that led to the call being made at all: conditions, branches, items of a map.
        read: Of everything that the call was made of, `control` excluded.
        arguments: Of a tool call, by argument; an argument that is missing here has the label `read`. `body.links` is
            the label of the links in an argument.
        choice: Of the choice of the function, where a model made it.
    """

    control: Label = USER
    read: Label = USER
    arguments: Mapping[str, Label] = field(default_factory=dict[str, Label])
    choice: Label = USER


@dataclass(kw_only=True, slots=True)
class Effect:
    """One effect. The first block is given by the caller; each stage fills in its part of the second.

    Attributes:
        meters: The budgets of this run that it counts against. `shared`: those that other runs count against as well,
            as far as the run knows them. `undoes`: it undoes something, which no budget may prevent.
        timeout_s: The most that the caller waits, or None for the target's own limit.
        labels: Where the call comes from.
        mode: What the run may do to the world. `staged`: whether the caller wants a `commit` first; None leaves it to
            the grant, False is what undoes something.
        output: The type that the caller expects of the answer, None when it does not say.
        masks: What stands for which value in what this run sends.
        conceal: Takes out of the call what must not be written down of one that is not made; set by the gateway.
        releases: For what a commit releases: the key under which it was staged, "" for everything else.
        principal: Who started the run. `chain`: in whose names it acts, the person first: `person:anna`,
            `workflow:refunds@3fa9c01b22d4`, `agent:triage@3`.
        parties: Whom four eyes may exclude: who started the run, published its workflow, answers for it.
        parent: The run that started this one, "" for none. `tenant`: whose it is, "" while there are none.
        trajectory, trail: The calls of the run, and where this one stands among them; None when it cannot be repeated.
        governor: What the workflow says of it. `autonomy`: how far files let it go by
            itself, that of the workflow, of those around it, and of the runs that started this one.
        intents: How many intents of an effect the run's records have by now; None when nobody keeps count.
        label: Of the request as a whole (labels).
        obligations: What must be done before it may happen (grant, labels, policy); a stage that fulfils one leaves it
            in the list and adds a reason.
        policies: Digest of the policies in force (policy).
        untrusted: The arguments that decide who or what is affected and that nobody vouches for (policy).
        name: `model.chat` or `tool.<grant>.<function>` (identify).
        id: The idempotency key (identify).
        target: What is called: a model's or a server's name (route).
        request: The call as it is sent, encoded once (identify).
        begun_at: When its intent was written (record).
        asked: Fingerprint of the call, 0 when nobody asks. `mark`: gives that of an answer (governor).
        price: What the model's tokens cost, None when nobody knows. `reservation`: the most that it may use (budget).
        reasons: Codes of what decided (policy, approval).
        unknown: It was stopped after its intent, and its outcome is recorded as unknown (record).
    """

    run: RunId
    root: RunId
    path: NodePath
    attempt: int
    call: Call
    grants: Mapping[str, ToolSpec]
    known: Known
    journal: Journal
    progress: Progress
    flows: Mapping[str, Workflow] = field(default_factory=dict[str, Workflow])
    meters: tuple[Meter, ...] = ()
    shared: tuple[SharedBudget, ...] = ()
    undoes: bool = False
    timeout_s: float | None = None
    workflow: str = ""
    principal: str = ""
    chain: tuple[str, ...] = ()
    parties: Mapping[Party, str] = field(default_factory=dict[Party, str])
    parent: str = ""
    tenant: str = ""
    trajectory: Trajectory | None = None
    trail: Trail | None = None
    governor: GovernorSpec | None = None
    autonomy: Autonomy | None = None
    labels: CallLabels = field(default_factory=CallLabels)
    mode: RunMode = "live"
    staged: bool | None = None
    output: Type | None = None
    releases: EffectKey | Literal[""] = ""
    masks: RunMasks = field(default_factory=lambda: RunMasks(""))
    conceal: Callable[[Effect], Awaitable[None]] | None = None
    intents: Callable[[EffectKey], int] | None = None

    name: str = ""
    id: EffectKey = field(default=EffectKey(""))
    request: Payload | None = None
    request_hash: str = ""
    effect_class: EffectClass = "read"
    delivery: Delivery = "repeatable"
    label: Label = USER
    obligations: list[Obligation] = field(default_factory=list[Obligation])
    policies: str = ""
    target: str = ""
    model: ModelPort | None = None
    tool: ToolPort | None = None
    sandbox: Sandbox | None = None
    limit_s: float = 0.0
    price: Price | None = None
    reservation: Reservation | None = None
    begun_at: int = 0
    asked: int = 0
    mark: Callable[[Reply | EffectError], int] | None = None
    reasons: list[str] = field(default_factory=list[str])
    untrusted: tuple[str, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectQuestion:
    """What a person must say before the effect goes on.

    Attributes:
        reason: `approval`: may it happen? `doubt`: did it happen? `budget`: nobody is asked, others must settle first.
        not_before: For a doubt: it may still be sent until then, so nobody is asked earlier. For a budget: ask then.
        over: The budgets that it would pass, when that is what is asked.
        terms: Who must agree, to what and until when; None for somebody, within a day.
        call: The call, for whoever wants to change it, or to agree to more of its kind; `workflow`: where it is made.
    """

    reason: Literal["approval", "doubt", "budget"]
    text: str
    show: Json
    request_hash: str = ""
    not_before: int = 0
    over: tuple[str, ...] = ()
    terms: Terms | None = None
    call: Json = None
    workflow: str = ""


def decided(effect: Effect, verdict: Literal["allow", "deny", "require_approval"], *, at: int) -> GateDecision:
    """Return the record of what the gate decided of an effect so far."""
    labels = effect.labels
    return GateDecision(
        verdict=verdict,
        reasons=tuple(effect.reasons),
        policies=effect.policies,
        approval=effect.known.approval,
        chain=effect.chain,
        label=None if effect.label == USER else effect.label,
        arguments=tuple(ArgumentLabel(name, one) for name, one in labels.arguments.items() if one != labels.read),
        obligations=tuple(dict.fromkeys(obligation.kind for obligation in effect.obligations)),
        at=Millis(at),
        control=labels.control.integrity,
        untrusted=effect.untrusted,
    )


def answer_label(call: Call, grants: Mapping[str, ToolSpec]) -> Label:
    """Return the label that the reply to a call adds to what is made of it."""
    if isinstance(call, ToolCall):
        return tool_answer(grants.get(call.tool), call.tool, call.function)
    return MODEL if isinstance(call, ModelCall) else USER


def write_request(effect: Effect, ids: IdSource) -> None:
    """Encode the call as it is sent now, once; what is recorded, approved and sent are these bytes."""
    encoded = _encode(effect.call)
    effect.request = payload(encoded, ids)
    effect.request_hash = hashlib.sha256(encoded).hexdigest()


async def refuse(effect: Effect, code: str, *, at: int) -> None:
    """Record that the gate says no; the caller then raises `EffectDenied`, or an `EffectError` of kind `limit`."""
    if effect.conceal is not None:
        await effect.conceal(effect)
    assert effect.request is not None
    effect.reasons.append(code)
    denied = EffectDeniedRecord(
        effect=effect.name,
        target=effect.target,
        id=effect.id,
        request=effect.request.ref,
        decision=decided(effect, "deny", at=at),
    )
    entry = Entry(body=denied, path=effect.path, attempt=effect.attempt, payloads=(effect.request,))
    await effect.journal.append([entry])


class Unknowable(PodiumError):
    """Not a failure: in a dry run nobody can know what the answer would be, so nothing that needs it goes on."""

    def __init__(self, effect: str) -> None:
        super().__init__("EF080", f"a dry run cannot know what `{effect}` would answer")


class Suspended(PodiumError):
    """Not a failure: the effect waits for a person; the node parks and reaches it again later."""

    def __init__(self, effect: EffectKey, question: EffectQuestion) -> None:
        super().__init__("EF050", question.text)
        self.effect = effect
        self.question = question


async def did_it_land(effect: Effect) -> Suspended:
    """Return the question that settles the doubt about an effect; it shows no secrets."""
    if effect.conceal is not None:
        await effect.conceal(effect)
    question = EffectQuestion(
        reason="doubt",
        text=f"`{effect.name}` was sent and no answer came; did it happen?",
        show=msgspec.to_builtins(effect.call),
        request_hash=effect.request_hash,
        not_before=effect.known.send_before,
    )
    return Suspended(effect.id, question)


Proceed = Callable[[Effect], Awaitable[Reply]]
"""The rest of the door."""

Stage = Callable[[Effect, Proceed], Awaitable[Reply]]
"""A wrapper: looks at the effect, and lets it proceed or raises."""
