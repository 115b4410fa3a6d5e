"""A store in memory: the same algorithm of writing, the same rules, no disk.

It passes `RunStoreSuite`, so what works on it works on SQLite. It can be made to fail at every commit and to be
opened again as after a kill:

```python
store = MemoryStore(faults=fail_at(7))     # raises `Killed` at the seventh fault point
...
store = store.crashed()                    # what was committed is there, its workers are dead, nothing else is left
```
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from podium.clock import Clock, Millis, SystemClock
from podium.errors import LedgerError, StoreError, UsageError
from podium.ids import Digest, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.chain import unseal
from podium.ledger.journal import commit
from podium.ledger.payload import altered, matches, missing
from podium.ledger.record import Payload, PayloadRef, Record
from podium.ledger.requests import Changes, Faults, Request, Submitting, no_faults
from podium.ledger.store import Control, RowStatus, RunRow, StoredRecord, Tally, WorkflowSource

T = TypeVar("T")


@dataclass(slots=True)
class _Durable:
    """What a disk would hold, and who has it open."""

    records: dict[RunId, list[StoredRecord]] = field(default_factory=dict[RunId, list[StoredRecord]])
    keys: set[tuple[RunId, str]] = field(default_factory=set[tuple[RunId, str]])
    payloads: dict[tuple[RunId, Digest], Payload] = field(default_factory=dict[tuple[RunId, Digest], Payload])
    workflows: dict[WorkflowVersion, WorkflowSource] = field(default_factory=dict[WorkflowVersion, WorkflowSource])
    rows: dict[RunId, RunRow] = field(default_factory=dict[RunId, RunRow])
    control: Control = field(default_factory=Control)
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    holds: dict[tuple[RunId, str, str, bool], Hold] = field(default_factory=dict[tuple[RunId, str, str, bool], Hold])
    shares: dict[tuple[str, RunId], Share] = field(default_factory=dict[tuple[str, RunId], Share])
    workers: set[WorkerId] = field(default_factory=set[WorkerId])
    listeners: set[asyncio.Event] = field(default_factory=set[asyncio.Event])
    files: TemporaryDirectory[str] | None = None
    open_stores: int = 0

    def changed(self) -> None:
        for listener in self.listeners:
            listener.set()


class _MemoryTransaction:
    """Reads what is durable; what it writes is kept apart until `apply`."""

    def __init__(self, durable: _Durable) -> None:
        self._durable = durable
        self._changes = Changes()

    def rows(self, runs: Sequence[RunId]) -> dict[RunId, RunRow]:
        return {run: self._durable.rows[run] for run in runs if run in self._durable.rows}

    def control(self) -> Control:
        return self._durable.control

    def taken(self, keys: Sequence[tuple[RunId, str]]) -> set[tuple[RunId, str]]:
        return self._durable.keys.intersection(keys)

    def published(self, versions: Sequence[WorkflowVersion]) -> set[WorkflowVersion]:
        return self._durable.workflows.keys() & set(versions)

    def records(self, run: RunId, *, after: int) -> tuple[Record, ...]:
        return tuple(unseal(stored) for stored in self._durable.records.get(run, [])[after:])

    def alive(self, worker: WorkerId) -> bool:
        return worker in self._durable.workers

    def under_way(self, slot: str) -> int:
        return _under_way(self._durable, slot)

    def accounts(self, ids: Sequence[str]) -> tuple[Account, ...]:
        return tuple(self._durable.accounts[name] for name in ids if name in self._durable.accounts)

    def holds(self, runs: Sequence[RunId]) -> tuple[Hold, ...]:
        return tuple(hold for hold in self._durable.holds.values() if hold.run in runs)

    def write(self, changes: Changes) -> None:
        self._changes = changes

    def apply(self) -> None:
        """Make it durable, all of it at once."""
        durable, changes = self._durable, self._changes
        for new in changes.records:
            stored = StoredRecord(stream=new.stream, seq=new.seq, data=new.data, hash=new.hash, key=new.key)
            durable.records.setdefault(new.stream, []).append(stored)
            if new.key:
                durable.keys.add((new.stream, new.key))
        for run, payload in changes.payloads:
            durable.payloads.setdefault((run, payload.ref.digest), payload)
        for workflow, _ in changes.workflows:
            durable.workflows[workflow.version] = workflow
        for row in (*changes.created, *changes.changed, *changes.advanced):
            durable.rows[row.id] = row
        if changes.control is not None:
            durable.control = changes.control
        durable.accounts.update({account.id: account for account in changes.accounts})
        for hold in changes.let_go:
            del durable.holds[_place(hold)]
        durable.holds.update({_place(hold): hold for hold in changes.holds})
        for share in changes.shares:
            before = durable.shares.get((share.budget, share.run))
            durable.shares[share.budget, share.run] = share if before is None else before.more(share.used)


class MemoryStore(Submitting):
    """A `RunStore` that lives as long as the object; requests of one turn of the loop are one transaction."""

    def __init__(
        self, *, clock: Clock | None = None, faults: Faults = no_faults, durable: _Durable | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        self._faults = faults
        self._durable = durable or _Durable()
        self._durable.open_stores += 1
        self._workers = set[WorkerId]()
        self._queue: list[tuple[Request[Any], asyncio.Future[Any]]] = []
        self._ended: BaseException | None = None

    def beside(self, *, faults: Faults = no_faults) -> MemoryStore:
        """Return another store over the same durable state, as another process would have."""
        return MemoryStore(clock=self._clock, faults=faults, durable=self._durable)

    def crashed(self, *, faults: Faults = no_faults) -> MemoryStore:
        """Return the store as it is opened after this process was killed; this object is of no more use."""
        again = self.beside(faults=faults)
        self._end(self._ended or _closed())
        return again

    def forge_account(self, account: Account) -> None:
        """Change what the store says of a shared budget, as somebody would who gets at its tables."""
        self._durable.accounts[account.id] = account

    # ── writing ──

    def submit(self, request: Request[T]) -> Awaitable[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._ended is not None:
            future.set_exception(self._ended)
            return future
        if not self._queue:
            loop.call_soon(self._flush)
        self._queue.append((request, future))
        return future

    def _flush(self) -> None:
        queue, self._queue = self._queue, []
        if self._ended is not None:
            answers: list[Any] = [self._ended] * len(queue)
        else:
            answers = self._commit([request for request, _ in queue])
        for (_, future), answer in zip(queue, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        self._durable.changed()

    def _commit(self, batch: list[Request[Any]]) -> list[Any]:
        tx = _MemoryTransaction(self._durable)
        try:
            self._faults("before commit")
            answers = commit(batch, tx, now=self._clock.now())
            self._faults("inside commit")
            tx.apply()
            self._faults("after commit")
        except StoreError as error:
            return [error] * len(batch)
        except Exception as error:  # noqa: BLE001 - a defect of ours reaches the one whose request meets it
            return [error] if len(batch) == 1 else [self._commit([request])[0] for request in batch]
        except BaseException as error:  # noqa: BLE001 - a planted kill: it ends the store, and everybody learns of it
            self._end(error)
            return [error] * len(batch)
        return answers

    def _end(self, reason: BaseException) -> None:
        if self._ended is None:
            self._ended = reason
            self._durable.workers -= self._workers
            self._durable.open_stores -= 1
            self._durable.changed()

    async def alive(self, worker: WorkerId) -> None:
        if self._ended is not None:
            raise self._ended
        self._workers.add(worker)
        self._durable.workers.add(worker)

    async def close(self) -> None:
        self._end(_closed())
        if not self._durable.open_stores and self._durable.files:
            await asyncio.to_thread(self._durable.files.cleanup)

    # ── reading ──

    async def workflow(self, version: WorkflowVersion) -> WorkflowSource:
        found = self._open().workflows.get(version)
        if found is None:
            raise UsageError("ST008", f"version `{version[:12]}` of a workflow is not published")
        return found

    async def row(self, run: RunId) -> RunRow | None:
        return self._open().rows.get(run)

    async def wakes(self, runs: Sequence[RunId]) -> dict[RunId, int]:
        rows = self._open().rows
        return {run: rows[run].wake for run in runs if run in rows}

    async def find(self, prefix: str) -> tuple[RunId, ...]:
        return tuple(sorted(run for run in self._open().rows if run.startswith(prefix)))[:10]

    async def rows(
        self, *, status: Sequence[RowStatus] = (), workflow: str = "", dead: bool = False, limit: int = 50
    ) -> tuple[RunRow, ...]:
        rows = [
            row
            for row in self._open().rows.values()
            if (not status or row.status in status) and workflow in ("", row.workflow) and (row.dead or not dead)
        ]
        return tuple(sorted(rows, key=lambda row: (-row.created_at, row.id))[:limit])

    async def tallies(self) -> tuple[Tally, ...]:
        durable = self._open()
        alike: dict[tuple[str, WorkflowVersion, RowStatus, bool], list[RunRow]] = {}
        for row in durable.rows.values():
            alike.setdefault((row.workflow, row.version, row.status, row.queued), []).append(row)
        return tuple(
            Tally(
                workflow=workflow,
                version=version,
                file=durable.workflows[version].file,
                status=status,
                queued=queued,
                runs=len(rows),
                oldest=min(row.updated_at for row in rows),
            )
            for (workflow, version, status, queued), rows in sorted(alike.items())
        )

    async def runnable(self, now: Millis, *, limit: int, only: RunId | None = None) -> tuple[RunId, ...]:
        rows = [row for row in self._open().rows.values() if only in (None, row.id)]
        due = [(row, _due_at(row)) for row in rows if self._claimable(row)]
        ready = [(-row.priority, at, row.id) for row, at in due if 0 < at <= now]
        return tuple(run for _, _, run in sorted(ready)[:limit])

    def _claimable(self, row: RunRow) -> bool:
        free = not row.owner or row.owner not in self._durable.workers
        has_turn = not row.queued or _under_way(self._durable, row.slot) < row.slots
        return not row.is_over and free and has_turn

    async def next_timer(self) -> Millis:
        rows = self._open().rows.values()
        return min((row.next_timer_at for row in rows if row.next_timer_at and not row.owner), default=Millis(0))

    async def records(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[Record, ...]:
        return tuple(unseal(stored) for stored in await self.stored(run, after=after, limit=limit))

    async def stored(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[StoredRecord, ...]:
        found = (record for record in self._open().records.get(run, []) if record.seq > after)
        return tuple(record for record, _ in zip(found, range(limit), strict=False))

    async def streams(self) -> tuple[RunId, ...]:
        durable = self._open()
        return tuple(sorted(durable.records.keys() | durable.rows.keys()))

    async def payload(self, run: RunId, ref: PayloadRef) -> bytes:
        found = self._open().payloads.get((run, ref.digest))
        if found is None:
            raise missing(run, ref)
        if not matches(ref, found.salt, found.data):
            raise altered(run, ref)
        return found.data

    async def check_payloads(self, run: RunId, refs: Sequence[PayloadRef]) -> dict[Digest, LedgerError]:
        problems: dict[Digest, LedgerError] = {}
        for ref in refs:
            try:
                await self.payload(run, ref)
            except LedgerError as error:
                problems[ref.digest] = error
        return problems

    async def control(self) -> Control:
        return self._open().control

    async def accounts(self) -> tuple[Account, ...]:
        return tuple(account for _, account in sorted(self._open().accounts.items()))

    async def holds(self) -> tuple[Hold, ...]:
        return tuple(hold for _, hold in sorted(self._open().holds.items()))

    async def shares(self, budget: str = "") -> tuple[Share, ...]:
        return tuple(share for _, share in sorted(self._open().shares.items()) if budget in ("", share.budget))

    # ── files ──

    async def save_file(self, source: Path) -> tuple[Digest, int]:
        self._open()
        return await asyncio.to_thread(self._copy, source)

    def _copy(self, source: Path) -> tuple[Digest, int]:
        try:
            with source.open("rb") as file:
                digest = Digest(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise UsageError("ST018", f"file `{source}` cannot be read: {error.strerror}") from None
        target = self.file_path(digest)
        shutil.copyfile(source, target)
        return digest, target.stat().st_size

    def file_path(self, digest: Digest) -> Path:
        if self._durable.files is None:
            self._durable.files = TemporaryDirectory(prefix="podium-files-")
        return Path(self._durable.files.name, digest)

    # ── hearing of changes ──

    async def changed(self) -> AsyncIterator[None]:
        listener = asyncio.Event()
        listener.set()
        self._durable.listeners.add(listener)
        try:
            while self._ended is None:
                await listener.wait()
                listener.clear()
                yield
        finally:
            self._durable.listeners.discard(listener)

    def _open(self) -> _Durable:
        if self._ended is not None:
            raise self._ended
        return self._durable


def _place(hold: Hold) -> tuple[RunId, str, str, bool]:
    return hold.run, hold.effect, hold.budget, hold.doubt


def _under_way(durable: _Durable, slot: str) -> int:
    return sum(row.slot == slot and row.turn == "has" for row in durable.rows.values())


def _due_at(row: RunRow) -> int:
    """When it should be looked at: woken, timer due, or (owned, so the owner is dead) when it last moved."""
    if row.owner:
        return max(row.updated_at, 1)
    return min((at for at in (row.runnable_at, row.next_timer_at) if at), default=0)


def _closed() -> StoreError:
    return StoreError("ST015", "the store is closed")
