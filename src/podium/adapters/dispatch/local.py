"""The local dispatcher: one process drives the runs of its store, in one event loop.

- What is runnable is said by the store; the dispatcher only looks when something may have changed: a change in the
  store, a timer that is due, a run that has just been let go. It also looks once a second, for owners that died and
  clocks that jumped.
- Each run is driven by at most one task here; whether another process drives it is decided by `claim` alone.
- `stop` ends it politely: the runs being driven are cancelled, which leaves them resumable, and awaited.
- A run whose driving raises does not harm the others. It is reported to `failed` and left alone for a while, doubling
  from one second to a minute, so that a run that cannot be driven does not keep a processor busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from podium.clock import Clock
from podium.errors import Fenced
from podium.ids import RunId
from podium.ledger.store import RowStatus, RunStore

LOOK_S = 1.0
"""The longest time between two looks at the store."""

HOLD_S = (1.0, 60.0)
"""How long a run that could not be driven is left alone: at first, and at most."""

ENDED = frozenset({"done", "done_with_errors", "failed", "cancelled", "denied", "limit"})


class Driver(Protocol):
    """What the dispatcher needs of the engine."""

    async def advance(self, run: RunId) -> RowStatus | None:
        """Claim and drive a run until it ends or waits; None when it cannot be claimed."""
        ...


class LocalDispatcher:
    """See the module's rules."""

    def __init__(
        self,
        store: RunStore,
        engine: Driver,
        clock: Clock,
        *,
        failed: Callable[[RunId, Exception], None] | None = None,
    ) -> None:
        """Drive the runs of `store` by `engine`; without `failed`, an error of driving ends `serve`."""
        self._store = store
        self._engine = engine
        self._clock = clock
        self._failed = failed
        self._wake = asyncio.Event()
        self._driven: dict[RunId, asyncio.Task[None]] = {}
        self._held: dict[RunId, tuple[float, float]] = {}

    async def serve(self, *, only: RunId | None = None, concurrency: int = 64, stop: asyncio.Event) -> None:
        """Drive runs until `stop` is set.

        Args:
            only: Drive just this run, and return as soon as it has ended.
            concurrency: Runs driven at once.
            stop: Ends it; what is being driven is cancelled and stays resumable.

        Raises:
            StoreError: when the store cannot be read any more.
        """
        async with asyncio.TaskGroup() as group:
            listeners = [group.create_task(self._listen()), group.create_task(self._hear(stop))]
            try:
                while not stop.is_set():
                    self._wake.clear()
                    if only and await self._ended(only):
                        return
                    await self._drive_runnable(group, only, concurrency)
                    await self._pause(group)
            finally:
                for task in (*listeners, *self._driven.values()):
                    task.cancel()

    async def _drive_runnable(self, group: asyncio.TaskGroup, only: RunId | None, concurrency: int) -> None:
        # what is driven while the store answers may be let go before the answer comes, which is then out of date
        driven = frozenset(self._driven)
        free = concurrency - len(driven)
        if free <= 0 or only in driven:
            return
        for run in await self._runnable(only, limit=concurrency):
            if run not in driven and not self._on_hold(run) and free > 0:
                free -= 1
                self._driven[run] = group.create_task(self._drive(run))

    async def _drive(self, run: RunId) -> None:
        try:
            await self._engine.advance(run)
            self._held.pop(run, None)
        except Fenced:
            pass  # another process took the run over; it is theirs now
        except Exception as error:  # the worker loop is an edge: one run must not end the others
            if self._failed is None:
                raise
            self._hold(run)
            self._failed(run, error)
        finally:
            self._driven.pop(run, None)
            self._wake.set()

    async def _runnable(self, only: RunId | None, *, limit: int) -> tuple[RunId, ...]:
        return await self._store.runnable(self._clock.now(), limit=limit + len(self._held), only=only)

    async def _ended(self, run: RunId) -> bool:
        row = await self._store.row(run)
        return row is None or (row.status in ENDED and run not in self._driven)

    async def _pause(self, group: asyncio.TaskGroup) -> None:
        """Wait until something may have changed, at most `LOOK_S`."""
        timer = await self._store.next_timer()
        until_timer = (timer - self._clock.now()) / 1000 if timer else LOOK_S
        alarm = group.create_task(self._ring(min(LOOK_S, max(until_timer, 0.001))))
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._wake.set()

    async def _listen(self) -> None:
        async for _ in self._store.changed():
            self._wake.set()

    async def _hear(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    def _hold(self, run: RunId) -> None:
        _, last = self._held.get(run, (0.0, 0.0))
        wait = min(HOLD_S[1], max(HOLD_S[0], last * 2))
        self._held[run] = (self._clock.monotonic() + wait, wait)

    def _on_hold(self, run: RunId) -> bool:
        until, _ = self._held.get(run, (0.0, 0.0))
        return self._clock.monotonic() < until
