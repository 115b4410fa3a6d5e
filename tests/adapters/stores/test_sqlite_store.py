from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.ids import SystemIds
from podium.ledger.requests import Faults, no_faults
from podium.ledger.store import RunStore
from podium.testing.clock import FakeClock
from podium.testing.conformance.run_store import OpenStore, RunStoreSuite


class TestSqliteStore(RunStoreSuite):
    @pytest.fixture
    async def open_store(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[OpenStore]:
        opened: list[SqliteStore] = []

        async def open_store(faults: Faults = no_faults) -> RunStore:
            opened.append(await SqliteStore.open(tmp_path / "home", clock=clock, ids=SystemIds(), faults=faults))
            return opened[-1]

        yield open_store
        for store in opened:
            await store.close()
