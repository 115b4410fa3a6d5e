"""What holds for the owner of a run: claiming, appending, releasing, and being fenced."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from podium.clock import Millis
from podium.errors import Fenced, Rejected
from podium.ids import EffectKey, NodePath, RunId, WorkerId, new_worker_id
from podium.ledger.record import GENESIS, EffectOutcome, Entry, NodeDone, RunClaimed
from podium.ledger.store import CLAIM_RECORDS, Claim, RunRow, RunStore
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import (
    IDS,
    WORKFLOW,
    begin,
    begin_owned,
    bodies,
    cancel,
    done,
    ended,
    owned,
)


class OwnerRules:
    """`claim`, `append`, `release`."""

    async def test_a_claim_says_where_the_run_stands_and_is_recorded(self, store: RunStore, clock: FakeClock) -> None:
        """Epoch and owner are in the row and in the stream."""
        run, worker = await begin(store), new_worker_id(IDS)

        claim = await store.claim(run, worker)

        first, claimed = await store.records(run)
        assert claimed.body == RunClaimed(epoch=1, worker=worker)
        assert (first.prev, claimed.prev) == (GENESIS, first.hash)
        row = RunRow(
            id=run,
            workflow=WORKFLOW.name,
            version=WORKFLOW.version,
            status="running",
            created_at=clock.now(),
            updated_at=clock.now(),
            epoch=1,
            owner=worker,
            runnable_at=clock.now(),
            seq=2,
            head=claimed.hash,
            root=run,
        )
        assert claim == Claim(row=row, epoch=1, wake=0, records=(first, claimed))
        assert await store.row(run) == row

    async def test_a_long_stream_does_not_come_with_the_claim(self, store: RunStore) -> None:
        """It is read in pages; the claim says how far."""
        claim = await begin_owned(store)
        entries = [done(f"n{number}") for number in range(CLAIM_RECORDS)]
        await store.append(claim.row.id, claim.epoch, entries, seen=2)

        # the owner itself may claim again
        again = await store.claim(claim.row.id, WorkerId(claim.row.owner))

        assert again is not None
        assert (claim.records, again.records) == ((await store.records(claim.row.id))[:2], ())
        assert again.row.seq == CLAIM_RECORDS + 3

    async def test_a_run_with_a_living_owner_is_not_given_away(self, store: RunStore) -> None:
        """A second worker gets nothing, and nothing is recorded."""
        claim = await begin_owned(store)

        assert await store.claim(claim.row.id, new_worker_id(IDS)) is None
        assert await bodies(store, claim.row.id) == ["RunCreated", "RunClaimed"]

    async def test_of_many_claims_at_once_one_wins(self, store: RunStore) -> None:
        """Also when they are committed together."""
        run = await begin(store)

        claims = await asyncio.gather(*(store.claim(run, new_worker_id(IDS)) for _ in range(8)))

        assert [claim.epoch for claim in claims if claim] == [1]

    async def test_a_second_claim_fences_the_first_owner(self, store: RunStore) -> None:
        """Whatever the old epoch still sends is not written."""
        run, worker = await begin(store), new_worker_id(IDS)
        old = await store.claim(run, worker)
        new = await store.claim(run, worker)
        assert old
        assert new

        with pytest.raises(Fenced):
            await store.append(run, old.epoch, [done("late")], seen=old.row.seq)
        with pytest.raises(Fenced):
            await store.release(run, old.epoch, wake=old.wake, status="approval")
        await store.append(run, new.epoch, [done("late")], seen=new.row.seq)

        assert await bodies(store, run) == ["RunCreated", "RunClaimed", "RunClaimed", "NodeDone"]

    async def test_a_run_that_does_not_exist_cannot_be_claimed(self, store: RunStore) -> None:
        """ST004."""
        with pytest.raises(Rejected, match="ST004"):
            await store.claim(RunId("rnobody000000"), new_worker_id(IDS))

    async def test_an_append_returns_its_records_as_stored(self, store: RunStore) -> None:
        """Chained to what was before, and to one another."""
        claim = await begin_owned(store)

        appended = await store.append(claim.row.id, claim.epoch, [done("a"), done("b")], seen=claim.row.seq)

        assert appended.records == (await store.records(claim.row.id))[2:]
        assert [record.seq for record in appended.records] == [3, 4]
        assert [record.prev for record in appended.records] == [claim.row.head, appended.records[0].hash]
        assert (appended.foreign, appended.wake) == ((), 0)

    async def test_appends_of_one_run_at_the_same_time_follow_one_another(self, store: RunStore) -> None:
        """They may share a commit; the chain holds and each is answered with its own."""
        claim = await begin_owned(store)
        run = claim.row.id

        answers = await asyncio.gather(
            *(store.append(run, claim.epoch, [done(f"n{i}")], seen=claim.row.seq) for i in range(20))
        )

        assert [answer.records[0].path for answer in answers] == [f"n{i}" for i in range(20)]
        assert [answer.records[0].seq for answer in answers] == list(range(3, 23))
        assert [len(answer.foreign) for answer in answers] == list(range(20))
        assert (await verify(store, run)).problems == ()

    async def test_a_key_is_taken_once(self, store: RunStore) -> None:
        """In the store, in the same append, and in the same commit; nothing else of the append is written."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [done("a")], seen=2)

        with pytest.raises(Rejected, match=r"ST006.*`done:a`"):
            await store.append(run, claim.epoch, [done("b"), done("a")], seen=3)
        with pytest.raises(Rejected, match=r"ST006.*`done:c`"):
            await store.append(run, claim.epoch, [done("c"), done("c")], seen=3)

        assert [record.key for record in await store.records(run)] == ["", "", "done:a"]

    async def test_a_loser_does_not_harm_the_others_of_its_commit(self, store: RunStore) -> None:
        """Each is answered on its own."""
        claim, other = await begin_owned(store), await begin_owned(store)
        run = claim.row.id

        answers = await asyncio.gather(
            store.append(run, claim.epoch, [done("a")], seen=2),
            store.append(run, claim.epoch, [done("x"), done("a")], seen=2),
            store.append(run, claim.epoch + 1, [done("y")], seen=2),
            store.append(other.row.id, other.epoch, [done("a")], seen=2),
            store.append(run, claim.epoch, [done("b")], seen=2),
            store.post(run, cancel("done:a")),
            return_exceptions=True,
        )

        assert [type(answer).__name__ for answer in answers] == [
            *("Appended", "Rejected", "Fenced", "Appended", "Appended", "Rejected"),
        ]
        assert [record.key for record in await store.records(run)] == ["", "", "done:a", "done:b"]
        assert (await verify(store)).problems == ()

    @pytest.mark.parametrize(
        "entry",
        [
            pytest.param(Entry(body=NodeDone(), path=NodePath("a\ud800")), id="lone surrogate"),
            pytest.param(Entry(body=NodeDone(), key="done:\ud800"), id="lone surrogate in the key"),
            pytest.param(Entry(body=NodeDone(errors=2**53)), id="large integer"),
            pytest.param(Entry(body=EffectOutcome(id=cast("EffectKey", 7), status="ok")), id="wrong type"),
        ],
    )
    async def test_what_could_not_be_read_again_is_not_written(self, store: RunStore, entry: Entry) -> None:
        """ST009, for this append alone."""
        claim = await begin_owned(store)

        refused, taken = await asyncio.gather(
            store.append(claim.row.id, claim.epoch, [done("a"), entry], seen=2),
            store.append(claim.row.id, claim.epoch, [done("b")], seen=2),
            return_exceptions=True,
        )

        assert isinstance(refused, Rejected)
        assert refused.code == "ST009"
        assert not isinstance(taken, BaseException)
        assert [record.key for record in await store.records(claim.row.id)] == ["", "", "done:b"]

    async def test_time_does_not_run_backwards_in_a_stream(self, store: RunStore, clock: FakeClock) -> None:
        """The clock may be set back."""
        claim = await begin_owned(store)
        before = clock.now()

        clock.jump(timedelta(days=-1))
        await store.append(claim.row.id, claim.epoch, [done("a")], seen=2)
        clock.jump(timedelta(days=2))
        await store.append(claim.row.id, claim.epoch, [done("b")], seen=3)

        times = [record.at for record in await store.records(claim.row.id)]
        assert times == [before, before, before, clock.now()]

    async def test_the_end_lets_go_of_the_run(self, store: RunStore) -> None:
        """No release is needed; nobody can claim it, nobody can add to it."""
        claim = await begin_owned(store)
        run = claim.row.id

        await store.append(run, claim.epoch, [done("a"), ended()], seen=2)

        row = await store.row(run)
        assert row
        assert (row.status, row.owner, row.runnable_at, row.next_timer_at) == ("done", "", 0, 0)
        assert await store.claim(run, new_worker_id(IDS)) is None
        with pytest.raises(Fenced):
            await store.append(run, claim.epoch, [done("b")], seen=4)

    async def test_nothing_follows_the_end_in_the_same_append(self, store: RunStore) -> None:
        """ST005."""
        claim = await begin_owned(store)

        with pytest.raises(Rejected, match="ST005"):
            await store.append(claim.row.id, claim.epoch, [ended(), done("a")], seen=2)

    async def test_a_release_lets_go_until_the_timer(self, store: RunStore) -> None:
        """The run keeps its epoch; the next owner gets another one."""
        claim = await begin_owned(store)

        assert await store.release(
            claim.row.id, claim.epoch, wake=claim.wake, status="timer", next_timer_at=Millis(1_800_000_000_000)
        )

        row = await store.row(claim.row.id)
        assert row
        assert (row.status, row.owner, row.runnable_at, row.next_timer_at) == ("timer", "", 0, 1_800_000_000_000)
        with pytest.raises(Fenced):
            await store.append(claim.row.id, claim.epoch, [done("a")], seen=2)
        assert (await owned(store, claim.row.id)).epoch == 2

    async def test_a_release_is_refused_after_a_post_that_was_not_seen(self, store: RunStore) -> None:
        """No wake is lost between the last look and the letting go."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.post(run, cancel())

        assert not await store.release(run, claim.epoch, wake=claim.wake, status="approval")
        looked = await store.append(run, claim.epoch, [], seen=claim.row.seq)

        assert [type(record.body).__name__ for record in looked.foreign] == ["CancelRequested"]
        assert await store.release(run, claim.epoch, wake=looked.wake, status="approval")

    async def test_a_run_released_as_running_is_runnable_at_once(self, store: RunStore, clock: FakeClock) -> None:
        """Who stops working hands over."""
        claim = await begin_owned(store)

        await store.release(claim.row.id, claim.epoch, wake=claim.wake, status="running")

        assert await store.runnable(clock.now(), limit=5) == (claim.row.id,)
