"""What must not leave, at the door: masked, asked about, denied; and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from podium.effects.effect import Effect, Known, Suspended
from podium.effects.gateway import Gateway
from podium.effects.loss import DataLoss
from podium.effects.masks import RunMasks
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied, EffectError
from podium.gate.decision import Obligation
from podium.gate.redact.filters import ContentFilter, Direction, OwnFilter
from podium.gate.redact.finding import Finding
from podium.gate.redact.patterns import Pattern
from podium.gate.redact.rules import LossRules
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import EffectDenied as DeniedRecord
from podium.ledger.record import EffectIntent, EffectOutcome, Entry, PayloadRef, ValuesMasked
from podium.node.calls import Message, ModelCall, ModelReply, Reply, ToolCall, ToolReply
from podium.spec.model import ToolSpec
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

RUN = RunId("r000000000000")
MAIL = "anna@example.org"
KEY = "AKIAIOSFODNN7EXAMPLE"
PERSONAL = DataLoss(rules=LossRules(models={"personal": "redact"}))


@dataclass
class Door:
    """A gateway over a scripted world, and the journal that it writes."""

    loss: DataLoss = field(default_factory=DataLoss)
    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(answer=lambda call: call.messages[-1].text))
    world: World = field(default_factory=World)
    masks: RunMasks = field(default_factory=lambda: RunMasks(RUN))
    written: list[Entry] = field(default_factory=list[Entry])

    def __post_init__(self) -> None:
        self.world.on("mail.send", lambda arguments: {"echo": arguments})
        self.gateway = Gateway(
            models=self.model,
            tools=ScriptedTools(self.world),
            runs=ScriptedRuns(),
            clock=FakeClock(),
            ids=SystemIds(),
            safeguards=Safeguards(loss=self.loss),
        )

    async def append(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    def defer(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    async def ask(self, text: str, **more: Any) -> Reply:
        return await self.perform(ModelCall(messages=(Message(role="user", text=text),)), **more)

    async def send(self, arguments: dict[str, Json], *, grant: Mapping[str, Json] | None = None, **more: Any) -> Reply:
        settings: dict[str, Json] = {
            "python": "mail",
            "effect": "write",
            "delivery": "keyed",
            "functions": {"send": {"critical": []}},
        }
        grants = {"mail": ToolSpec.model_validate({**settings, **(grant or {})})}
        return await self.perform(ToolCall(tool="mail", function="send", arguments=arguments), grants=grants, **more)

    async def perform(
        self,
        call: ModelCall | ToolCall,
        *,
        grants: Mapping[str, ToolSpec] | None = None,
        known: Known | None = None,
        obligations: Sequence[Obligation] = (),
    ) -> Reply:
        self.effect = Effect(
            run=RUN,
            root=RUN,
            path=NodePath("post"),
            attempt=1,
            call=call,
            grants=dict(grants or {}),
            known=known or Known(),
            journal=self,
            progress=lambda _text: None,
            masks=self.masks,
            obligations=list(obligations),
        )
        return await self.gateway.perform(self.effect)

    def asked(self) -> list[str]:
        """What the model was sent."""
        return [call.messages[-1].text for call in self.model.calls]

    def of(self, kind: type) -> list[Entry]:
        return [entry for entry in self.written if isinstance(entry.body, kind)]


def text_of(reply: Reply) -> str:
    assert isinstance(reply, ModelReply)
    return reply.text


def demand(kind: Any, **settings: str) -> Obligation:
    return Obligation(kind=kind, reason="policy:p", settings=tuple(sorted(settings.items())))


async def test_the_model_sees_a_mask_and_the_node_gets_the_value_back() -> None:
    door = Door(PERSONAL)

    reply = await door.ask(f"Write to {MAIL}, then to {MAIL} and bo@example.org.")

    assert door.asked() == ["Write to <EMAIL_1>, then to <EMAIL_1> and <EMAIL_2>."]
    assert text_of(reply) == f"Write to {MAIL}, then to {MAIL} and bo@example.org."


async def test_what_is_recorded_is_what_was_sent_and_what_came() -> None:
    door = Door(PERSONAL)

    await door.ask(f"Write to {MAIL}.")

    intent, outcome = door.of(EffectIntent)[0], door.of(EffectOutcome)[0]
    assert b"<EMAIL_1>" in intent.payloads[0].data
    assert b"<EMAIL_1>" in outcome.payloads[0].data
    assert all(MAIL.encode() not in entry.payloads[0].data for entry in (intent, outcome))


async def test_masks_are_written_down_before_the_intent_that_uses_them() -> None:
    door = Door(PERSONAL)

    await door.ask(f"Write to {MAIL}.")

    assert [type(entry.body) for entry in door.written] == [ValuesMasked, EffectIntent, EffectOutcome]
    assert msgspec.json.decode(door.written[0].payloads[0].data) == {"<EMAIL_1>": MAIL}


async def test_the_same_value_has_the_same_mask_in_every_call_of_a_run() -> None:
    door = Door(PERSONAL)

    await door.ask(f"First bo@example.org, then {MAIL}.")
    await door.ask(f"Again {MAIL}.")

    assert door.asked() == ["First <EMAIL_1>, then <EMAIL_2>.", "Again <EMAIL_2>."]
    assert len(door.of(ValuesMasked)) == 1


async def test_a_worker_that_takes_over_knows_the_masks_of_the_ledger() -> None:
    first = Door(PERSONAL)
    await first.ask(f"Write to bo@example.org and {MAIL}.")
    stored = first.of(ValuesMasked)[0].payloads[0]

    async def load(ref: PayloadRef) -> Json:
        assert ref == stored.ref
        return msgspec.json.decode(stored.data)

    second = Door(PERSONAL, masks=RunMasks(RUN, [stored.ref], load))
    await second.ask(f"Again {MAIL}, and cy@example.org.")

    assert second.asked() == ["Again <EMAIL_2>, and <EMAIL_3>."]


async def test_a_recorded_answer_gets_its_values_back_too() -> None:
    door = Door(PERSONAL)
    await door.ask(f"Write to {MAIL}.")
    recorded = ModelReply(text="Wrote to <EMAIL_1>.", model="scripted/model")

    reply = await door.ask(f"Write to {MAIL}.", known=Known(reply=recorded))

    assert text_of(reply) == f"Wrote to {MAIL}."
    assert len(door.model.calls) == 1


async def test_values_of_a_structured_answer_are_put_back() -> None:
    door = Door(PERSONAL, model=ScriptedModel([{"to": ["<EMAIL_1>"], "note": "for <EMAIL_1>!", "n": 3}]))
    call = ModelCall(messages=(Message(role="user", text=f"{MAIL}?"),), schema={"type": "object"})

    reply = await door.perform(call)

    assert isinstance(reply, ModelReply)
    assert reply.value == {"to": [MAIL], "note": f"for {MAIL}!", "n": 3}


async def test_only_what_this_request_held_is_put_back() -> None:
    door = Door(PERSONAL)
    await door.ask(f"Write to {MAIL}.")

    reply = await door.ask("A stranger wrote: <EMAIL_1> and <EMAIL_9>.")

    assert text_of(reply) == "A stranger wrote: <EMAIL_1> and <EMAIL_9>."


async def test_a_secret_never_reaches_a_model_and_does_not_come_back() -> None:
    door = Door()

    reply = await door.ask(f"Use {KEY} twice: {KEY}")

    assert door.asked() == ["Use <SECRET_1> twice: <SECRET_1>"]
    assert text_of(reply) == "Use <SECRET_1> twice: <SECRET_1>"
    assert all(KEY.encode() not in payload.data for entry in door.written for payload in entry.payloads)


async def test_personal_data_goes_where_nobody_has_asked_for_anything_else() -> None:
    door = Door()

    await door.ask(f"Write to {MAIL}.")

    assert door.asked() == [f"Write to {MAIL}."]
    assert door.effect.label.categories == ("email", "pii")


async def test_an_untrusted_tool_gets_a_mask_of_a_secret_and_a_trusted_one_the_secret() -> None:
    untrusted, trusted = Door(), Door()

    await untrusted.send({"body": f"key {KEY}", "password": "swordfish", "to": MAIL})
    await trusted.send({"body": f"key {KEY}"}, grant={"trust": "trusted"})

    assert untrusted.world.calls[0].arguments == {"body": "key <SECRET_1>", "password": "<SECRET_2>", "to": MAIL}
    assert trusted.world.calls[0].arguments == {"body": f"key {KEY}"}


async def test_the_tool_whose_grant_says_that_it_sees_a_kind_gets_it() -> None:
    door = Door(DataLoss(rules=LossRules(all={"personal": "redact"})))

    await door.send({"to": MAIL, "phone": "030 901820"}, grant={"sees": ["email"]})

    assert door.world.calls[0].arguments == {"to": MAIL, "phone": "<PHONE_1>"}


async def test_a_tool_s_answer_gets_back_what_its_request_held() -> None:
    door = Door(DataLoss(rules=LossRules(tools={"email": "redact"})))

    reply = await door.send({"to": MAIL})

    assert reply == ToolReply(value={"echo": {"to": MAIL}})


async def test_numbers_and_names_of_fields_are_looked_at_too() -> None:
    door = Door(DataLoss(rules=LossRules(tools={"personal": "redact"})))

    await door.send({"rows": [{MAIL: 1, "card": 4111111111111111, "count": 4111111}], "ssn": "123456789"})

    assert door.world.calls[0].arguments == {
        "rows": [{"<EMAIL_1>": 1, "card": "<CARD_1>", "count": 4111111}],
        "ssn": "<NATIONAL_ID_1>",
    }


async def test_what_must_not_leave_is_denied_and_its_record_holds_masks() -> None:
    door = Door(DataLoss(rules=LossRules(models={"iban": "deny"})))

    with pytest.raises(EffectDenied, match=r"GA020: `model\.chat` would send what must not leave: iban"):
        await door.ask(f"Pay GB29NWBK60161331926819 with {KEY}")

    (denied,) = door.of(DeniedRecord)
    assert isinstance(denied.body, DeniedRecord)
    assert denied.body.decision.reasons == ("data_loss:iban",)
    assert b"Pay <IBAN_1> with <SECRET_1>" in denied.payloads[0].data
    assert door.model.calls == []


async def test_what_the_node_masks_does_not_leave_and_is_not_denied() -> None:
    door = Door(DataLoss(rules=LossRules(models={"iban": "deny", "email": "approval"})))
    own = Obligation(kind="redact", reason="node", settings=(("kinds", "iban,email"),))

    await door.ask(f"{MAIL} GB29NWBK60161331926819", obligations=[own])

    assert door.asked() == ["<EMAIL_1> <IBAN_1>"]


async def test_a_person_is_asked_about_what_needs_one_and_sees_what_would_be_sent() -> None:
    door = Door(DataLoss(rules=LossRules(tools={"card": "approval", "email": "redact"})))

    with pytest.raises(Suspended) as asked:
        await door.send({"text": f"{MAIL} pays with 4111111111111111"})

    show = asked.value.question.show
    assert show["arguments"] == {"text": "<EMAIL_1> pays with 4111111111111111"}
    assert show["why"] == ["`tool.mail.send` would send something of kind `card`"]
    assert [type(entry.body) for entry in door.written] == [ValuesMasked]


async def test_a_policy_s_demand_to_redact_is_fulfilled() -> None:
    door = Door()

    await door.ask(f"{MAIL} at 106.31.73.20", obligations=[demand("redact", kinds="ip, date")])

    assert door.asked() == [f"{MAIL} at <IP_1>"]
    assert "redacted:ip" in door.effect.reasons


async def test_a_demand_without_kinds_takes_out_all_that_is_personal_or_secret() -> None:
    door = Door()

    await door.ask(f"{MAIL} {KEY} https://example.org", obligations=[demand("redact")])

    assert door.asked() == ["<EMAIL_1> <SECRET_1> https://example.org"]


async def test_a_demand_that_nobody_can_fulfil_is_denied() -> None:
    door = Door()

    with pytest.raises(EffectDenied, match="GA022: nobody can find `handwriting`"):
        await door.ask("hello", obligations=[demand("redact", kinds="handwriting")])
    with pytest.raises(EffectDenied, match="GA024: there is no filter `nice`"):
        await door.ask("hello", obligations=[demand("filter", filter="nice")])
    assert door.model.calls == []


async def test_values_of_the_installation_s_secrets_are_found_whatever_they_look_like() -> None:
    door = Door(DataLoss(secrets=lambda: ("open sesame", "x")))

    await door.ask("say open sesame x")

    assert door.asked() == ["say <SECRET_1> x"]


@dataclass(frozen=True)
class Detective:
    """Somebody else's detector."""

    found: tuple[Finding, ...] = ()
    error: Exception | None = None
    kinds: frozenset[str] = frozenset({"person"})

    def find(self, text: str) -> tuple[Finding, ...]:
        if self.error is not None:
            raise self.error
        return self.found if "Anna" in text else ()


