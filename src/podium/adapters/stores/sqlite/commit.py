"""Group commit: one thread writes; what gathers while a commit syncs goes into the next one.

1. Requests are taken in the order in which they came. What one turn of an event loop asks for is handed over at once
   at its end: thirty-two runs that go on together are one commit, not one for the first and one for the rest, and the
   threads do not compete for the interpreter meanwhile. Each request is answered after COMMIT has returned, in its own
   loop, with one wake-up per loop and commit.
2. When a commit fails, nothing of it stays and everybody in it gets the reason; the next one is tried afresh, so the
   store goes on working once there is space again.
3. While somebody listens for changes, the thread asks every 50 ms whether another process has written
   (`PRAGMA data_version`) or a worker has come or died.
4. A planted kill (an exception outside `Exception`, from a fault point) ends the thread without cleaning up: what was
   committed stays, nothing else does.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from podium.adapters.stores.sqlite.connection import begin, connect
from podium.adapters.stores.sqlite.failures import clear_errors
from podium.adapters.stores.sqlite.transaction import Remembered, SqliteTransaction
from podium.adapters.stores.sqlite.workers import Workers
from podium.clock import Clock
from podium.errors import StoreError
from podium.ledger.journal import commit
from podium.ledger.requests import Faults, Request

POLL_S = 0.05
_BATCH_MAX = 1_000
_REMEMBERED_RUNS = 100_000

Loop = asyncio.AbstractEventLoop


class _Waiting(NamedTuple):
    request: Request[Any]
    loop: Loop
    answer: asyncio.Future[Any]


class _Signal(NamedTuple):
    """Look around: somebody listens now, or it is time to close."""

    close: bool


class Committer:
    """The writing thread of one store."""

    def __init__(self, path: Path, *, clock: Clock, faults: Faults, workers: Workers, patience_s: float) -> None:
        self._path = path
        self._clock = clock
        self._faults = faults
        self._workers = workers
        self._patience_s = patience_s
        self._queue: SimpleQueue[list[_Waiting] | _Signal] = SimpleQueue()
        self._gathering: dict[Loop, list[_Waiting]] = {}
        self._listeners: dict[asyncio.Event, Loop] = {}
        self._remembered = Remembered()
        self._living = frozenset[str]()
        self._version = 0
        self._gate = threading.Lock()
        self._end: BaseException | None = None
        with clear_errors(path):
            self._connection = connect(path)
        self._thread = threading.Thread(target=self._work, name="podium-commit", daemon=True)
        self._thread.start()

    def submit(self, request: Request[Any]) -> asyncio.Future[Any]:
        """Queue a request; the future is answered when it is durable.

        Raises:
            StoreError: ST015 when the store is closed.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        if self._end is not None:
            raise self._end
        gathered = self._gathering.get(loop)
        if gathered is None:
            self._gathering[loop] = gathered = []
            loop.call_soon(self.hand_over)
        gathered.append(_Waiting(request, loop, answer))
        return answer

    def hand_over(self) -> None:
        """Queue what the running loop has asked for in this turn."""
        gathered = self._gathering.pop(asyncio.get_running_loop(), [])
        with self._gate:  # nothing may be queued behind the end
            end = self._end
            if end is None:
                self._queue.put(gathered)
        if end is not None:
            _resolve([(waiting.answer, end) for waiting in gathered], [])

    def listen(self, event: asyncio.Event) -> None:
        """Set `event` in the running loop whenever the store may have changed."""
        self._listeners[event] = asyncio.get_running_loop()
        self._queue.put(_Signal(close=False))

    def unlisten(self, event: asyncio.Event) -> None:
        """Leave `event` alone."""
        self._listeners.pop(event, None)

    def close(self) -> None:
        """Finish what was queued, then end; blocks."""
        with self._gate:
            self._end = self._end or StoreError("ST015", "the store is closed")
            self._queue.put(_Signal(close=True))
        self._thread.join()

    # ── in the thread ──

    def _work(self) -> None:
        try:
            while (batch := self._gather()) is not None:
                if batch:
                    self._answer(batch, self._commit([waiting.request for waiting in batch]))
        finally:
            self._connection.close()
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        """Leave nobody waiting, however the thread ended."""
        with self._gate:
            end = self._end = self._end or StoreError("ST015", "the store is closed")
        left: list[_Waiting] = []
        with suppress(Empty):
            while True:
                item = self._queue.get_nowait()
                left += [] if isinstance(item, _Signal) else item
        self._answer(left, [end] * len(left))

    def _gather(self) -> list[_Waiting] | None:
        """Return what waits; None at the end. Waits for the first; looks around in between."""
        batch: list[_Waiting] = []
        try:
            item = self._queue.get(timeout=POLL_S if self._listeners else None)
            while True:
                if not isinstance(item, _Signal):
                    batch += item
                elif item.close:
                    return self._last(batch)
                if len(batch) >= _BATCH_MAX:
                    return batch
                item = self._queue.get_nowait()
        except Empty:
            if not batch:
                self._look_around()
            return batch

    def _last(self, batch: list[_Waiting]) -> None:
        if batch:
            self._answer(batch, self._commit([waiting.request for waiting in batch]))

    def _commit(self, batch: list[Request[Any]]) -> list[Any]:
        if self._end is not None and not isinstance(self._end, StoreError):
            return [self._end] * len(batch)
        try:
            with clear_errors(self._path):
                return self._transact(batch)
        except StoreError as error:
            return [error] * len(batch)
        except Exception as error:  # noqa: BLE001 - a defect of ours reaches the one whose request meets it
            return [error] if len(batch) == 1 else [self._commit([request])[0] for request in batch]
        except BaseException as kill:  # noqa: BLE001 - planted: everybody learns of it, nobody writes any more
            self._end = kill
            self._workers.die()
            return [kill] * len(batch)

    def _transact(self, batch: list[Request[Any]]) -> list[Any]:
        connection = self._connection
        self._faults("before commit")
        begin(connection, self._path, patience_s=self._patience_s)
        try:
            transaction = SqliteTransaction(connection, self._remembered, self._workers.alive)
            answers = commit(batch, transaction, now=self._clock.now())
            self._faults("inside commit")
            connection.execute("COMMIT")
        except BaseException:
            self._remembered.forget()  # rows did not change, and the numbers of new runs are not taken now
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._faults("after commit")
        if len(self._remembered.numbers) > _REMEMBERED_RUNS:
            self._remembered.forget()
        return answers

    def _look_around(self) -> None:
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            living = self._workers.living()
        except (sqlite3.Error, OSError):
            return  # whoever writes or reads next is told why
        if (version, living) != (self._version, self._living):
            self._version, self._living = version, living
            for loop, events in self._by_loop().items():
                _in_loop(loop, lambda events=events: _set_all(events))

    def _answer(self, batch: list[_Waiting], answers: list[Any]) -> None:
        listeners = self._by_loop()
        for loop, answered in _grouped(batch, answers).items():
            events = listeners.pop(loop, [])
            _in_loop(loop, lambda answered=answered, events=events: _resolve(answered, events))
        for loop, events in listeners.items():
            _in_loop(loop, lambda events=events: _set_all(events))

    def _by_loop(self) -> dict[Loop, list[asyncio.Event]]:
        grouped: dict[Loop, list[asyncio.Event]] = defaultdict(list)
        for event, loop in tuple(self._listeners.items()):
            grouped[loop].append(event)
        return grouped


Answered = list[tuple[asyncio.Future[Any], Any]]


def _grouped(batch: list[_Waiting], answers: list[Any]) -> dict[Loop, Answered]:
    grouped: dict[Loop, Answered] = defaultdict(list)
    for waiting, answer in zip(batch, answers, strict=True):
        grouped[waiting.loop].append((waiting.answer, answer))
    return grouped


def _resolve(answered: Answered, events: list[asyncio.Event]) -> None:
    for future, answer in answered:
        if future.done():
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
    _set_all(events)


def _set_all(events: list[asyncio.Event]) -> None:
    for event in events:
        event.set()


def _in_loop(loop: Loop, action: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(action)
    except RuntimeError:
        return  # that loop is closed: nobody waits there any more
