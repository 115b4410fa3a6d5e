"""Several processes over one store, and processes that die."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.clock import SystemClock
from podium.ids import RunId, SystemIds
from podium.ledger.verify import verify
from podium.testing.conformance.store_world import begin, bodies, owned

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PROGRAM = Path(__file__).with_name("worker_process.py")
KILLS, AT_ONCE = 20, 4
SOON_S = 30


@asynccontextmanager
async def process(home: Path, *arguments: str) -> AsyncGenerator[Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(home), *arguments, stdin=PIPE, stdout=PIPE, limit=1 << 20
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def line(of: Process) -> str:
    assert of.stdout
    async with asyncio.timeout(SOON_S):
        return (await of.stdout.readline()).decode().strip()


async def open_store(home: Path) -> SqliteStore:
    return await SqliteStore.open(home, clock=SystemClock(), ids=SystemIds())


async def test_a_post_of_another_process_is_heard_within_a_tenth_of_a_second(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    store = await open_store(tmp_path)
    run = await begin(store)
    async with (
        process(tmp_path, "post", run) as other,
        aclosing(cast("AsyncGenerator[None]", store.changed())) as changes,
    ):
        assert await line(other) == "ready"
        await anext(changes)
        assert other.stdin
        other.stdin.write(b"go\n")

        async with asyncio.timeout(SOON_S):
            while "CancelRequested" not in await bodies(store, run):
                await anext(changes)

        took_ms = (time.time() - float(await line(other))) * 1000
    sys.stdout.write(f"heard after {took_ms:.0f} ms\n")
    record_property("heard_after_ms", round(took_ms))
    await store.close()


async def test_a_killed_owner_is_noticed_and_its_run_goes_on(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    run = await begin(store)
    async with process(tmp_path, "own", run) as other:
        assert await line(other) == "owned"
        assert await store.runnable(SystemClock().now(), limit=5) == ()
        async with aclosing(cast("AsyncGenerator[None]", store.changed())) as changes:
            await anext(changes)

            other.kill()

            async with asyncio.timeout(SOON_S):
                while await store.runnable(SystemClock().now(), limit=5) != (run,):
                    await anext(changes)

    assert (await owned(store, run)).epoch == 2
    await store.close()


@pytest.mark.timeout(300)
async def test_whatever_was_acknowledged_before_a_kill_is_there(tmp_path: Path) -> None:
    chance = random.Random(20)
    acknowledged: dict[RunId, int] = {}

    async def kill_one() -> None:
        async with process(tmp_path, "append") as other:
            run = RunId(await line(other))
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            other.kill()
            out, _ = await other.communicate()
        # the last line may be torn; each whole line was printed after its append had returned
        acknowledged[run] = out.count(b"\n")

    for _ in range(KILLS // AT_ONCE):
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(kill_one())

    store = await open_store(tmp_path)
    report = await verify(store)
    assert report.problems == ()
    for run, count in acknowledged.items():
        assert len(await store.records(run)) >= count + 2
    assert len(acknowledged) == KILLS
    assert sum(acknowledged.values()) > KILLS
    await store.close()


async def test_many_processes_may_create_the_store_at_the_same_time(tmp_path: Path) -> None:
    stores = await asyncio.gather(*(open_store(tmp_path / "home") for _ in range(4)))

    runs = [await begin(store) for store in stores]

    assert set(await stores[0].streams()) >= set(runs)
    assert (await verify(stores[0])).problems == ()
    for store in stores:
        await store.close()


async def test_writers_in_several_processes_do_not_starve_one_another(tmp_path: Path) -> None:
    async with process(tmp_path, "append") as first, process(tmp_path, "append") as second:
        for other in (first, second):
            await line(other)
        for other in (first, second):
            for _ in range(50):
                await line(other)
        store = await open_store(tmp_path)
        for _ in range(20):
            async with asyncio.timeout(SOON_S):
                await begin(store)
        await store.close()
