"""What holds for records of the installation itself: they stand in one stream, and a key is taken once."""

from __future__ import annotations

import asyncio

import pytest

from podium.errors import Rejected
from podium.ids import ADMIN
from podium.ledger.record import AdminNoted, Entry
from podium.ledger.store import RunStore
from podium.ledger.verify import verify
from podium.testing.conformance.store_world import OpenStore


def _entry(name: str, key: str = "") -> Entry:
    return Entry(body=AdminNoted(action="policies.changed", subject=name, by="ann"), key=key)


class EnteringRules:
    """`enter`."""

    async def test_what_is_entered_stands_in_the_stream_of_the_installation(self, store: RunStore) -> None:
        """In its order, and it verifies."""
        written = [await store.enter(_entry("a")), await store.enter(_entry("b", "k"))]

        assert (await store.records(ADMIN))[-2:] == tuple(written)
        assert (await verify(store, ADMIN)).problems == ()

    async def test_of_many_with_the_same_key_one_is_entered(self, store: RunStore) -> None:
        """Also in one batch, and the others are told."""
        tried = await asyncio.gather(*(store.enter(_entry(f"{n}", "k")) for n in range(20)), return_exceptions=True)

        refused = [error for error in tried if isinstance(error, Rejected)]
        assert (len(refused), {error.code for error in refused}) == (19, {"ST006"})

    async def test_a_key_is_still_taken_after_the_store_was_closed(
        self, store: RunStore, open_store: OpenStore
    ) -> None:
        """It is looked up in the store."""
        await store.enter(_entry("a", "k"))
        await store.close()
        again = await open_store()

        with pytest.raises(Rejected, match="ST006"):
            await again.enter(_entry("b", "k"))
