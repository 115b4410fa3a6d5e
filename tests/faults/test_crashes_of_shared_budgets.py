"""Runs that share a budget on a disk: killed anywhere, the budget is what their records say."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from podium.adapters.stores.sqlite.store import SqliteStore
from podium.effects.safeguards import Safeguards
from podium.gate.price import Price
from podium.gate.sharing import SharedRule
from podium.ids import RunId, SystemIds
from podium.ledger.verify import verify
from podium.node.calls import Usage
from podium.spec.amounts import NOTHING, Limits
from podium.testing import FakeClock, Said, ScriptedModel, ScriptedTools
from podium.testing.faults import FaultPlan, Killed
from podium.testing.running import Bench, compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

WORKFLOW = compile_text("""podium: 1
name: asks
nodes:
  first: {llm: Say something., max_tokens: 100}
  second: {llm: Say more., max_tokens: 100, after: [first]}
result: second.out
""")
RUNS = [RunId("rfirst0000000"), RunId("rsecond000000"), RunId("rthird0000000")]
BUDGET = SharedRule(name="team", limits=Limits(tokens=2_000), period="total")


async def test_a_shared_budget_on_sqlite_survives_a_kill_anywhere(tmp_path: Path) -> None:
    points = (await _killed(tmp_path / "calm", 0)).passed
    assert points > 20
    for point in range(1, points + 1):
        await _killed(tmp_path / str(point), point)


async def _killed(home: Path, point: int) -> FaultPlan:
    plan, clock = FaultPlan(at=point), FakeClock(tick_ms=1)
    try:
        store = await SqliteStore.open(home, clock=clock, ids=SystemIds(), faults=plan)
        await _drive(store, clock)
    except (Killed, BaseExceptionGroup):
        store = await SqliteStore.open(home, clock=clock, ids=SystemIds())
        await _drive(store, clock)
    (account,) = await store.accounts()
    assert account.held == NOTHING
    assert 180 <= account.used.tokens <= 2_000
    report = await verify(store)
    assert not report.problems, (point, plan.hit, report.problems)
    await store.close()
    return plan


async def _drive(store: SqliteStore, clock: FakeClock) -> None:
    model = ScriptedModel(answer=lambda _: Said(text="yes", usage=Usage(output_tokens=30)))
    world = Bench(
        WORKFLOW,
        store=store,
        model=model,
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
        safeguards=Safeguards(price=lambda _: Price(), budgets=(BUDGET,)),
    )
    try:
        for run in RUNS:
            if await store.row(run) is None:
                await world.start({}, run=run)
        async with asyncio.TaskGroup() as group:
            statuses = [group.create_task(world.settle(run, {})) for run in RUNS]
        assert [status.result() for status in statuses] == ["done"] * len(RUNS)
    except BaseException:
        with suppress(Killed):
            await store.close()
        raise
    finally:
        with suppress(Killed):
            await world.engine.close()
