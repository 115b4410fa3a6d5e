"""What holds for everybody else: publishing, starting, posting."""

from __future__ import annotations

import asyncio

import pytest

from podium.errors import Rejected, UsageError
from podium.ids import ADMIN, RunId, WorkflowVersion, new_run_id
from podium.ledger.record import GENESIS, AdminNoted
from podium.ledger.store import RunRow, RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import (
    IDS,
    WORKFLOW,
    begin,
    begin_owned,
    bodies,
    cancel,
    created,
    done,
    ended,
    owned,
    retry,
)


class PostingRules:
    """`publish`, `workflow`, `start`, `post`."""

    async def test_a_version_is_published_once(self, store: RunStore) -> None:
        """And noted once, also by many at the same time."""
        await asyncio.gather(*(store.publish(WORKFLOW) for _ in range(3)))
        await store.publish(WORKFLOW)

        notes = [record.body for record in await store.records(ADMIN)]
        noted = AdminNoted(action="workflow.published", subject=WORKFLOW.version, by="system")
        assert [note for note in notes if isinstance(note, AdminNoted) and note.action == noted.action] == [noted]
        assert await store.workflow(WORKFLOW.version) == WORKFLOW

    async def test_a_version_that_was_not_published_is_named(self, store: RunStore) -> None:
        """ST008."""
        with pytest.raises(UsageError, match=r"ST008.*`777777777777`"):
            await store.workflow(WorkflowVersion("7" * 64))

    async def test_a_started_run_is_runnable(self, store: RunStore, clock: FakeClock) -> None:
        """Its first record begins its stream."""
        await store.publish(WORKFLOW)
        run = new_run_id(IDS)

        record = await store.start(run, entry := created(run))

        assert (record.stream, record.seq, record.prev, record.at) == (run, 1, GENESIS, clock.now())
        assert record.body == entry.body
        assert await store.records(run) == (record,)
        assert await store.row(run) == RunRow(
            id=run,
            workflow=WORKFLOW.name,
            version=WORKFLOW.version,
            status="running",
            created_at=clock.now(),
            updated_at=clock.now(),
            runnable_at=clock.now(),
            seq=1,
            head=record.hash,
            root=run,
        )

    async def test_an_id_is_given_once(self, store: RunStore) -> None:
        """ST003, also for two at the same time."""
        await store.publish(WORKFLOW)
        run = new_run_id(IDS)

        answers = await asyncio.gather(
            store.start(run, created(run)), store.start(run, created(run)), return_exceptions=True
        )

        assert [getattr(answer, "code", "started") for answer in answers] == ["started", "ST003"]

    async def test_a_run_needs_a_published_version(self, store: RunStore) -> None:
        """ST008."""
        run = new_run_id(IDS)

        with pytest.raises(Rejected, match="ST008"):
            await store.start(run, created(run))
        assert await store.row(run) is None

    async def test_a_run_begins_with_its_creation(self, store: RunStore) -> None:
        """ST009."""
        await store.publish(WORKFLOW)

        with pytest.raises(Rejected, match="ST009"):
            await store.start(new_run_id(IDS), done("a"))

    async def test_a_post_wakes(self, store: RunStore, clock: FakeClock) -> None:
        """`wake` counts, and the run is runnable."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.release(run, claim.epoch, wake=0, status="approval")
        assert await store.runnable(clock.now(), limit=5) == ()

        record = await store.post(run, cancel())

        assert (await store.records(run))[-1] == record
        assert await store.wakes([run, RunId("rnobody000000")]) == {run: 1}
        assert await store.runnable(clock.now(), limit=5) == (run,)
        row = await store.row(run)
        assert row
        assert row.status == "approval"

    async def test_the_owner_gets_what_others_posted_in_order_and_once(self, store: RunStore) -> None:
        """Before its own records."""
        claim = await begin_owned(store)
        run = claim.row.id
        posted = [await store.post(run, cancel(f"c{i}")) for i in range(3)]

        first = await store.append(run, claim.epoch, [done("a")], seen=claim.row.seq)
        second = await store.append(run, claim.epoch, [done("b")], seen=first.records[-1].seq)

        assert (list(first.foreign), first.wake) == (posted, 3)
        assert (second.foreign, second.wake) == ((), 3)

    async def test_a_post_to_a_run_that_does_not_exist_is_refused(self, store: RunStore) -> None:
        """ST004."""
        with pytest.raises(Rejected, match=r"ST004.*`rnobody000000`"):
            await store.post(RunId("rnobody000000"), cancel())

    async def test_a_post_is_refused_in_another_status_than_it_is_meant_for(self, store: RunStore) -> None:
        """ST005 names the status."""
        claim = await begin_owned(store)
        run = claim.row.id

        with pytest.raises(Rejected, match=r"ST005.*`running`"):
            await store.post(run, cancel(), when=["approval", "signal"])
        await store.release(run, claim.epoch, wake=0, status="signal")

        await store.post(run, cancel(), when=["approval", "signal"])

    async def test_of_two_posts_with_a_key_one_is_taken(self, store: RunStore) -> None:
        """ST006: two people decide at the same time."""
        run = await begin(store)

        answers = await asyncio.gather(
            store.post(run, cancel("answer:approve")), store.post(run, cancel("answer:approve")), return_exceptions=True
        )

        assert [getattr(answer, "code", "posted") for answer in answers] == ["posted", "ST006"]
        assert await store.wakes([run]) == {run: 1}

    async def test_a_run_that_has_ended_takes_a_retry_and_nothing_else(self, store: RunStore, clock: FakeClock) -> None:
        """It is running again then, and may be claimed."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [ended()], seen=2)

        with pytest.raises(Rejected, match=r"ST005.*`done`"):
            await store.post(run, cancel())
        with pytest.raises(Rejected, match=r"ST005.*`done`"):
            await store.post(run, retry(), when=["failed"])
        await store.post(run, retry(), when=["failed", "done"])

        assert await store.runnable(clock.now(), limit=5) == (run,)
        assert (await owned(store, run)).row.status == "running"
        assert await bodies(store, run) == ["RunCreated", "RunClaimed", "RunEnded", "RetryRequested", "RunClaimed"]

    async def test_a_run_that_goes_on_takes_no_retry(self, store: RunStore) -> None:
        """ST005."""
        run = await begin(store)

        with pytest.raises(Rejected, match="ST005"):
            await store.post(run, retry())
