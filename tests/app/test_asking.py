from __future__ import annotations

import pytest

from podium.app.asking import runs_that_may_ask
from podium.ids import RunId, SystemIds
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

ASKS = "podium: 1\nname: asks\nnodes: {ask: {human: Really?}}\n"
SLEEPS = "podium: 1\nname: sleeps\nnodes: {nap: {wait: 1h}}\n"


async def test_runs_that_wait_for_a_clock_push_no_question_off_the_list() -> None:
    clock = FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock)

    async def begin(text: str) -> RunId:
        bench = Bench(
            compile_text(text),
            store=store,
            model=ScriptedModel(),
            tools=ScriptedTools(World()),
            clock=clock,
            ids=SystemIds(),
        )
        run = await bench.start({})
        await bench.engine.advance(run)
        return run

    oldest = await begin(ASKS)
    sleeping = [await begin(SLEEPS) for _ in range(3)]

    few = await runs_that_may_ask(store, most=2, besides=2)
    assert (few.rows[0].id, len(few.rows), few.whole) == (oldest, 3, False)
    everything = await runs_that_may_ask(store)
    assert ({row.id for row in everything.rows}, everything.whole) == ({oldest, *sleeping}, True)
    assert (await runs_that_may_ask(store, workflow="asks")).rows == few.rows[:1]
