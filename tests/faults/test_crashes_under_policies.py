"""The crash drill under policies: what they deny or demand is the same after a kill at any point."""

from __future__ import annotations

from collections import Counter

import pytest

from podium.effects.safeguards import Safeguards
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import InForce
from podium.gate.policy.load import load
from podium.gate.price import Price
from podium.ids import RunId
from podium.ledger.record import EffectDenied, EffectIntent, Record
from podium.ledger.store import RowStatus, RunStore
from podium.testing.clock import FakeClock
from podium.testing.drill import Drill, FatefulWorld, Final, Ids
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

POLICIES = """\
- {id: all, allow: anything}
- {id: no-two, deny: call_tool, on: keyed.put, if: {arguments: {n: "2"}}}
- {id: ask, require: approval, for: call_tool, on: keyed.put, if: {arguments: {n: "3"}}}
"""
FLOW = """podium: 1
name: drill
inputs:
  n: {type: integer}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
nodes:
  one: {tool: keyed.put, with: {n: "1"}}
  two: {tool: keyed.put, with: {n: "2"}, after: [one], on_denied: instead}
  instead: {transform: "no"}
  three: {tool: keyed.put, with: {n: "3"}, after: [one]}
result: three.out
"""


class Fixed:
    """Policies that do not change."""

    def __init__(self) -> None:
        bundle = Bundle(files={"policies/a.yaml": POLICIES})
        self.policies = Policies(load(bundle).rules, bundle)

    async def in_force(self) -> InForce | None:
        return self.policies


class PolicyDrill(Drill):
    """A drill in which policies decide; it keeps what the last history says of them."""

    def __init__(self) -> None:
        super().__init__(compile_text(FLOW))
        self._flow = compile_text(FLOW)
        self.decided: list[tuple[str, str, tuple[str, ...]]] = []

    def _bench(self, store: RunStore, world: FatefulWorld, clock: FakeClock, ids: Ids) -> Bench:
        return Bench(
            self._flow,
            store=store,
            model=ScriptedModel(),
            tools=ScriptedTools(world),
            clock=clock,
            ids=ids,
            safeguards=Safeguards(price=lambda _: Price(), policies=Fixed()),
        )

    async def _final(self, bench: Bench, run: RunId, status: RowStatus, records: tuple[Record, ...]) -> Final:
        self.decided = sorted(
            {
                (record.path, record.body.decision.verdict, record.body.decision.reasons)
                for record in records
                if isinstance(record.body, EffectIntent | EffectDenied)
            }
        )
        return await super()._final(bench, run, status, records)


async def test_a_kill_changes_nothing_that_policies_decide(tally: Counter[str]) -> None:
    calm_drill = PolicyDrill()
    calm = await calm_drill.run()
    assert calm.final.status == "done"
    assert [(path, verdict) for path, verdict, _ in calm_drill.decided] == [
        ("one", "allow"),
        ("three", "allow"),
        ("two", "deny"),
    ]
    assert [(effect.name, effect.arguments["n"]) for effect in calm.world.effects] == [
        ("keyed.put", "1"),
        ("keyed.put", "3"),
    ]

    for point in range(1, calm.plan.passed + 1):
        drill = PolicyDrill()
        killed = await drill.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), f"point {point}"
        assert drill.decided == calm_drill.decided, f"point {point}"

    tally["workflows"] += 1
    tally["under policies"] += calm.plan.passed
