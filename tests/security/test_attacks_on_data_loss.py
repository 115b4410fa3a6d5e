"""Attacks on what keeps secrets and personal data in: into records and questions, and out by other ways of writing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from podium.effects.effect import CallLabels, Effect, Known, Suspended
from podium.effects.gateway import Gateway
from podium.effects.loss import DataLoss
from podium.effects.masks import RunMasks
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.gate.redact.detect import OVERLAP, PIECE, Patterns
from podium.gate.redact.rules import LossRules
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import Entry, ValuesMasked
from podium.node.calls import Message, ModelCall, Reply, ToolCall
from podium.spec.label import Label
from podium.spec.model import ToolSpec
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

RUN = RunId("r000000000000")
KEY = "AKIAIOSFODNN7EXAMPLE"
OURS = "correct horse/battery+staple"
CARD = "4111111111111111"
DENIES = LossRules(tools={"card": "deny"})


@dataclass
class Door:
    """A gateway over a scripted world, and the journal that it writes."""

    loss: DataLoss = field(default_factory=lambda: DataLoss(rules=DENIES, secrets=lambda: (OURS,)))
    model: ScriptedModel = field(default_factory=ScriptedModel)
    world: World = field(default_factory=World)
    written: list[Entry] = field(default_factory=list[Entry])

    def __post_init__(self) -> None:
        self.world.on("mail.send", "ok")
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

    async def send(self, arguments: dict[str, Json], **more: Any) -> Reply:
        """Let a tool that nobody trusts be called."""
        settings: dict[str, Json] = {
            "python": "mail",
            "effect": "write",
            "delivery": "once",
            "functions": {"send": {"critical": []}},
        }
        grants = more.pop("grants", {"mail": ToolSpec.model_validate(settings)})
        return await self.perform(ToolCall(tool="mail", function="send", arguments=arguments), grants=grants, **more)

    async def perform(
        self,
        call: ModelCall | ToolCall,
        *,
        grants: Mapping[str, ToolSpec] | None = None,
        known: Known | None = None,
        labels: CallLabels | None = None,
    ) -> Reply:
        effect = Effect(
            run=RUN,
            root=RUN,
            path=NodePath("post"),
            attempt=1,
            call=call,
            grants=dict(grants or {}),
            known=known or Known(),
            journal=self,
            progress=lambda _text: None,
            masks=RunMasks(RUN),
            labels=labels or CallLabels(),
        )
        return await self.gateway.perform(effect)

    @property
    def recorded(self) -> str:
        """Everything that was written down, but what masks of personal data stand for."""
        told = (entry for entry in self.written if not isinstance(entry.body, ValuesMasked))
        return " ".join(payload.data.decode() for entry in told for payload in entry.payloads)

    @property
    def left(self) -> str:
        """Everything that left."""
        told = [message.text for call in self.model.calls for message in call.messages]
        return " ".join((*told, *(str(arguments) for arguments in self.world.landed("mail.send"))))


# ── into what is recorded and asked ──


async def test_a_call_that_labels_deny_takes_its_secret_into_the_record() -> None:
    door = Door()
    with pytest.raises(EffectDenied, match="GA006"):
        await door.send({"body": f"key {KEY}"}, labels=CallLabels(read=Label(level="secret", sources=("crm",))))

    assert (KEY in door.recorded, "<SECRET_1>" in door.recorded) == (False, True)


async def test_a_call_that_is_not_granted_takes_its_secret_into_the_record() -> None:
    door = Door()
    with pytest.raises(EffectDenied, match="GA001"):
        await door.send({"body": f"key {KEY}"}, grants={})

    assert (KEY in door.recorded, "<SECRET_1>" in door.recorded) == (False, True)


async def test_a_model_call_that_labels_deny_takes_a_secret_of_the_installation_into_the_record() -> None:
    door = Door()
    call = ModelCall(messages=(Message(role="user", text=f"it is {OURS}"),))
    with pytest.raises(EffectDenied, match="GA006"):
        await door.perform(call, labels=CallLabels(read=Label(level="secret", sources=("crm",))))

    assert (OURS in door.recorded, "it is <SECRET_1>" in door.recorded) == (False, True)


async def test_what_a_rule_denies_is_in_no_record_of_another_denial() -> None:
    door = Door()
    with pytest.raises(EffectDenied, match="GA006"):
        await door.send({"body": CARD}, labels=CallLabels(read=Label(level="secret", sources=("crm",))))

    assert (CARD in door.recorded, "<CARD_1>" in door.recorded) == (False, True)


async def test_what_cannot_be_looked_at_is_not_recorded_at_all() -> None:
    deep: Json = KEY
    for _ in range(300):
        deep = [deep]
    door = Door()
    with pytest.raises(EffectDenied, match="GA021"):
        await door.send({"body": deep})

    assert KEY not in door.recorded


async def test_the_question_whether_a_call_landed_shows_its_secret() -> None:
    door = Door()
    with pytest.raises(Suspended) as caught:
        await door.send({"body": f"key {KEY}"}, known=Known(attempts=1, doubt=True))

    shown = str(caught.value.question)
    assert (KEY in shown, "<SECRET_1>" in shown) == (False, True)


# ── out, by another way of writing ──


async def outcome(door: Door, arguments: dict[str, Json], value: str) -> str:
    """Whether a value left, was masked, or was denied."""
    try:
        await door.send(arguments)
    except EffectDenied as denied:
        return denied.code
    return "left" if value in door.left else "masked" if "<SECRET_1>" in door.left else "changed"


async def test_a_secret_is_the_name_of_an_argument() -> None:
    assert await outcome(Door(), {KEY: 1}, KEY) == "masked"


async def test_a_card_is_written_as_a_number_with_a_point() -> None:
    assert await outcome(Door(), {"body": 4111111111111111.0}, "4111111111111111") == "GA020"


@pytest.mark.parametrize("name", ["dbPassword", "accessToken", "clientSecret", "authToken", "passwords", "apiKeys"])
async def test_a_secret_stands_under_a_name_in_camel_case(name: str) -> None:
    assert await outcome(Door(), {name: "hunter"}, "hunter") == "masked"


async def test_a_secret_stands_deeper_under_its_name() -> None:
    assert await outcome(Door(), {"password": {"value": ["hunter"]}}, "hunter") == "masked"


async def test_a_secret_is_a_short_number() -> None:
    assert await outcome(Door(), {"password": 4711}, "4711") == "masked"


async def test_the_reference_to_a_secret_is_none() -> None:
    door = Door()
    await door.send({"apiToken": "${secrets.erp}"})

    assert door.world.landed("mail.send") == [{"apiToken": "${secrets.erp}"}]


ENCODED = {
    "base64": base64.b64encode(OURS.encode()).decode(),
    "base64 inside": base64.b64encode(f"x{OURS}y".encode()).decode(),
    "base64 inside, shifted": base64.b64encode(f"xy{OURS}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(OURS.encode()).decode().rstrip("="),
    "hex": OURS.encode().hex(),
    "HEX": OURS.encode().hex().upper(),
    "url": quote(OURS, safe=""),
    "form": quote(OURS, safe="").replace("%20", "+"),
    "small url": quote(OURS, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "backwards": OURS[::-1],
    "zero width": "\u200b".join(OURS),
    "soft hyphens": "\u00ad".join(OURS),
}


@pytest.mark.parametrize("way", ENCODED)
async def test_a_secret_of_the_installation_is_written_in_another_way(way: str) -> None:
    assert await outcome(Door(), {"body": f"so: {ENCODED[way]}."}, ENCODED[way]) == "masked"


async def test_a_known_form_is_torn_apart_by_signs_that_nobody_sees() -> None:
    torn = "\u200d".join(KEY)
    assert await outcome(Door(), {"body": f"so: {torn}."}, torn) == "masked"


@pytest.mark.parametrize("start", range(PIECE - 14_000, PIECE + 1, 1_000))
def test_a_long_token_lies_across_the_border_of_two_pieces(start: int) -> None:
    token = f"eyJ{'a1' * 1_900}.eyJ{'b2' * 3_900}.{'c3' * 900}"
    text = f"{'x ' * (start // 2)}{token} {'x ' * OVERLAP}"

    assert any(text[one.start : one.end] == token for one in Patterns().find(text))
