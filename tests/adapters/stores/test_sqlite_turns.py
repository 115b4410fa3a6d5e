"""What one turn of the event loop asks for is handed over and committed together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.ids import SystemIds
from podium.ledger.requests import FaultPoint
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import begin_owned, bodies, cancel, done

pytestmark = pytest.mark.anyio


async def _appending(store: SqliteStore, count: int) -> Sequence[asyncio.Task[object]]:
    """Begin an append of each of `count` runs of its own; none has been handed over yet."""
    claims = [await begin_owned(store) for _ in range(count)]
    tasks = [asyncio.ensure_future(store.append(claim.row.id, claim.epoch, [done("a")], seen=2)) for claim in claims]
    await asyncio.sleep(0)
    return tasks


async def test_the_appends_of_one_turn_are_one_commit(tmp_path: Path) -> None:
    reached: list[FaultPoint] = []
    store = await SqliteStore.open(tmp_path, clock=FakeClock(), ids=SystemIds(), faults=reached.append)
    tasks = await _appending(store, 40)
    reached.clear()

    await asyncio.gather(*tasks)

    assert reached == ["before commit", "inside commit", "after commit"]
    await store.close()


async def test_closing_finishes_what_the_same_turn_asked_for(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path, clock=FakeClock(), ids=SystemIds())
    claim = await begin_owned(store)
    append = asyncio.ensure_future(store.append(claim.row.id, claim.epoch, [done("a")], seen=2))
    close = asyncio.ensure_future(store.close())

    await asyncio.gather(append, close)

    witness = await SqliteStore.open(tmp_path, clock=FakeClock(), ids=SystemIds())
    assert await bodies(witness, claim.row.id) == ["RunCreated", "RunClaimed", "NodeDone"]
    await witness.close()


async def test_a_remembered_row_is_read_again_once_another_process_has_written(tmp_path: Path) -> None:
    here = await SqliteStore.open(tmp_path, clock=FakeClock(), ids=SystemIds())
    there = await SqliteStore.open(tmp_path, clock=FakeClock(), ids=SystemIds())
    claim = await begin_owned(here)
    run = claim.row.id
    first = await here.append(run, claim.epoch, [done("a")], seen=2)

    posted = await there.post(run, cancel())
    second = await here.append(run, claim.epoch, [done("b")], seen=3)

    assert (first.wake, second.wake) == (0, 1)
    assert second.foreign == (posted,)
    assert [record.seq for record in second.records] == [5]
    await there.close()
    await here.close()
