"""Forks: a run goes on from another one; what that had found stands, the rest is done anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from podium.engine.start import created
from podium.errors import LedgerError, UsageError
from podium.ids import Digest, RunId, SystemIds
from podium.ledger.record import EffectIntent, ForkedFrom, NodeParked
from podium.ledger.verify import verify
from podium.testing import FakeClock, MemoryStore, ScriptedModel, ScriptedTools
from podium.testing.running import Bench, compile_text

pytestmark = pytest.mark.anyio

Json = Any

WORKFLOW = """podium: 1
name: offer
inputs:
  price: {type: integer, default: 1}
  city: {type: text, default: Rome}
tools:
  say: {python: scripted, effect: write, delivery: keyed}
nodes:
  cost: {tool: say.it, with: {what: "cost ${inputs.price}"}}
  place: {tool: say.it, with: {what: "place ${inputs.city}"}}
  each: {map: "[1, 2, 3]", do: {one: {tool: say.it, with: {what: "each ${item}"}}}}
  allowed: {human: Send it?, show: cost.out}
  sent: {transform: "${cost.out}, ${place.out}, ${size(each.out)}", after: [allowed]}
result: sent.out
"""


class Office:
    """A store with one finished run, and whatever goes on from it."""

    def __init__(self, workflow: str = WORKFLOW) -> None:
        self.said: list[str] = []
        self.clock = FakeClock(tick_ms=1)
        self.store = MemoryStore(clock=self.clock)
        tools = ScriptedTools({"say.it": self._say})
        self.bench = Bench(
            compile_text(workflow),
            store=self.store,
            model=ScriptedModel(),
            tools=tools,
            clock=self.clock,
            ids=SystemIds(),
        )

    def _say(self, arguments: Mapping[str, Json]) -> Json:
        self.said.append(arguments["what"])
        return arguments["what"]

    async def first(self) -> RunId:
        run = await self.bench.start({})
        assert await self.bench.settle(run, {"*": "approved"}) == "done"
        self.said.clear()
        return run

    async def ended(self, run: RunId) -> Json:
        status = await self.bench.settle(run, {"*": "approved"})
        assert status == "done"
        assert not (await verify(self.store, run)).problems
        return (await self.bench.result(run, status)).value

    async def asked(self, run: RunId) -> list[str]:
        return [record.path for record in await self.bench.history(run) if isinstance(record.body, NodeParked)]


async def test_a_changed_input_does_anew_what_reads_it_and_what_builds_on_that() -> None:
    office = Office()
    run = await office.first()

    fork = await office.bench.engine.fork(run, inputs={"city": "Oslo"}, principal="ada")

    assert await office.ended(fork) == "cost 1, place Oslo, 3"
    assert office.said == ["place Oslo"]


async def test_no_approval_is_inherited_by_what_is_done_anew() -> None:
    office = Office()
    run = await office.first()

    fork = await office.bench.engine.fork(run, inputs={"city": "Oslo"}, principal="ada")
    await office.ended(fork)

    assert await office.asked(fork) == ["allowed~1"]


async def test_one_item_of_a_map_can_be_done_anew_and_the_others_stand() -> None:
    office = Office()
    run = await office.first()

    fork = await office.bench.engine.fork(run, again=["each[1]"], principal="ada")

    assert await office.ended(fork) == "cost 1, place Rome, 3"
    assert office.said == ["each 2"]


async def test_a_fork_has_effects_of_its_own() -> None:
    office = Office()
    run = await office.first()
    fork = await office.bench.engine.fork(run, again=["cost"], principal="ada")
    await office.ended(fork)

    keys = [
        {record.body.id for record in await office.bench.history(each) if isinstance(record.body, EffectIntent)}
        for each in (run, fork)
    ]

    assert len(keys[1]) == 1
    assert not keys[0] & keys[1]


async def test_a_fork_of_a_fork_reads_what_the_first_one_found() -> None:
    office = Office()
    first = await office.first()
    second = await office.bench.engine.fork(first, inputs={"city": "Oslo"}, principal="ada")
    await office.ended(second)

    third = await office.bench.engine.fork(second, inputs={"price": 5}, principal="ada")

    assert await office.ended(third) == "cost 5, place Oslo, 3"
    assert office.said == ["place Oslo", "cost 5"]


async def test_a_run_that_is_under_way_can_be_left_where_it_stands() -> None:
    office = Office()
    run = await office.bench.start({})
    assert await office.bench.settle(run, {}) == "approval"
    office.said.clear()

    fork = await office.bench.engine.fork(run, principal="ada")

    assert await office.ended(fork) == "cost 1, place Rome, 3"
    assert office.said == []


async def test_a_fork_with_nothing_to_do_is_refused() -> None:
    office = Office()
    run = await office.first()

    with pytest.raises(UsageError, match="EN018"):
        await office.bench.engine.fork(run, principal="ada")
    with pytest.raises(UsageError, match="EN017"):
        await office.bench.engine.fork(run, again=["nowhere"], principal="ada")


async def test_a_fork_of_a_history_that_has_changed_is_refused_and_does_not_verify() -> None:
    office = Office()
    run = await office.first()
    workflow, version = office.bench.compiled.workflow, office.bench.version
    fork = ForkedFrom(run=run, seq=3, hash=Digest("0" * 64))
    name = RunId("rforged000000")
    entry = created(
        workflow,
        run=name,
        version=version,
        inputs={"price": 1, "city": "Rome"},
        principal="ada",
        now=office.clock.now(),
        ids=SystemIds(),
        fork=fork,
    )
    await office.store.start(name, entry)

    with pytest.raises(LedgerError, match="LE010"):
        await office.bench.engine.advance(name)
    assert [problem.code for problem in (await verify(office.store, name)).problems] == ["LE010"]
