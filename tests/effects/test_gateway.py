"""The one door: what is written down, in which order, and what never leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from podium.effects.effect import Effect, Known, Suspended
from podium.effects.gateway import Gateway
from podium.errors import EffectDenied, EffectError, Rejected
from podium.gate.approval import Ballot
from podium.gate.roles import Voter
from podium.ids import NodePath, RunId, SystemIds, effect_key
from podium.ledger.record import EffectDenied as DeniedRecord
from podium.ledger.record import EffectIntent, EffectOutcome, Entry, Reservation
from podium.node.calls import Message, ModelCall, ModelReply, ToolCall, ToolReply, Usage
from podium.spec.model import FunctionSpec, ToolSpec
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

RUN = RunId("r000000000000")
SEND = ToolCall(tool="mail", function="send", arguments={"to": "ada"})


class Stage:
    """A gateway over a scripted world, and the journal it writes."""

    def __init__(self, *, model: ScriptedModel | None = None) -> None:
        self.clock = FakeClock()
        self.world = World()
        self.model = model or ScriptedModel(["hello"])
        self.written: list[Entry] = []
        self.on_write: Callable[[Sequence[Entry]], None] = lambda _entries: None
        self.gateway = Gateway(
            models=self.model, tools=ScriptedTools(self.world), runs=ScriptedRuns(), clock=self.clock, ids=SystemIds()
        )

    async def append(self, entries: Sequence[Entry]) -> None:
        self.on_write(entries)
        self.written.extend(entries)

    def defer(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    def effect(
        self, call: ModelCall | ToolCall, *, known: Known | None = None, grants: Mapping[str, ToolSpec] | None = None
    ) -> Effect:
        return Effect(
            run=RUN,
            root=RUN,
            path=NodePath("post"),
            attempt=1,
            call=call,
            grants=dict(grants or {}),
            known=known or Known(),
            journal=self,
            progress=lambda _text: None,
        )

    @property
    def kinds(self) -> list[str]:
        return [type(entry.body).__name__ for entry in self.written]


def grant(**settings: Any) -> dict[str, ToolSpec]:
    return {"mail": ToolSpec.model_validate({"python": "mail", "effect": "write", "delivery": "keyed", **settings})}


async def test_the_intent_is_durable_before_the_call_and_the_outcome_after_it() -> None:
    stage = Stage()
    seen: list[list[str]] = []

    def send(_arguments: Mapping[str, Json]) -> str:
        seen.append(stage.kinds)
        return "sent"

    stage.world.on("mail.send", send)

    reply = await stage.gateway.perform(stage.effect(SEND, grants=grant()))

    assert reply == ToolReply(value="sent")
    assert seen == [["EffectIntent"]]
    assert stage.kinds == ["EffectIntent", "EffectOutcome"]


async def test_an_intent_that_cannot_be_written_sends_nothing() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    def full(_entries: Sequence[Entry]) -> None:
        raise Rejected("ST007", "the kill switch is on")

    stage.on_write = full

    with pytest.raises(EffectDenied, match="GA004"):
        await stage.gateway.perform(stage.effect(SEND, grants=grant()))
    assert stage.world.calls == []


async def test_what_is_not_granted_is_denied_recorded_and_never_sent() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    with pytest.raises(EffectDenied, match="GA001: tool `mail` is not granted"):
        await stage.gateway.perform(stage.effect(SEND))

    assert stage.world.calls == []
    (entry,) = stage.written
    assert isinstance(entry.body, DeniedRecord)
    assert (entry.body.effect, entry.body.decision.verdict, entry.body.decision.reasons) == (
        "tool.mail.send",
        "deny",
        ("GA001",),
    )


async def test_a_function_outside_the_grant_is_denied() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    with pytest.raises(EffectDenied, match="GA002"):
        await stage.gateway.perform(stage.effect(SEND, grants=grant(only=("read",))))
    assert stage.world.calls == []


async def test_a_recorded_reply_is_returned_without_a_second_call() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent again")

    reply = await stage.gateway.perform(
        stage.effect(SEND, grants=grant(), known=Known(attempts=1, reply=ToolReply(value="first")))
    )

    assert (reply, stage.world.calls, stage.written) == (ToolReply(value="first"), [], [])


@pytest.mark.parametrize("delivery", ["repeatable", "keyed"])
async def test_doubt_about_a_harmless_repeat_is_settled_by_calling_again_with_the_same_key(delivery: str) -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    await stage.gateway.perform(
        stage.effect(SEND, grants=grant(delivery=delivery), known=Known(attempts=1, lost=1, doubt=True))
    )

    key = effect_key(RUN, NodePath("post"), "tool.mail.send")
    assert [call.key for call in stage.world.calls] == [key]
    assert [entry.key for entry in stage.written] == [f"intent:{key}:2", f"outcome:{key}:2"]


async def test_doubt_about_a_once_effect_asks_a_person_and_sends_nothing() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    with pytest.raises(Suspended) as suspended:
        await stage.gateway.perform(
            stage.effect(SEND, grants=grant(delivery="once"), known=Known(attempts=1, lost=1, doubt=True))
        )

    assert suspended.value.question.reason == "doubt"
    assert (stage.world.calls, stage.written) == ([], [])


async def test_a_person_who_says_it_happened_is_believed() -> None:
    stage = Stage()

    reply = await stage.gateway.perform(
        stage.effect(SEND, grants=grant(delivery="once"), known=Known(attempts=1, landed=True))
    )

    assert (reply, stage.written) == (ToolReply(value=None), [])


async def test_a_lost_answer_of_a_once_effect_is_a_question_and_never_an_error_to_retry() -> None:
    stage = Stage()

    def lose(_arguments: Mapping[str, Json]) -> None:
        raise EffectError("EF900", "no answer", kind="timeout", landed="unknown")

    stage.world.on("mail.send", lose)

    with pytest.raises(Suspended):
        await stage.gateway.perform(stage.effect(SEND, grants=grant(delivery="once")))
    outcome = stage.written[-1].body
    assert isinstance(outcome, EffectOutcome)
    assert (outcome.status, outcome.error_kind) == ("unknown", "timeout")


async def test_an_approval_binds_the_bytes_of_the_request() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")
    grants = grant(approval="required")

    with pytest.raises(Suspended) as asked:
        await stage.gateway.perform(stage.effect(SEND, grants=grants))
    terms = asked.value.question.terms
    assert terms is not None
    ada = Voter("ada", assumed=True)
    yes = Ballot(verdict="approved", voter=ada, at=terms.at, subject=terms.subject)
    approved = Known(approval="answer:post:7", terms=terms, ballots=(yes,))
    changed = ToolCall(tool="mail", function="send", arguments={"to": "eve"})

    with pytest.raises(EffectDenied, match="GA003"):
        await stage.gateway.perform(stage.effect(changed, grants=grants, known=approved))
    assert (stage.world.calls, stage.kinds) == ([], ["EffectDenied"])

    await stage.gateway.perform(stage.effect(SEND, grants=grants, known=approved))
    intent = stage.written[1].body
    assert isinstance(intent, EffectIntent)
    assert (intent.decision.approval, intent.decision.reasons) == ("answer:post:7", ("granted", "approved"))


async def test_a_function_may_be_stricter_than_its_grant() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")
    functions = {"send": FunctionSpec(effect="irreversible", delivery="once", approval="required")}

    with pytest.raises(Suspended):
        await stage.gateway.perform(stage.effect(SEND, grants=grant(functions=functions)))


async def test_an_intent_that_has_grown_old_is_not_sent_any_more() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")
    stage.on_write = lambda _entries: stage.clock.advance(timedelta(seconds=6))

    with pytest.raises(EffectError, match="EF053"):
        await stage.gateway.perform(stage.effect(SEND, grants=grant()))

    assert stage.world.calls == []
    outcome = stage.written[-1].body
    assert isinstance(outcome, EffectOutcome)
    assert outcome.status == "error"


async def test_a_call_that_is_stopped_leaves_its_outcome_as_unknown() -> None:
    stage = Stage()
    called = asyncio.Event()

    class Hanging(ScriptedModel):
        async def call(self, *_args: Any, **_kwargs: Any) -> ModelReply:
            called.set()
            await asyncio.Event().wait()
            raise AssertionError

    stage = Stage(model=Hanging())
    call = ModelCall(messages=(Message(role="user", text="hi"),))

    async with asyncio.TaskGroup() as group:
        task = group.create_task(stage.gateway.perform(stage.effect(call)))
        await called.wait()
        task.cancel()

    outcome = stage.written[-1].body
    assert isinstance(outcome, EffectOutcome)
    assert (outcome.status, outcome.code, outcome.error_kind) == ("unknown", "EF052", "cancelled")


async def test_a_call_that_is_stopped_while_its_intent_is_written_is_recorded_as_not_sent() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")
    writing, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Stage):
        """Writes what it was handed although nobody waits any more, as the run's writer does."""

        async def append(self, entries: Sequence[Entry]) -> None:
            stage.written.extend(entries)
            writing.set()
            if not go_on.is_set():
                await go_on.wait()

    effect = stage.effect(SEND, grants=grant())
    effect.journal = Slow()
    effect.journal.written = stage.written

    async with asyncio.TaskGroup() as group:
        task = group.create_task(stage.gateway.perform(effect))
        await writing.wait()
        go_on.set()
        task.cancel()

    assert stage.world.calls == []
    outcome = stage.written[-1].body
    assert isinstance(outcome, EffectOutcome)
    assert (stage.kinds, outcome.status) == (["EffectIntent", "EffectOutcome"], "error")


