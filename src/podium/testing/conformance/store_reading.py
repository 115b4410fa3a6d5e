"""What holds for reading: rows, what is due, records, payloads, files."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from podium.clock import Millis
from podium.errors import LedgerError, StoreError, UsageError
from podium.ids import ADMIN, Digest, RunId, new_worker_id
from podium.ledger.chain import unseal
from podium.ledger.payload import payload
from podium.ledger.record import PayloadRef
from podium.ledger.store import INLINE_BYTES, RunStore
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import (
    IDS,
    WORKFLOW,
    begin,
    begin_owned,
    cancel,
    created,
    done,
    ended,
)


class ReadingRules:
    """Everything that changes nothing."""

    async def test_rows_come_newest_first(self, store: RunStore, clock: FakeClock) -> None:
        """With a limit, and of some statuses only."""
        runs: list[RunId] = []
        for _ in range(4):
            clock.advance(timedelta(seconds=1))
            runs.append(await begin(store))
        claim = await store.claim(runs[1], new_worker_id(IDS))
        assert claim
        await store.append(runs[1], claim.epoch, [ended()], seen=2)

        assert [row.id for row in await store.rows()] == runs[::-1]
        assert [row.id for row in await store.rows(limit=2)] == runs[:1:-1]
        assert [row.id for row in await store.rows(status=["done", "failed"])] == [runs[1]]

    async def test_a_run_is_found_by_the_beginning_of_its_id(self, store: RunStore) -> None:
        """Ten at most; the admin stream is no run."""
        await store.publish(WORKFLOW)
        runs = [RunId(f"rab{i:x}000000000") for i in range(12)]
        for run in (*runs, RunId("rb00000000000")):
            await store.start(run, created(run))

        assert await store.find("rab") == tuple(runs[:10])
        assert await store.find("rab3") == (runs[3],)
        assert await store.find("rab3000000000") == (runs[3],)
        assert await store.find("x") == ()
        assert await store.find("r\ud800") == ()
        assert await store.find("_") == ()
        assert len(await store.find("")) == 10
        assert await store.row(RunId("rab3")) is None

    async def test_what_is_runnable_comes_in_the_order_of_waiting(self, store: RunStore, clock: FakeClock) -> None:
        """Woken runs and due timers, not those that are owned, wait longer, or have ended."""
        owned, waiting, timer, woken = [await begin_owned(store) for _ in range(4)]
        over = await begin_owned(store)
        clock.advance(timedelta(seconds=1))
        late = clock.now() + 60_000
        await store.release(waiting.row.id, 1, wake=0, status="timer", next_timer_at=late + 1)
        await store.release(timer.row.id, 1, wake=0, status="timer", next_timer_at=late)
        await store.release(woken.row.id, 1, wake=0, status="approval")
        await store.append(over.row.id, 1, [ended()], seen=2)
        assert await store.next_timer() == late

        clock.advance(timedelta(seconds=10))
        assert await store.runnable(clock.now(), limit=5) == ()
        await store.post(woken.row.id, cancel())
        assert await store.runnable(clock.now(), limit=5) == (woken.row.id,)
        clock.advance(timedelta(seconds=50))
        assert await store.runnable(clock.now(), limit=5) == (woken.row.id, timer.row.id)
        assert await store.runnable(clock.now(), limit=1) == (woken.row.id,)
        assert owned.row.id not in await store.runnable(Millis(late + 9), limit=5)

    async def test_without_timers_there_is_no_next_one(self, store: RunStore) -> None:
        """0."""
        await begin(store)

        assert await store.next_timer() == 0

    async def test_records_come_in_pages(self, store: RunStore) -> None:
        """After a seq, so many; as stored they decode to the same."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [done(f"n{i}") for i in range(10)], seen=2)

        every = await store.records(run)
        assert [record.seq for record in every] == list(range(1, 13))
        assert await store.records(run, after=4, limit=3) == every[4:7]
        assert await store.records(run, after=12) == ()
        assert tuple(unseal(stored) for stored in await store.stored(run, after=10)) == every[10:]
        assert await store.records(RunId("rnobody000000")) == ()

    async def test_streams_are_the_runs_and_the_installation(self, store: RunStore) -> None:
        """Each once."""
        runs = [await begin(store), await begin(store)]

        assert await store.streams() == tuple(sorted([ADMIN, *runs]))

    @pytest.mark.parametrize("size", [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 5_000_000])
    async def test_a_payload_comes_back_as_it_was(self, store: RunStore, size: int) -> None:
        """Of any size."""
        data = (IDS.random_bytes(1000) * (size // 1000 + 1))[:size]
        out = payload(data, IDS)
        claim = await begin_owned(store)

        await store.append(claim.row.id, claim.epoch, [done("a", out)], seen=2)

        assert await store.payload(claim.row.id, out.ref) == data
        assert (await verify(store, claim.row.id)).problems == ()

    async def test_a_payload_may_be_handed_in_again(self, store: RunStore) -> None:
        """With a later record that refers to it too, also a large one."""
        small, large = payload(b"x", IDS), payload(b"x" * (INLINE_BYTES + 1), IDS)
        claim = await begin_owned(store)

        for name in ("a", "b"):
            await store.append(claim.row.id, claim.epoch, [done(name, small), done(name + "2", large)], seen=2)

        assert await store.payload(claim.row.id, small.ref) == b"x"
        assert (await verify(store, claim.row.id)).problems == ()

    async def test_a_payload_that_was_refused_with_its_record_is_not_kept(self, store: RunStore) -> None:
        """Nothing half written."""
        out = payload(b"y" * (INLINE_BYTES + 1), IDS)
        claim = await begin_owned(store)
        await store.append(claim.row.id, claim.epoch, [done("a")], seen=2)

        with pytest.raises(StoreError, match="ST006"):
            await store.append(claim.row.id, claim.epoch, [done("a", out)], seen=3)

        with pytest.raises(LedgerError, match="LE006"):
            await store.payload(claim.row.id, out.ref)

    async def test_a_payload_that_is_missing_or_another_one_is_told_apart(self, store: RunStore) -> None:
        """LE006, LE007; a payload belongs to one run."""
        out = payload(b"hello", IDS)
        claim, other = await begin_owned(store), await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [done("a", out)], seen=2)
        gone, longer = PayloadRef(Digest("0" * 64), 5), PayloadRef(out.ref.digest, 6)

        with pytest.raises(LedgerError, match="LE006"):
            await store.payload(run, gone)
        with pytest.raises(LedgerError, match="LE007"):
            await store.payload(run, longer)
        with pytest.raises(LedgerError, match="LE006"):
            await store.payload(other.row.id, out.ref)
        bad = await store.check_payloads(run, [out.ref, gone])
        assert {digest: error.code for digest, error in bad.items()} == {gone.digest: "LE006"}

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        """A file of three million bytes."""
        path = tmp_path / "notes.bin"
        path.write_bytes(b"abc" * 1_000_000)
        return path

    async def test_a_file_is_kept_under_its_digest(self, store: RunStore, source: Path) -> None:
        """Twice the same is once; what cannot be read is said."""
        saved = await store.save_file(source)

        assert saved == (Digest(hashlib.sha256(b"abc" * 1_000_000).hexdigest()), 3_000_000)
        assert await store.save_file(source) == saved
        assert await asyncio.to_thread(store.file_path(saved[0]).read_bytes) == b"abc" * 1_000_000
        with pytest.raises(UsageError, match="ST018"):
            await store.save_file(source.with_name("nothing"))

    async def test_everything_that_was_written_verifies(self, store: RunStore) -> None:
        """Streams, records and payloads are counted."""
        claim = await begin_owned(store)
        await store.append(claim.row.id, claim.epoch, [done("a", payload(b"1", IDS)), ended()], seen=2)
        admin = len(await store.records(ADMIN))

        report = await verify(store)

        assert (report.streams, report.records, report.payloads, report.problems) == (2, 4 + admin, 2, ())
