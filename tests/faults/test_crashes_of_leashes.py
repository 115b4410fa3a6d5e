"""The crash drill where an installation lets workflows go less far than their files: a kill lets nothing go further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from podium.effects.safeguards import Safeguards
from podium.gate.autonomy import least
from podium.gate.price import Price
from podium.ids import RunId
from podium.ledger.record import EffectIntent, NodeParked, Record
from podium.ledger.store import RowStatus, RunStore
from podium.spec.autonomy import Autonomy
from podium.testing.clock import FakeClock
from podium.testing.drill import Drill, FatefulWorld, Final, Ids
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FLOW = """podium: 1
name: drill
inputs:
  n: {type: integer}
flows:
  pay:
    podium: 1
    name: pay
    tools:
      keyed: {python: scripted, effect: write, delivery: keyed, functions: {undo: {effect: irreversible}}}
    nodes:
      put: {tool: keyed.put, with: {n: "1"}}
      take: {tool: keyed.undo, with: {n: "2"}, after: [put]}
    result: take.out
nodes:
  go: {subflow: pay}
result: go.out
"""


class Ceiling:
    """The sub-workflow may be `bounded`, whatever runs it."""

    async def ceiling(self, workflows: Iterable[str]) -> Autonomy:
        levels: list[Autonomy] = ["bounded" if name == "pay" else "autonomous" for name in workflows]
        return least(*levels) or "autonomous"


class LeashDrill(Drill):
    """A drill under a ceiling; it keeps which calls asked, and on what word they were made."""

    def __init__(self) -> None:
        super().__init__(compile_text(FLOW))
        self._flow = compile_text(FLOW)
        self.asked: set[str] = set()
        self.made: set[tuple[str, tuple[str, ...]]] = set()

    def _bench(self, store: RunStore, world: FatefulWorld, clock: FakeClock, ids: Ids) -> Bench:
        return Bench(
            self._flow,
            store=store,
            model=ScriptedModel(),
            tools=ScriptedTools(world),
            clock=clock,
            ids=ids,
            safeguards=Safeguards(price=lambda _: Price(), ceilings=Ceiling()),
        )

    async def _final(self, bench: Bench, run: RunId, status: RowStatus, records: tuple[Record, ...]) -> Final:
        for record in records:
            match record.body:
                case NodeParked(reason="approval"):
                    self.asked.add(record.path)
                case EffectIntent() as intent:
                    self.made.add((record.path, intent.decision.reasons))
                case _:
                    pass
        return await super()._final(bench, run, status, records)


async def test_a_kill_lets_nothing_go_further(tally: Counter[str]) -> None:
    calm_drill = LeashDrill()
    calm = await calm_drill.run()
    assert calm.final.status == "done"
    assert calm_drill.asked == {"go/take"}
    assert {path for path, reasons in calm_drill.made if "approved" in reasons} == {"go/take"}

    for point in range(1, calm.plan.passed + 1):
        drill = LeashDrill()
        killed = await drill.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), f"point {point}"
        assert (drill.asked, drill.made) == (calm_drill.asked, calm_drill.made), f"point {point}"

    tally["workflows"] += 1
    tally["under a leash"] += calm.plan.passed
