"""What holds between processes: hearing of changes, and noticing a death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import cast

import pytest

from podium.errors import StoreError
from podium.ids import RunId, new_worker_id
from podium.ledger.store import RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import IDS, OpenStore, begin, begin_owned, bodies, cancel, done, owned

SOON_S = 5.0
"""How long a test waits for what must come; far more than it takes."""


class SharingRules:
    """Several stores over the same durable state."""

    async def test_what_one_writes_the_other_reads(self, open_store: OpenStore) -> None:
        """And the chain goes on from wherever it stands."""
        here, there = await open_store(), await open_store()
        claim = await begin_owned(here)
        run = claim.row.id

        posted = await there.post(run, cancel())
        appended = await here.append(run, claim.epoch, [done("a")], seen=2)

        assert appended.foreign == (posted,)
        assert await there.records(run) == await here.records(run)

    async def test_an_owner_elsewhere_lives_until_its_process_ends(
        self, open_store: OpenStore, clock: FakeClock
    ) -> None:
        """Then its run is runnable, and the next epoch fences it."""
        here, there = await open_store(), await open_store()
        claim = await begin_owned(there)
        run = claim.row.id
        assert await here.claim(run, new_worker_id(IDS)) is None
        assert await here.runnable(clock.now(), limit=5) == ()

        await there.close()

        assert await here.runnable(clock.now(), limit=5) == (run,)
        assert (await owned(here, run)).epoch == 2

    async def test_the_first_look_is_at_once(self, store: RunStore) -> None:
        """Whoever begins to listen has missed everything before."""
        async with _listening(store) as changes:
            await _next(changes)

    async def test_a_listener_hears_of_a_write_here(self, store: RunStore) -> None:
        """Several changes may come as one."""
        run = await begin(store)
        async with _listening(store) as changes:
            await _next(changes)

            await store.post(run, cancel())

            await _next(changes)

    async def test_a_listener_hears_of_a_write_elsewhere(self, open_store: OpenStore) -> None:
        """What is read afterwards has it."""
        here, there = await open_store(), await open_store()
        run = await begin(here)
        async with _listening(here) as changes:
            await _next(changes)

            await there.post(run, cancel())

            await _until(changes, here, run, "CancelRequested")

    async def test_a_listener_hears_of_a_death_elsewhere(self, open_store: OpenStore, clock: FakeClock) -> None:
        """So that somebody takes over."""
        here, there = await open_store(), await open_store()
        run = (await begin_owned(there)).row.id
        async with _listening(here) as changes:
            await _next(changes)

            await there.close()

            async with asyncio.timeout(SOON_S):
                while await here.runnable(clock.now(), limit=1) != (run,):
                    await anext(changes)

    async def test_who_listens_hears_that_the_store_is_closed(self, open_store: OpenStore) -> None:
        """The changes come to an end."""
        store = await open_store()
        async with _listening(store) as changes:
            await _next(changes)

            await store.close()

            async with asyncio.timeout(SOON_S):
                async for _ in changes:
                    pass

    async def test_a_closed_store_says_so(self, open_store: OpenStore) -> None:
        """ST015, for reads and for writes; closing twice is no mistake."""
        store = await open_store()
        run = await begin(store)

        await store.close()
        await store.close()

        with pytest.raises(StoreError, match="ST015"):
            await store.post(run, cancel())
        with pytest.raises(StoreError, match="ST015"):
            await store.row(run)

    async def test_closing_finishes_what_was_accepted(self, open_store: OpenStore) -> None:
        """Each is answered, and is there afterwards."""
        store, witness = await open_store(), await open_store()
        claim = await begin_owned(store)

        async with asyncio.TaskGroup() as group:
            tasks = [
                asyncio.ensure_future(store.append(claim.row.id, claim.epoch, [done(f"n{i}")], seen=2))
                for i in range(20)
            ]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            group.create_task(store.close())

        assert all([(await task).records for task in tasks])
        assert len(await bodies(witness, claim.row.id)) == 22


@asynccontextmanager
async def _listening(store: RunStore) -> AsyncGenerator[AsyncIterator[None]]:
    async with aclosing(cast("AsyncGenerator[None]", store.changed())) as changes:
        yield changes


async def _next(changes: AsyncIterator[None]) -> None:
    async with asyncio.timeout(SOON_S):
        await anext(changes)


async def _until(changes: AsyncIterator[None], store: RunStore, run: RunId, kind: str) -> None:
    async with asyncio.timeout(SOON_S):
        while kind not in await bodies(store, run):
            await anext(changes)
