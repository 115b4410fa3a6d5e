"""The least that a step with evidence can cost: two chained records into SQLite, nothing else.

A writer thread takes everything that was queued while the last commit synced into the next transaction (group commit).
A record is canonical JSON whose SHA-256 covers the record before it. Two variants:

- `journal`: one record is durable before the (empty) act, one after it: what architecture §3.3 asks for;
- `journal-one-commit`: both records of a step in one commit, which promises less.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import queue
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.contender import STEPS

Row = tuple[str, int, bytes, bytes]


class Append(NamedTuple):
    rows: list[Row]
    done: asyncio.Future[None]


class Writer:
    """One thread, one connection, one transaction for everything that waits."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Append | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="bare-journal")
        self._thread.start()

    async def append(self, rows: list[Row]) -> None:
        """Return once `rows` are synced to disk."""
        request = Append(rows, self._loop.create_future())
        self._queue.put(request)
        await request.done

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE record (chain, seq, body, hash, PRIMARY KEY (chain, seq)) WITHOUT ROWID")
        while batch := self._batch():
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", [row for a in batch for row in a.rows])
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, batch)
        connection.close()

    def _batch(self) -> list[Append]:
        """Return what waits, at least one; nothing once closed."""
        batch: list[Append] = []
        while not batch or not self._queue.empty():
            request = self._queue.get()
            if request is None:
                break
            batch.append(request)
        return batch


def _resolve(batch: list[Append]) -> None:
    for append in batch:
        append.done.set_result(None)


class Journal:
    """A chain of records per run."""

    def __init__(self, writer: Writer, *, intent_first: bool) -> None:
        self.name = "journal" if intent_first else "journal-one-commit"
        self._writer = writer
        self._intent_first = intent_first

    async def run(self, chain: str) -> None:
        head, seq = b"\0" * 32, 0
        for step in range(STEPS):
            rows: list[Row] = []
            for kind in ("effect.intent", "effect.outcome"):
                seq += 1
                record = {"kind": kind, "path": f"s{step}", "prev": head.hex(), "seq": seq, "stream": chain}
                body = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
                head = hashlib.sha256(b"\0" + body).digest()
                rows.append((chain, seq, body, head))
                if self._intent_first:
                    await self._writer.append(rows)
                    rows = []
            if rows:
                await self._writer.append(rows)


@asynccontextmanager
async def open_journal(folder: Path, *, intent_first: bool) -> AsyncGenerator[Journal]:
    """Yield a journal in `folder`."""
    writer = Writer(folder / f"journal-{intent_first}.db")
    try:
        yield Journal(writer, intent_first=intent_first)
    finally:
        await writer.close()
