"""The store of one machine: `podium.db`, beside it `blobs/`, `files/` and `workers/`.

Writes go to one thread (`commit`), reads to a few others; the event loop never waits for the disk. Several processes
may have the same home open: each hears of the others within 50 ms, and a run whose owner died is runnable at once.
Everything is readable by its owner alone (0700, 0600).

```python
store = await SqliteStore.open(Path.home() / ".podium", clock=SystemClock(), ids=SystemIds())
```
"""

from __future__ import annotations

import asyncio
import getpass
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from podium.adapters.stores.sqlite import reads
from podium.adapters.stores.sqlite.blobs import Blobs
from podium.adapters.stores.sqlite.commit import Committer
from podium.adapters.stores.sqlite.connection import PATIENCE_S, connect
from podium.adapters.stores.sqlite.failures import clear_errors
from podium.adapters.stores.sqlite.upgrade import HEAD, Opened, prepare
from podium.adapters.stores.sqlite.workers import Workers
from podium.clock import Clock, Millis
from podium.errors import LedgerError, StoreError
from podium.ids import Digest, IdSource, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.chain import unseal
from podium.ledger.payload import altered, matches, missing
from podium.ledger.record import AdminNoted, Payload, PayloadRef, Record
from podium.ledger.requests import Append, Faults, Note, Post, Request, Start, Submitting, no_faults
from podium.ledger.store import INLINE_BYTES, Control, RowStatus, RunRow, StoredRecord, Tally, WorkflowSource

T = TypeVar("T")
P = ParamSpec("P")

_READERS = 2