async def test_somebody_else_s_detector_is_asked_beside_ours() -> None:
    rules = LossRules(all={"person": "redact", "email": "redact"})
    door = Door(DataLoss(rules=rules, detectors=(Detective((Finding("person", 0, 4, 0.8),)),)))

    await door.ask(f"Anna is {MAIL}")

    assert door.asked() == ["<PERSON_1> is <EMAIL_1>"]


async def test_a_detector_that_fails_denies() -> None:
    door = Door(DataLoss(detectors=(Detective(error=OSError("no model")),)))

    with pytest.raises(EffectDenied, match="GA021: what would be sent could not be looked at: OSError"):
        await door.ask("Anna")
    assert door.model.calls == []


async def test_a_long_text_is_looked_at_to_its_end() -> None:
    door = Door(PERSONAL)

    await door.ask("word " * 60_000 + MAIL)

    assert door.asked()[0].endswith("word <EMAIL_1>")


async def test_arguments_too_deep_to_be_looked_at_are_denied() -> None:
    deep: Json = MAIL
    for _ in range(300):
        deep = [deep]
    door = Door()

    with pytest.raises(EffectDenied, match="GA021"):
        await door.send({"x": deep})
    assert door.world.calls == []


# ── filters ──


class Moody:
    """Somebody else's filter."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    def refusal(self, text: str, *, direction: Direction) -> str:
        if self.fails:
            raise OSError("no mood")
        return "mood" if "sad" in text else ""


def filters(direction: Direction = "request", /, **more: ContentFilter) -> DataLoss:
    own = OwnFilter(
        terms=("tiger",), patterns=(Pattern("(?i)launch code"),), kinds=frozenset({"url"}), max_chars=200,
        directions=frozenset({direction}),
    )  # fmt: skip
    return DataLoss(filters={"own": own, **more})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a Tiger!", "terms"),
        ("the LAUNCH code", "patterns"),
        ("see https://example.org", "url"),
        ("x" * 201, "max_chars"),
    ],
)
async def test_what_does_not_pass_a_filter_is_not_sent(text: str, rule: str) -> None:
    door = Door(filters())

    with pytest.raises(EffectDenied, match=rf"GA023: .* does not pass filter `own` \({rule}\)"):
        await door.ask(text, obligations=[demand("filter", filter="own")])
    assert door.model.calls == []
    assert door.effect.reasons == ["no_policy", f"filter:own:{rule}", "GA023"]


async def test_what_passes_is_sent() -> None:
    door = Door(filters())

    reply = await door.ask("a tigerlily", obligations=[demand("filter", filter="own")])

    assert text_of(reply) == "a tigerlily"


async def test_an_answer_that_does_not_pass_counts_as_refused_and_is_not_recorded_as_an_answer() -> None:
    door = Door(filters("reply"), model=ScriptedModel(["a tiger"]))

    with pytest.raises(EffectError, match="GA025") as refused:
        await door.ask("what is it?", obligations=[demand("filter", filter="own")])

    assert refused.value.kind == "refused"
    (outcome,) = door.of(EffectOutcome)
    assert isinstance(outcome.body, EffectOutcome)
    assert (outcome.body.status, outcome.body.error_kind, outcome.body.output_tokens) == ("error", "refused", 2)


async def test_the_answer_of_a_tool_that_has_acted_is_withheld_not_failed() -> None:
    door = Door(filters("reply"))
    door.world.on("mail.send", {"said": "a tiger"})

    reply = await door.send({"to": "x"}, obligations=[demand("filter", filter="own")])

    assert reply == ToolReply(value={"withheld": "own"})


async def test_a_filter_can_be_asked_about_every_effect_of_a_name() -> None:
    loss = filters()
    door = Door(DataLoss(filters=loss.filters, always=lambda name: ("own",) if name == "model.chat" else ()))

    await door.send({"x": "tiger"})
    with pytest.raises(EffectDenied, match="GA023"):
        await door.ask("tiger")


@pytest.mark.parametrize(("mood", "rule"), [(Moody(), "mood"), (Moody(fails=True), "failed")])
async def test_somebody_else_s_filter_is_asked_and_one_that_fails_denies(mood: Moody, rule: str) -> None:
    door = Door(filters(mood=mood))

    with pytest.raises(EffectDenied, match=rf"GA023: .*\({rule}\)"):
        await door.ask("so sad", obligations=[demand("filter", filter="mood")])


async def test_a_filter_sees_what_is_sent_not_what_was_masked() -> None:
    own = OwnFilter(kinds=frozenset({"email"}))
    door = Door(DataLoss(filters={"own": own}))

    await door.ask(f"to {MAIL}", obligations=[demand("redact", kinds="email"), demand("filter", filter="own")])

    assert door.asked() == ["to <EMAIL_1>"]
