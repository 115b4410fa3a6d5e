from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium.ledger.requests import Faults, no_faults
from podium.ledger.store import RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.run_store import OpenStore, RunStoreSuite
from podium.testing.memory import MemoryStore


class TestMemoryStore(RunStoreSuite):
    @pytest.fixture
    async def open_store(self, clock: FakeClock) -> AsyncIterator[OpenStore]:
        opened = [MemoryStore(clock=clock)]

        async def open_store(faults: Faults = no_faults) -> RunStore:
            opened.append(opened[0].beside(faults=faults))
            return opened[-1]

        yield open_store
        for store in opened:
            await store.close()
