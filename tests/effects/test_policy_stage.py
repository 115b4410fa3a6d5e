"""Policies at the door: what they deny is recorded and never sent, and what they demand must be fulfilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from podium.effects.effect import CallLabels, Effect, Known, Suspended
from podium.effects.gateway import Gateway
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import InForce
from podium.gate.policy.load import load
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import EffectDenied as DeniedRecord
from podium.ledger.record import EffectIntent, Entry
from podium.node.calls import Message, ModelCall, RunCall, ToolCall
from podium.spec.label import Label
from podium.spec.model import ToolSpec
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

RUN = RunId("r000000000000")
ALLOW = "- {id: all, allow: anything}\n"
GRANT = {"mail": ToolSpec.model_validate({"python": "mail", "effect": "write", "delivery": "keyed"})}


class Fixed:
    """Policies that do not change."""

    def __init__(self, text: str) -> None:
        bundle = Bundle(files={"policies/a.yaml": text})
        loaded = load(bundle)
        assert loaded.ok, loaded.diagnostics
        self.policies = Policies(loaded.rules, bundle)

    async def in_force(self) -> InForce | None:
        return self.policies


class Door:
    """A gateway with policies over a scripted world, and the journal it writes."""

    def __init__(self, text: str) -> None:
        self.source = Fixed(text)
        self.world = World()
        self.world.on("mail.send", "sent")
        self.written: list[Entry] = []
        self.model = ScriptedModel(["hello"])
        self.gateway = Gateway(
            models=self.model,
            tools=ScriptedTools(self.world),
            runs=ScriptedRuns(),
            clock=FakeClock(),
            ids=SystemIds(),
            safeguards=Safeguards(policies=self.source),
        )

    async def append(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    def defer(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    async def perform(
        self,
        call: ModelCall | ToolCall | RunCall,
        *,
        labels: CallLabels | None = None,
        chain: tuple[str, ...] = ("person:anna", "workflow:refunds@12"),
        grants: Mapping[str, ToolSpec] = GRANT,
    ) -> None:
        effect = Effect(
            run=RUN,
            root=RUN,
            path=NodePath("post"),
            attempt=1,
            call=call,
            grants=grants,
            known=Known(),
            journal=self,
            progress=lambda _text: None,
            principal="anna",
            chain=chain,
            labels=labels or CallLabels(),
        )
        await self.gateway.perform(effect)

    def decision(self) -> tuple[str, tuple[str, ...], str]:
        body = self.written[0].body
        assert isinstance(body, EffectIntent | DeniedRecord)
        return body.decision.verdict, body.decision.reasons, body.decision.policies


def send(**arguments: Json) -> ToolCall:
    return ToolCall(tool="mail", function="send", arguments=arguments)


async def test_an_allowed_call_names_the_policies_and_their_digest() -> None:
    door = Door(ALLOW)

    await door.perform(send(text="hi"))

    assert door.decision() == ("allow", ("granted", "policy:all"), door.source.policies.digest)


async def test_what_a_policy_forbids_is_recorded_and_never_sent() -> None:
    door = Door(ALLOW + "- {id: no, deny: call_tool, on: mail.send}\n")

    with pytest.raises(EffectDenied, match=r"GA010: `mail\.send` is forbidden by policy `no`") as raised:
        await door.perform(send(text="hi"))

    assert raised.value.help == f"`podium policy explain {RUN} post` shows what decided"
    assert door.decision() == ("deny", ("policy:no", "GA010"), door.source.policies.digest)
    assert door.world.calls == []


async def test_a_policy_does_not_grant_what_the_workflow_does_not() -> None:
    with pytest.raises(EffectDenied, match="GA001"):
        await Door(ALLOW).perform(send(text="hi"), grants={})


async def test_a_grant_does_not_allow_what_no_policy_does() -> None:
    with pytest.raises(EffectDenied, match="GA010: no policy allows call_tool"):
        await Door("- {id: m, allow: call_model}\n").perform(send(text="hi"))


async def test_models_and_runs_are_asked_about_too() -> None:
    call = ModelCall(messages=(Message(role="user", text="hi"),))

    await Door("- {id: m, allow: call_model}\n").perform(call)
    with pytest.raises(EffectDenied, match="GA010: no policy allows call_model"):
        await Door("- {id: t, allow: call_tool}\n").perform(call)
    with pytest.raises(EffectDenied, match="GA010: no policy allows signal_run"):
        await Door("- {id: t, allow: call_tool}\n").perform(RunCall(action="signal", run=RUN, name="go"))


async def test_an_effect_in_nobodys_name_is_denied() -> None:
    with pytest.raises(EffectDenied, match="GA014"):
        await Door(ALLOW).perform(send(text="hi"), chain=())


async def test_a_demanded_approval_is_asked_for() -> None:
    door = Door(ALLOW + "- {id: ask, require: approval, for: call_tool, about: Mail needs a word}\n")

    with pytest.raises(Suspended):
        await door.perform(send(text="hi"))

    assert door.world.calls == []


async def test_labels_are_facts() -> None:
    door = Door(ALLOW + "- {id: no, deny: call_tool, if: {control: untrusted}}\n")
    foreign = CallLabels(control=Label(integrity="untrusted", sources=("web.get",)))

    with pytest.raises(EffectDenied, match="GA010"):
        await door.perform(send(text="hi"), labels=foreign)

    body = door.written[0].body
    assert isinstance(body, DeniedRecord)
    assert body.decision.control == "untrusted"


async def test_the_critical_arguments_that_nobody_vouches_for_are_facts() -> None:
    text = '@id("all") permit (principal, action, resource) unless { context.untrusted.contains("to") };'
    bundle = Bundle(files={"policies/a.cedar": text})
    door = Door(ALLOW)
    door.source.policies = Policies(load(bundle).rules, bundle)
    foreign = CallLabels(arguments={"to": Label(integrity="untrusted", sources=("web.get",))})

    with pytest.raises(EffectDenied, match="GA010"):
        await door.perform(send(to="eve@evil.com", text="hi"), labels=foreign)

    body = door.written[0].body
    assert isinstance(body, DeniedRecord)
    assert body.decision.untrusted == ("to",)
