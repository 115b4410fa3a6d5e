"""DBOS on SQLite: a workflow of ten steps, each durable before the next; WAL and full sync as everybody here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.contender import STEPS
from sqlalchemy import create_engine, event


class Dbos:
    """One workflow of ten steps that count."""

    name = "dbos"

    def __init__(self, api: Any) -> None:
        self._api = api

        @api.DBOS.step()
        async def step(done: int) -> int:
            return done + 1

        @api.DBOS.workflow()
        async def chain() -> int:
            done = 0
            for _ in range(STEPS):
                done = await step(done)
            return done

        self._chain = chain

    async def run(self, chain: str) -> None:
        with self._api.SetWorkflowID(chain):
            assert await self._chain() == STEPS


@asynccontextmanager
async def open_dbos(folder: Path) -> AsyncGenerator[Dbos]:
    """Yield DBOS with its system database in `folder`."""
    # by name, since it is installed for `make bench` alone
    api: Any = import_module("dbos")
    url = f"sqlite:///{folder / 'dbos.db'}"
    engine = create_engine(url)
    event.listen(engine, "connect", _as_everybody)
    config = {
        "name": "chain",
        "system_database_url": url,
        "system_database_engine": engine,
        "serializer": api.DBOSPortableJSONSerializer(),
        "application_version": "bench",
        "log_level": "ERROR",
    }
    api.DBOS(config=config)
    contender = Dbos(api)
    await asyncio.to_thread(api.DBOS.launch)
    logging.getLogger("dbos").setLevel(logging.ERROR)
    try:
        yield contender
    finally:
        await asyncio.to_thread(api.DBOS.destroy)
        # it had made its own threads those of the loop
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        engine.dispose()


def _as_everybody(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
