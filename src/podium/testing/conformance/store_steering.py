"""What holds for pausing, for runs that gave up, and for the lists of both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from podium.errors import Rejected
from podium.ids import new_worker_id
from podium.ledger.record import Entry, PauseRequested, ResumeRequested, RunStatus
from podium.ledger.store import RunStore, Tally
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import (
    IDS,
    WORKFLOW,
    begin,
    begin_owned,
    bodies,
    cancel,
    drop,
    ended,
    owned,
    retry,
)

_PAUSE = Entry(body=PauseRequested(by="user:bob"))
_RESUME = Entry(body=ResumeRequested(by="user:bob"))


class SteeringRules:
    """`post` of what people want of a run, `rows`, `tallies`."""

    async def test_a_run_that_waits_is_paused_at_once(self, store: RunStore, clock: FakeClock) -> None:
        """Nobody needs to look at it for that; going on is for a worker."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.release(run, claim.epoch, wake=0, status="approval")

        await store.post(run, _PAUSE)

        row = await store.row(run)
        assert row is not None
        assert (row.status, row.runnable_at) == ("paused", 0)
        await store.post(run, _RESUME)
        assert await store.runnable(clock.now(), limit=9) == (run,)
        assert (await owned(store, run)).row.status == "running"

    async def test_a_run_that_is_paused_before_it_begins_takes_nobodys_turn(
        self, store: RunStore, clock: FakeClock
    ) -> None:
        """It queues again when it is resumed."""
        first, second = [await begin(store, slot="notes", slots=1) for _ in range(2)]

        await store.post(first, _PAUSE)

        assert await store.runnable(clock.now(), limit=9) == (second,)
        await store.post(first, _RESUME)
        assert set(await store.runnable(clock.now(), limit=9)) == {first, second}

    async def test_the_owner_of_a_run_hears_that_it_shall_pause(self, store: RunStore) -> None:
        """It lets go of it when it has come to a rest."""
        claim = await begin_owned(store)
        run = claim.row.id

        posted = await store.post(run, _PAUSE)

        row = await store.row(run)
        assert row is not None
        assert row.status == "running"
        assert not await store.release(run, claim.epoch, wake=0, status="approval")
        appended = await store.append(run, claim.epoch, [], seen=claim.row.seq)
        assert (appended.foreign, appended.wake) == ((posted,), 1)
        assert await store.release(run, claim.epoch, wake=1, status="paused")

    @pytest.mark.parametrize(
        ("status", "not_undone", "dead"),
        [
            ("done", 0, False),
            ("cancelled", 0, False),
            ("cancelled", 1, True),
            ("failed", 0, True),
            ("limit", 0, True),
            ("denied", 0, True),
            ("done_with_errors", 0, True),
        ],
    )
    async def test_runs_that_gave_up_are_listed(
        self, store: RunStore, status: RunStatus, not_undone: int, *, dead: bool
    ) -> None:
        """Also those that left something that should have been undone."""
        claim = await begin_owned(store)
        await store.append(claim.row.id, claim.epoch, [ended(status, not_undone=not_undone)], seen=2)

        assert [row.id for row in await store.rows(dead=True)] == [claim.row.id] * dead

    async def test_what_is_dropped_is_listed_no_more_and_stays_as_it_is(
        self, store: RunStore, clock: FakeClock
    ) -> None:
        """Only what gave up can be dropped, and only once."""
        claim = await begin_owned(store)
        run = claim.row.id
        with pytest.raises(Rejected, match="ST005"):
            await store.post(run, drop())
        await store.append(run, claim.epoch, [ended("failed")], seen=2)

        await store.post(run, drop())

        assert await store.rows(dead=True) == ()
        assert await store.runnable(clock.now(), limit=9) == ()
        assert await store.claim(run, new_worker_id(IDS)) is None
        row = await store.row(run)
        assert row is not None
        assert row.status == "failed"
        with pytest.raises(Rejected, match="ST005"):
            await store.post(run, drop())
        assert await bodies(store, run) == ["RunCreated", "RunClaimed", "RunEnded", "DeadDropped"]

    async def test_what_is_retried_has_not_given_up(self, store: RunStore) -> None:
        """Whatever becomes of it."""
        claim = await begin_owned(store)
        await store.append(claim.row.id, claim.epoch, [ended("failed")], seen=2)

        await store.post(claim.row.id, retry())

        assert await store.rows(dead=True) == ()

    async def test_runs_are_listed_by_workflow(self, store: RunStore) -> None:
        """With their limit."""
        run = await begin(store)

        assert [row.id for row in await store.rows(workflow=WORKFLOW.name)] == [run]
        assert await store.rows(workflow="other") == ()

    async def test_runs_are_counted_where_they_stand_alike(self, store: RunStore, clock: FakeClock) -> None:
        """With the time of the one that has not moved for the longest."""
        first = clock.now()
        await begin(store)
        clock.advance(timedelta(seconds=1))
        await begin(store)
        waits, _ = [await begin(store, slot="notes", slots=1) for _ in range(2)]
        await store.post(waits, cancel())
        claim = await begin_owned(store)
        await store.append(claim.row.id, claim.epoch, [ended()], seen=2)

        def tally(status: RunStatus | str, runs: int, oldest: int, *, queued: bool = False) -> tuple[object, ...]:
            return WORKFLOW.name, WORKFLOW.version, WORKFLOW.file, status, queued, runs, oldest

        assert [_fields(found) for found in await store.tallies()] == [
            tally("done", 1, clock.now()),
            tally("running", 3, first),
            tally("running", 1, clock.now(), queued=True),
        ]


def _fields(found: Tally) -> tuple[object, ...]:
    return found.workflow, found.version, found.file, found.status, found.queued, found.runs, found.oldest
