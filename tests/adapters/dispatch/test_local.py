from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from podium.adapters.dispatch.local import LocalDispatcher
from podium.clock import Millis, SystemClock
from podium.errors import Fenced, StoreError
from podium.ids import RunId, SystemIds, WorkerId, WorkflowVersion
from podium.ledger.payload import json_payload
from podium.ledger.record import Entry, RunCreated, RunEnded, RunStatus, SignalReceived
from podium.ledger.store import RowStatus, RunRow, WorkflowSource
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio

A, B, C = RunId("ra"), RunId("rb"), RunId("rc")
Came = RunStatus | Literal["approval", "timer"]
VERSION = WorkflowVersion("0" * 64)
WORKER = WorkerId("w1")


class Driver:
    """Claims a run, does what the test says, and releases it."""

    def __init__(self, store: MemoryStore, work: Callable[[RunId], Came | BaseException]) -> None:
        self.store = store
        self.work = work
        self.began: list[RunId] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def advance(self, run: RunId) -> RowStatus | None:
        claim = await self.store.claim(run, WORKER)
        if claim is None:
            return None
        self.began.append(run)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            status = self.work(run)
        finally:
            self.at_once -= 1
        if isinstance(status, BaseException):
            await self.store.release(run, claim.epoch, wake=claim.wake, status="timer", next_timer_at=Millis(1))
            raise status
        if status in ("approval", "timer"):
            await self.store.release(run, claim.epoch, wake=claim.wake, status=status)
        else:
            await self.store.append(run, claim.epoch, [Entry(body=RunEnded(status=status))], seen=claim.row.seq + 1)
        return status


@asynccontextmanager
async def a_store(*runs: RunId, kind: type[MemoryStore] = MemoryStore) -> AsyncGenerator[MemoryStore]:
    store = kind()
    await store.alive(WORKER)
    await store.publish(WorkflowSource(version=VERSION, name="n", closure=b"{}", source="", file=""))
    for run in runs:
        await create(store, run)
    try:
        yield store
    finally:
        await store.close()


async def create(store: MemoryStore, run: RunId, *, slots: int = 0) -> None:
    inputs = json_payload({}, SystemIds())
    slot = "n" if slots else ""
    body = RunCreated(
        workflow="n", version=VERSION, inputs=inputs.ref, principal="ada", root=run, slot=slot, slots=slots
    )
    await store.start(run, Entry(body=body, payloads=(inputs,)))


async def status_of(store: MemoryStore, run: RunId) -> RowStatus:
    row = await store.row(run)
    assert row is not None
    return row.status


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        # what is waited for is no event: it is what a fake has counted
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_single_run_is_driven_until_it_has_ended() -> None:
    async with a_store(A, B) as store:
        driver = Driver(store, lambda _: "done")

        await LocalDispatcher(store, driver, SystemClock()).serve(only=A, stop=asyncio.Event())

        assert driver.began == [A]
        assert [await status_of(store, run) for run in (A, B)] == ["done", "running"]


async def test_a_run_that_waits_is_not_claimed_again_until_somebody_posts() -> None:
    async with a_store(A) as store:
        answers: list[Came] = ["approval", "done"]
        driver = Driver(store, lambda _: answers.pop(0))
        dispatcher = LocalDispatcher(store, driver, SystemClock())
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(dispatcher.serve(only=A, stop=asyncio.Event()))
            await until(lambda: len(answers) == 1)
            await create(store, B)  # a change of the store that is not about this run
            for _ in range(20):
                await asyncio.sleep(0)
            assert driver.began == [A]

            await store.post(A, Entry(body=SignalReceived(name="go", by="bob")))
            await serving

        assert driver.began == [A, A]


async def test_all_runs_are_driven_and_never_more_at_once_than_allowed() -> None:
    async with a_store(A, B, C) as store:
        driver = Driver(store, lambda _: "done")
        driver.gate.clear()
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(LocalDispatcher(store, driver, SystemClock()).serve(concurrency=2, stop=stop))
            await until(lambda: driver.at_once == 2)
            driver.gate.set()
            await until(lambda: len(driver.began) == 3 and driver.at_once == 0)
            stop.set()

        assert driver.most_at_once == 2
        assert [await status_of(store, run) for run in (A, B, C)] == ["done"] * 3


