"""What holds where only so many runs may be under way at once, and for priorities."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import Literal, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.ids import RunId, new_worker_id
from podium.ledger.record import Entry, Prioritised
from podium.ledger.store import Claim, RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import IDS, begin, cancel, ended, owned, retry


class Step(NamedTuple):
    """Something that happens to one of several runs with one slot."""

    what: Literal["start", "claim", "release", "end", "cancel", "retry"]
    number: int


_STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["start", "start", "claim", "claim", "release", "end", "cancel", "retry"]),
        st.integers(0, 5),
    ),
    max_size=40,
)
_SLOTS = (f"notes:{number}" for number in count())
"""One for each example: they share a store."""


class TurnRules:
    """`runnable` and `claim`."""

    async def test_the_more_urgent_come_first_then_those_that_wait_longest(
        self, store: RunStore, clock: FakeClock
    ) -> None:
        """9 before 0."""
        runs: list[RunId] = []
        for priority in (0, 5, 5, 9):
            clock.advance(timedelta(seconds=1))
            runs.append(await begin(store, priority=priority))
        calm, early, late, urgent = runs

        assert await store.runnable(clock.now(), limit=9) == (urgent, early, late, calm)
        assert await store.runnable(clock.now(), limit=1, only=late) == (late,)
        await store.post(calm, Entry(body=Prioritised(by="user:bob", priority=8)))
        assert await store.runnable(clock.now(), limit=9) == (urgent, calm, early, late)

    async def test_what_is_woken_again_keeps_its_place(self, store: RunStore, clock: FakeClock) -> None:
        """Otherwise news would set back whoever waits."""
        first = await begin(store)
        clock.advance(timedelta(seconds=1))
        second = await begin(store)
        clock.advance(timedelta(seconds=1))

        await store.post(first, cancel())

        assert await store.runnable(clock.now(), limit=9) == (first, second)

    async def test_no_more_are_under_way_than_there_are_slots(self, store: RunStore, clock: FakeClock) -> None:
        """A claim beyond them is no claim: the epoch stays, nothing is recorded."""
        runs = [await begin(store, slot="notes", slots=2) for _ in range(4)]
        for run in runs[:2]:
            await owned(store, run)

        assert await store.claim(runs[2], new_worker_id(IDS)) is None
        assert await store.runnable(clock.now(), limit=9) == ()
        row = await store.row(runs[2])
        assert row is not None
        assert (row.epoch, row.seq, row.queued) == (0, 1, True)

    async def test_claims_at_the_same_time_share_what_is_left(self, store: RunStore) -> None:
        """Also within one transaction."""
        runs = [await begin(store, slot="notes", slots=2) for _ in range(5)]
        worker = new_worker_id(IDS)
        await store.alive(worker)

        claims = await asyncio.gather(*(store.claim(run, worker) for run in runs))

        assert [claim is not None for claim in claims] == [True, True, False, False, False]

    async def test_a_run_that_waits_keeps_its_turn(self, store: RunStore, clock: FakeClock) -> None:
        """It has begun and not ended."""
        first, second = [await begin(store, slot="notes", slots=1) for _ in range(2)]
        claim = await owned(store, first)
        await store.release(first, claim.epoch, wake=0, status="approval")

        assert await store.runnable(clock.now(), limit=9) == ()
        assert await store.claim(second, new_worker_id(IDS)) is None
        assert await store.claim(first, new_worker_id(IDS)) is not None

    async def test_when_one_ends_the_next_is_runnable_at_once(self, store: RunStore, clock: FakeClock) -> None:
        """The more urgent one, then the one that has waited longest."""
        runs: list[RunId] = []
        for priority in (5, 5, 5, 6):
            clock.advance(timedelta(seconds=1))
            runs.append(await begin(store, priority=priority, slot="notes", slots=1))
        claim = await owned(store, runs[0])

        await store.append(runs[0], claim.epoch, [ended()], seen=2)

        assert await store.runnable(clock.now(), limit=9) == (runs[3], runs[1], runs[2])

    async def test_slots_with_other_names_do_not_count(self, store: RunStore) -> None:
        """Nor do runs without one."""
        names = ["notes:ann", "notes:bob", ""]
        for run in [await begin(store, slot=name, slots=int(bool(name))) for name in names]:
            await owned(store, run)

    async def test_a_run_that_shall_stop_needs_no_turn(self, store: RunStore, clock: FakeClock) -> None:
        """Else it would have to wait for its turn to be stopped; it takes nobody's place."""
        first, second, third = [await begin(store, slot="notes", slots=1) for _ in range(3)]
        await owned(store, first)

        await store.post(second, cancel())

        assert await store.runnable(clock.now(), limit=9) == (second,)
        claim = await owned(store, second)
        await store.append(second, claim.epoch, [ended("cancelled")], seen=3)
        assert await store.claim(third, new_worker_id(IDS)) is None

    async def test_a_run_that_is_retried_waits_for_its_turn_again(self, store: RunStore, clock: FakeClock) -> None:
        """It gave its turn away when it ended."""
        first, second = [await begin(store, slot="notes", slots=1) for _ in range(2)]
        claim = await owned(store, first)
        await store.append(first, claim.epoch, [ended("failed")], seen=2)
        await owned(store, second)

        await store.post(first, retry())

        assert await store.runnable(clock.now(), limit=9) == ()

    @settings(
        max_examples=25,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(steps=_STEPS, slots=st.integers(1, 3))
    async def test_whatever_happens_no_more_are_under_way_than_there_are_slots(
        self, store: RunStore, clock: FakeClock, steps: list[Step], slots: int
    ) -> None:
        """And whenever one could begin, one of those that wait is runnable."""
        slot, runs, claims = next(_SLOTS), list[RunId](), dict[RunId, Claim]()
        for step in steps:
            if step.what == "start":
                runs.append(await begin(store, slot=slot, slots=slots))
            elif runs:
                await _step(store, step.what, runs[step.number % len(runs)], claims)
            rows = [row for row in await store.rows(limit=1000) if row.slot == slot]
            under_way = [row for row in rows if row.turn == "has"]
            waiting = {row.id for row in rows if row.queued and row.runnable_at}
            assert len(under_way) <= slots
            assert all(row.epoch and not row.is_over for row in under_way)
            found = waiting.intersection(await store.runnable(clock.now(), limit=1000))
            assert found == (waiting if len(under_way) < slots else set())
        for run, claim in claims.items():  # what stays owned would be in the way of the next example
            await store.release(run, claim.epoch, wake=claim.wake, status="approval")


async def _step(store: RunStore, what: str, run: RunId, claims: dict[RunId, Claim]) -> None:
    row = await store.row(run)
    assert row is not None
    claim = claims.get(run)
    match what:
        case "claim" if claim is None:
            taken = await store.claim(run, new_worker_id(IDS))
            if taken is not None:
                claims[run] = taken
        case "release" if claim is not None:
            if await store.release(run, claim.epoch, wake=row.wake, status="approval"):
                del claims[run]
        case "end" if claim is not None:
            await store.append(run, claims.pop(run).epoch, [ended("failed")], seen=row.seq)
        case "cancel" if not row.is_over:
            await store.post(run, cancel())
            claims.update({run: Claim(row=row, epoch=claim.epoch, wake=row.wake + 1)} if claim else {})
        case "retry" if row.is_over:
            await store.post(run, retry())
        case _:
            pass