async def test_a_target_that_keeps_failing_is_left_alone_and_nothing_is_recorded_as_sent() -> None:
    stage = Stage()

    def down(_arguments: Mapping[str, Json]) -> None:
        raise EffectError("EF900", "not there", kind="unavailable")

    stage.world.on("mail.send", down)
    for _ in range(5):
        with pytest.raises(EffectError, match="EF900"):
            await stage.gateway.perform(stage.effect(SEND, grants=grant()))
    written = len(stage.written)

    with pytest.raises(EffectError, match="EF022"):
        await stage.gateway.perform(stage.effect(SEND, grants=grant()))
    assert len(stage.written) == written


async def test_an_effect_under_which_every_worker_died_is_not_begun_again() -> None:
    stage = Stage()
    stage.world.on("mail.send", "sent")

    with pytest.raises(EffectError, match="EF051"):
        await stage.gateway.perform(stage.effect(SEND, grants=grant(), known=Known(attempts=10, lost=10, doubt=True)))
    assert stage.world.calls == []


async def test_tokens_of_a_model_call_are_reserved_with_the_intent_and_settled_with_the_outcome() -> None:
    usage = Usage(input_tokens=10, output_tokens=3)
    stage = Stage(model=ScriptedModel([ModelReply(text="hello", model="m", usage=usage)]))

    await stage.gateway.perform(stage.effect(ModelCall(messages=(Message(role="user", text="hi"),), max_tokens=100)))

    intent, outcome = (entry.body for entry in stage.written)
    assert isinstance(intent, EffectIntent)
    assert isinstance(outcome, EffectOutcome)
    # the prompt is counted by its bytes, and what it costs nobody knows
    assert intent.reservation == Reservation(tokens=118, nano_usd=-1, micro_wh=-1, input_tokens=18)
    assert (outcome.input_tokens, outcome.output_tokens, outcome.micro_wh) == (10, 3, -1)
    assert outcome.nano_usd == -1
