"""Bad input of the gate, end to end: each has one answer, it is recorded, and it is never a yes by accident.

The table in docs/explanation/security-model.md names these tests, and those of the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from podium.app.policy_source import Unusable
from podium.effects.safeguards import Safeguards
from podium.engine.control import answer
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import InForce
from podium.gate.policy.load import load
from podium.gate.roles import Directory, Person, Voter
from podium.gate.sharing import SharedRule
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import EffectDenied, EffectIntent
from podium.ledger.store import RowStatus
from podium.ledger.verify import verify
from podium.spec.amounts import Limits
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

PAY = """podium: 1
name: pay
tools:
  bank: {{python: scripted, effect: write, delivery: keyed, approval: {approval}}}
{more}nodes:
  pay: {{tool: bank.pay, with: {{iban: DE1, amount: 5}}}}
"""
ANNA = Voter("anna", ("legal",))
STAFF = Directory({"anna": Person(name="anna", roles=("legal",))})
ALLOW = "- {id: all, allow: anything}\n"
FORBID = ALLOW + "- {id: none, deny: call_tool}\n"
PAYING = NodePath("pay")


def rules(text: str) -> Policies:
    bundle = Bundle(files={"policies/rules.yaml": text})
    loaded = load(bundle)
    assert loaded.ok, loaded.diagnostics
    return Policies(loaded.rules, bundle)


class Changing:
    """Policies that somebody changes while runs wait."""

    def __init__(self, now: InForce) -> None:
        self.now = now

    async def in_force(self) -> InForce:
        return self.now


class Till:
    """One run that wants to pay, and what came of it."""

    def __init__(self, safeguards: Safeguards, *, approval: str = "never", more: str = "") -> None:
        self.clock = FakeClock(tick_ms=1)
        self.store, self.world, self.ids = MemoryStore(clock=self.clock), World(), SystemIds()
        self.world.on("bank.pay", "paid")
        self.bench = Bench(
            compile_text(PAY.format(approval=approval, more=more)),
            store=self.store,
            model=ScriptedModel(),
            tools=ScriptedTools(self.world),
            clock=self.clock,
            ids=self.ids,
            safeguards=safeguards,
        )

    async def begin(self) -> tuple[RunId, RowStatus]:
        run = await self.bench.start({})
        return run, await self.bench.settle(run, {})

    async def says_yes(self, run: RunId) -> RowStatus:
        where = (self.store, self.ids, run, PAYING)
        await answer(*where, verdict="approved", by="", channel="test", voter=ANNA, now=self.clock.now())
        return await self.bench.settle(run, {})

    async def came_of(self, run: RunId) -> tuple[list[Mapping[str, Json]], int, list[str]]:
        """Return what was sent, how many intents there are, and the last reason of each denial; the evidence holds."""
        assert (await verify(self.store)).problems == ()
        bodies = [record.body for record in await self.bench.history(run)]
        denied = [body.decision.reasons[-1] for body in bodies if isinstance(body, EffectDenied)]
        intents = sum(isinstance(body, EffectIntent) for body in bodies)
        return [call.arguments for call in self.world.calls], intents, denied


@pytest.mark.parametrize(
    ("safeguards", "more"),
    [
        pytest.param(Safeguards(), "budget: {calls: 0}\n", id="of the run"),
        pytest.param(
            Safeguards(budgets=(SharedRule(name="all", limits=Limits(calls=0), period="total"),)), "", id="of all runs"
        ),
    ],
)
async def test_a_budget_of_0_ends_a_run_at_its_limit_before_anything_is_sent(safeguards: Safeguards, more: str) -> None:
    till = Till(safeguards, more=more)

    run, status = await till.begin()
    assert status == "limit"
    assert await till.came_of(run) == ([], 0, ["GA005"])


async def test_an_approval_does_not_outlive_the_policy_that_allowed_the_call() -> None:
    policies = Changing(rules(ALLOW))
    till = Till(Safeguards(people=STAFF, policies=policies), approval="{roles: [legal]}")
    run, status = await till.begin()
    assert status == "approval"

    policies.now = rules(FORBID)
    assert await till.says_yes(run) == "denied"
    sent, intents, denied = await till.came_of(run)
    assert (sent, intents, len(denied)) == ([], 0, 1)


async def test_policies_that_break_while_a_question_waits_deny_what_was_approved() -> None:
    policies = Changing(rules(ALLOW))
    till = Till(Safeguards(people=STAFF, policies=policies), approval="{roles: [legal]}")
    run, _ = await till.begin()

    policies.now = Unusable("policies/rules.yaml:1:1: GA010: expected a list")
    assert await till.says_yes(run) == "denied"
    sent, intents, denied = await till.came_of(run)
    assert (sent, intents, len(denied)) == ([], 0, 1)


async def test_an_approval_from_somebody_who_is_nobody_any_more_asks_again() -> None:
    people = dict(STAFF.people)
    till = Till(Safeguards(people=Directory(people)), approval="{roles: [legal]}")
    run, _ = await till.begin()
    where = (till.store, till.ids, run, PAYING)
    await answer(*where, verdict="approved", by="", channel="test", voter=ANNA, now=till.clock.now())

    del people["anna"]
    people["bert"] = Person(name="bert", roles=("legal",))
    assert await till.bench.settle(run, {}) == "approval"
    assert await till.came_of(run) == ([], 0, [])
