"""The crash drill around approvals: several people answer, change, take back, and a kill anywhere changes nothing.

What the pending question has come to, too, is the same after every resume: the people look at it before they speak.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest

from podium.app.standing import StoredApprovals
from podium.effects.safeguards import Safeguards
from podium.engine.asked import read_asked
from podium.engine.control import answer
from podium.gate.approval import Verdict
from podium.gate.roles import Voter
from podium.ids import RunId
from podium.ledger.record import StandingGiven
from podium.ledger.store import RowStatus, RunStore
from podium.ledger.verify import verify
from podium.spec.standing import Scope
from podium.testing.clock import FakeClock
from podium.testing.drill import Drill, FatefulWorld, Ids
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HEAD = """podium: 1
name: drill
inputs:
  n: {type: integer}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed, approval: APPROVAL}
nodes:
"""
CALL = '  put: {tool: keyed.put, with: {n: "1"}}\nresult: put.out\n'
LOOP = """\
  all:
    map: "['1', '2']"
    as: n
    do: {put: {tool: keyed.put, with: {n: "${n}"}}}
result: all.out
"""


class Line(NamedTuple):
    """What somebody says, once the question has come so far."""

    who: str
    verdict: Verdict = "approved"
    value: Any = None
    to: str = ""


CHAIN = """\
  a: {tool: keyed.put, with: {n: "1"}}
  b: {tool: keyed.put, with: {n: "2"}, after: [a]}
  c: {tool: keyed.put, with: {n: "3"}, after: [b]}
"""


class ApprovalDrill(Drill):
    """A drill in which people say their lines, one after the other; who has spoken is told by the records alone."""

    def __init__(self, text: str, lines: tuple[Line, ...]) -> None:
        super().__init__(compile_text(text))
        self._lines = lines

    async def _rest(self, bench: Bench, world: FatefulWorld, run: RunId) -> RowStatus:
        for _ in range(60):
            status = await bench.settle(run, {})
            if not await self._speak(bench, run):
                assert not (await verify(bench.store)).problems
                return status
        raise AssertionError

    async def _speak(self, bench: Bench, run: RunId) -> bool:
        for path, asked in sorted((await read_asked(bench.store, run)).items()):
            said = len(asked.ballots) + await self._earlier(bench, run, path, asked.record.seq)
            if said < len(self._lines):
                line = self._lines[said]
                await answer(
                    *(bench.store, bench.ids, run, path),
                    verdict=line.verdict,
                    by=line.who,
                    channel="drill",
                    value=line.value,
                    to=Voter(line.to, assumed=True) if line.to else None,
                )
                return True
        return False

    async def _earlier(self, bench: Bench, run: RunId, path: str, before: int) -> int:
        records = await bench.history(run)
        return sum(
            one.path == path and one.seq < before and one.body.__class__.__name__ == "ApprovalGiven" for one in records
        )


def written(nodes: str, approval: str) -> str:
    return (HEAD + nodes).replace("APPROVAL", approval)


TWO = "{roles: [legal], count: 2, four_eyes: [requester]}"
CHANGED = {"arguments": {"n": "7"}}
SCENARIOS: dict[str, tuple[str, tuple[Line, ...]]] = {
    "two voices": (written(CALL, TWO), (Line("ann"), Line("bob"))),
    "stages": (written(CALL, "{stages: [{roles: [a]}, {roles: [b]}]}"), (Line("ann"), Line("bob"))),
    "a no after a yes": (written(CALL, TWO), (Line("ann"), Line("bob", "rejected"))),
    "taken back": (written(CALL, TWO), (Line("ann"), Line("ann", "retracted"), Line("bob"), Line("cem"))),
    "left to another": (written(CALL, "required"), (Line("ann", "delegated", to="bob"), Line("bob"))),
    "a question back": (written(CALL, "required"), (Line("ann", "asked"), Line("tester", "told"), Line("ann"))),
    "changed by one": (written(CALL, "required"), (Line("ann", value=CHANGED),)),
    "changed where two must agree": (written(CALL, TWO), (Line("ann", value=CHANGED), Line("bob"), Line("cem"))),
    "in a map": (written(LOOP, TWO), (Line("ann"), Line("bob"))),
}
EXPECTED: dict[str, tuple[RowStatus, list[str]]] = {
    "a no after a yes": ("denied", []),
    "changed by one": ("done", ["7"]),
    "changed where two must agree": ("done", ["7"]),
    "in a map": ("done", ["1", "2"]),
}
"""How each ends and what was done; the others put 1."""


def done(world: FatefulWorld) -> list[str]:
    return sorted(str(effect.arguments["n"]) for effect in world.effects)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_what_people_agree_to_survives_a_kill_anywhere(name: str, tally: Counter[str]) -> None:
    drill = ApprovalDrill(*SCENARIOS[name])

    calm = await drill.run()

    assert (calm.final.status, done(calm.world)) == EXPECTED.get(name, ("done", ["1"]))
    tally["workflows"] += 1
    async for killed in drill.kills(calm):
        tally[f"approvals, {killed.plan.hit}"] += 1
        assert done(killed.world) == done(calm.world), killed.plan.hit


class StandingDrill(ApprovalDrill):
    """A drill in which ann has agreed beforehand to two calls."""

    def _bench(self, store: RunStore, world: FatefulWorld, clock: FakeClock, ids: Ids) -> Bench:
        model, tools = ScriptedModel(), ScriptedTools(world)
        safeguards = Safeguards(standing=StoredApprovals(store, clock))
        return Bench(self._compiled, store=store, model=model, tools=tools, clock=clock, ids=ids, safeguards=safeguards)

    async def _rest(self, bench: Bench, world: FatefulWorld, run: RunId) -> RowStatus:
        standing = StoredApprovals(bench.store, bench.clock)
        if not await standing.all():
            scope = Scope(effect="tool.keyed.put", workflow="drill", uses=2)
            await standing.give(StandingGiven(id="s1", by="ann", assumed=True, scope=scope), {"for": []}, bench.ids)
        return await super()._rest(bench, world, run)


async def test_two_uses_are_two_uses_wherever_it_is_killed(tally: Counter[str]) -> None:
    drill = StandingDrill(written(CHAIN, "required"), (Line("ann", "rejected"),))

    calm = await drill.run()

    assert (calm.final.status, done(calm.world)) == ("denied", ["1", "2"])
    tally["workflows"] += 1
    async for killed in drill.kills(calm):
        tally[f"standing approvals, {killed.plan.hit}"] += 1
        assert done(killed.world) == done(calm.world), killed.plan.hit