async def test_stopping_cancels_what_is_driven_and_waits_for_it() -> None:
    async with a_store(A) as store:
        driver = Driver(store, lambda _: "done")
        driver.gate.clear()
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(LocalDispatcher(store, driver, SystemClock()).serve(stop=stop))
            await until(lambda: driver.at_once == 1)
            stop.set()

        assert (driver.at_once, await status_of(store, A)) == (0, "running")


async def test_a_run_that_cannot_be_driven_is_reported_once_and_harms_no_other() -> None:
    async with a_store(A, B) as store:
        broken = StoreError("ST009", "disk full")
        driver = Driver(store, lambda run: broken if run == A else "done")
        stop = asyncio.Event()
        reports: list[tuple[RunId, Exception]] = []
        dispatcher = LocalDispatcher(
            store, driver, SystemClock(), failed=lambda run, error: reports.append((run, error))
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(dispatcher.serve(stop=stop))
            await until(lambda: B in driver.began and bool(reports))
            await create(store, C)
            await until(lambda: C in driver.began)
            stop.set()

        assert reports == [(A, broken)]
        assert driver.began.count(A) == 1


async def test_an_error_of_the_only_run_ends_serving_with_it() -> None:
    async with a_store(A) as store:
        driver = Driver(store, lambda _: StoreError("ST009", "disk full"))

        with pytest.RaisesGroup(pytest.RaisesExc(StoreError, match="disk full")):
            await LocalDispatcher(store, driver, SystemClock()).serve(only=A, stop=asyncio.Event())


async def test_a_run_that_was_taken_over_is_left_to_its_new_owner() -> None:
    async with a_store(A, B) as store:
        driver = Driver(store, lambda run: Fenced(run, 1) if run == A else "done")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(LocalDispatcher(store, driver, SystemClock()).serve(stop=stop))
            await until(lambda: B in driver.began and driver.at_once == 0)
            stop.set()

        assert await status_of(store, B) == "done"


async def test_a_run_whose_turn_has_not_come_is_left_alone_until_it_has() -> None:
    async with a_store() as store:
        for run in (A, B):
            await create(store, run, slots=1)
        first = await store.claim(A, WORKER)
        assert first is not None
        driver = Driver(store, lambda _: "done")
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(
                LocalDispatcher(store, driver, SystemClock()).serve(only=B, stop=asyncio.Event())
            )
            for _ in range(100):
                await asyncio.sleep(0)
            assert driver.began == []

            await store.append(A, first.epoch, [Entry(body=RunEnded(status="done"))], seen=2)
            await serving

        assert driver.began == [B]


class CountsClaims(Driver):
    async def advance(self, run: RunId) -> RowStatus | None:
        self.began.append(run)
        return await super().advance(run)


async def test_a_run_that_another_process_drives_is_not_asked_for_again_and_again() -> None:
    async with a_store(A) as store:
        await store.alive(WorkerId("w2"))
        assert await store.claim(A, WorkerId("w2")) is not None
        driver, stop = CountsClaims(store, lambda _: "done"), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(LocalDispatcher(store, driver, SystemClock()).serve(only=A, stop=stop))
            for _ in range(200):
                await asyncio.sleep(0)
            stop.set()

        assert driver.began == []


class SlowToTell(MemoryStore):
    """Answers what is runnable only after a while, when it may have become wrong."""

    async def runnable(self, now: Millis, *, limit: int, only: RunId | None = None) -> tuple[RunId, ...]:
        found = await super().runnable(now, limit=limit, only=only)
        for _ in range(50):
            await asyncio.sleep(0)
        return found

    async def row(self, run: RunId) -> RunRow | None:
        found = await super().row(run)
        for _ in range(50):
            await asyncio.sleep(0)
        return found


@pytest.mark.parametrize("only", [A, None])
async def test_an_answer_that_is_out_of_date_claims_nothing(only: RunId | None) -> None:
    async with a_store(A, kind=SlowToTell) as store:
        driver = Driver(store, lambda _: "approval")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(LocalDispatcher(store, driver, SystemClock()).serve(only=only, stop=stop))
            await until(lambda: bool(driver.began) and driver.at_once == 0)
            for _ in range(1000):
                await asyncio.sleep(0)
            stop.set()

        assert driver.began == [A]