class SqliteStore(Submitting):
    """A `RunStore`; open it with `open`."""

    def __init__(self, home: Path, *, clock: Clock, faults: Faults, patience_s: float) -> None:
        self._database = home / "podium.db"
        self._blobs = Blobs(home / "blobs")
        self._files = Blobs(home / "files")
        self._workers = Workers(home / "workers")
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="podium-read")
        self._engine = _reading(self._database)
        self._committer = Committer(
            self._database, clock=clock, faults=faults, workers=self._workers, patience_s=patience_s
        )
        self._closed = False

    @classmethod
    async def open(
        cls,
        home: Path,
        *,
        clock: Clock,
        ids: IdSource,
        create: bool = True,
        faults: Faults = no_faults,
        patience_s: float = PATIENCE_S,
    ) -> SqliteStore:
        """Open the store in `home`; create or upgrade it where needed.

        Args:
            patience_s: How long another process may hold the write lock before a write fails with ST001.

        Raises:
            StoreError: when there is none and `create` is false, or it cannot be used, with the next step.
        """
        opened = await asyncio.to_thread(_prepare, home, create=create)
        store = await asyncio.to_thread(cls, home, clock=clock, faults=faults, patience_s=patience_s)
        if opened:
            # a new store gets a name, so that evidence from two of them is told apart
            subject = ids.random_bytes(8).hex() if opened == "store.created" else HEAD
            try:
                await store.submit(Note(body=AdminNoted(action=opened, subject=subject, by=_user())))
            except BaseException:
                await store.close()
                raise
        return store

    # ── writing ──

    def submit(self, request: Request[T]) -> Awaitable[T]:
        large = [payload for payload in _payloads(request) if payload.ref.size > INLINE_BYTES]
        return self._submit_large(request, large) if large else self._committer.submit(request)

    async def _submit_large(self, request: Request[T], large: list[Payload]) -> T:
        written = await self._off_loop(self._write_blobs, large)
        try:
            return await self._committer.submit(request)
        except StoreError:
            await self._off_loop(self._remove_blobs, written)
            raise

    def _write_blobs(self, payloads: list[Payload]) -> list[Digest]:
        with clear_errors(self._database.parent):
            return [p.ref.digest for p in payloads if self._blobs.write(p.ref.digest, p.data)]

    def _remove_blobs(self, names: list[Digest]) -> None:
        for name in names:
            self._blobs.remove(name)

    async def alive(self, worker: WorkerId) -> None:
        if self._closed or not self._workers.is_own(worker):
            await self._off_loop(self._register, worker)

    def _register(self, worker: WorkerId) -> None:
        with clear_errors(self._database.parent):
            self._workers.register(worker)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._committer.hand_over()  # what was asked for before in this turn is finished, too
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._committer.close()
        self._workers.close()
        self._pool.shutdown()
        self._engine.dispose()

    # ── reading ──

    async def workflow(self, version: WorkflowVersion) -> WorkflowSource:
        return await self._read(reads.workflow, version)

    async def row(self, run: RunId) -> RunRow | None:
        return await self._read(reads.row, run)

    async def wakes(self, runs: Sequence[RunId]) -> dict[RunId, int]:
        return await self._read(reads.wakes, runs)

    async def find(self, prefix: str) -> tuple[RunId, ...]:
        return await self._read(reads.find, prefix)

    async def rows(
        self, *, status: Sequence[RowStatus] = (), workflow: str = "", dead: bool = False, limit: int = 50
    ) -> tuple[RunRow, ...]:
        return await self._read(reads.rows, status=status, workflow=workflow, dead=dead, limit=limit)

    async def tallies(self) -> tuple[Tally, ...]:
        return await self._read(reads.tallies)

    async def runnable(self, now: Millis, *, limit: int, only: RunId | None = None) -> tuple[RunId, ...]:
        return await self._read(self._runnable, now, limit, only)

    def _runnable(self, connection: Connection, now: Millis, limit: int, only: RunId | None) -> tuple[RunId, ...]:
        owners = reads.owners(connection)
        dead = [owner for owner in owners if not self._workers.alive(WorkerId(owner))]
        return reads.runnable(connection, now, dead=dead, limit=limit, only=only)

    async def next_timer(self) -> Millis:
        return await self._read(reads.next_timer)

    async def records(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[Record, ...]:
        return await self._read(_records, run, after, limit)

    async def stored(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[StoredRecord, ...]:
        return await self._read(reads.stored, run, after, limit)

    async def streams(self) -> tuple[RunId, ...]:
        return await self._read(reads.streams)

    async def control(self) -> Control:
        return await self._read(reads.control)

    async def accounts(self) -> tuple[Account, ...]:
        return await self._read(reads.accounts)

    async def holds(self) -> tuple[Hold, ...]:
        return await self._read(reads.holds)

    async def shares(self, budget: str = "") -> tuple[Share, ...]:
        return await self._read(reads.shares, budget)

    async def payload(self, run: RunId, ref: PayloadRef) -> bytes:
        return await self._read(self._payload, run, ref)

    def _payload(self, connection: Connection, run: RunId, ref: PayloadRef) -> bytes:
        return self._checked(run, ref, reads.payloads(connection, run, [ref.digest]))

    async def check_payloads(self, run: RunId, refs: Sequence[PayloadRef]) -> dict[Digest, LedgerError]:
        problems: dict[Digest, LedgerError] = {}
        for start in range(0, len(refs), reads.PAYLOADS_AT_ONCE):
            problems |= await self._read(self._problems, run, refs[start : start + reads.PAYLOADS_AT_ONCE])
        return problems

    def _problems(self, connection: Connection, run: RunId, refs: Sequence[PayloadRef]) -> dict[Digest, LedgerError]:
        found = reads.payloads(connection, run, [ref.digest for ref in refs])
        problems: dict[Digest, LedgerError] = {}
        for ref in refs:
            try:
                self._checked(run, ref, found)
            except LedgerError as error:
                problems[ref.digest] = error
        return problems

    def _checked(self, run: RunId, ref: PayloadRef, found: Mapping[Digest, reads.FoundPayload]) -> bytes:
        payload = found.get(ref.digest)
        if payload is None:
            raise missing(run, ref)
        data = payload.data
        if data is None:
            try:
                data = self._blobs.path(ref.digest).read_bytes()
            except FileNotFoundError:
                raise missing(run, ref) from None
        if not matches(ref, payload.salt, data):
            raise altered(run, ref)
        return data

    # ── files ──

    async def save_file(self, source: Path) -> tuple[Digest, int]:
        return await self._off_loop(self._save_file, source)

    def _save_file(self, source: Path) -> tuple[Digest, int]:
        with clear_errors(self._database.parent):
            return self._files.copy(source)

    def file_path(self, digest: Digest) -> Path:
        return self._files.path(digest)

    # ── hearing of changes ──

    async def changed(self) -> AsyncIterator[None]:
        event = asyncio.Event()
        event.set()
        self._committer.listen(event)
        try:
            while not self._closed:
                await event.wait()
                event.clear()
                yield
        finally:
            self._committer.unlisten(event)

    # ── threads ──

    async def _read(self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def ask() -> T:
            with clear_errors(self._database):
                try:
                    with self._engine.connect() as connection:
                        return question(connection, *args, **kwargs)
                except DBAPIError as error:
                    if isinstance(error.orig, sqlite3.Error):
                        raise error.orig from None
                    raise

        return await self._off_loop(ask)

    async def _off_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StoreError("ST015", "the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))


def _prepare(home: Path, *, create: bool) -> Opened | None:
    if create:
        with clear_errors(home):
            for folder in (home, home / "blobs", home / "files", home / "workers"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return prepare(home / "podium.db", create=create)


def _reading(database: Path) -> Engine:
    return create_engine("sqlite://", creator=lambda: connect(database, read_only=True), pool_size=_READERS)


def _records(connection: Connection, run: RunId, after: int, limit: int) -> tuple[Record, ...]:
    return tuple(unseal(stored) for stored in reads.stored(connection, run, after, limit))


def _payloads(request: Request[Any]) -> tuple[Payload, ...]:
    match request:
        case Append(entries=entries):
            return tuple(payload for entry in entries for payload in entry.payloads)
        case Post(entry=entry) | Start(entry=entry):
            return entry.payloads
        case _:
            return ()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "unknown"
