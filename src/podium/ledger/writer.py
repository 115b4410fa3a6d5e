"""The narrow way in which the owner of a run writes its history.

Appends of one run stand in line: while one is on its way to the disk, the next ones gather and then go together as
one append of the store. What `defer` put aside (results of pure nodes) goes first in the next append; whoever defers
has acted on it already. All other records reach `on_records` exactly once and in the order of the stream, foreign
ones included, before the append returns, also when the one who waits was cancelled meanwhile.

Whoever waits for an append may be cancelled: what was handed in is written all the same and reaches `on_records`, so
what is appended afterwards always follows it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from podium.clock import Millis
from podium.errors import Rejected
from podium.ids import IdSource
from podium.ledger.payload import Json, json_payload
from podium.ledger.record import Entry, Payload, Record
from podium.ledger.store import Appended, Claim, RowStatus, RunStore


@dataclass(slots=True)
class _Turn:
    entries: tuple[Entry, ...]
    done: asyncio.Future[tuple[Record, ...]]


class RunWriter:
    """Writes one run for as long as its claim holds.

    Attributes:
        run, epoch: The claim.
        seen: The last record that `on_records` was given; at first the last one of the claim's row.
        wake: The value to release with.
    """

    def __init__(
        self,
        store: RunStore,
        claim: Claim,
        ids: IdSource,
        *,
        on_records: Callable[[Sequence[Record]], None] = lambda _: None,
    ) -> None:
        self.run, self.epoch, self.wake, self.seen = claim.row.id, claim.epoch, claim.wake, claim.row.seq
        self._store, self._ids, self._on_records = store, ids, on_records
        self._deferred: list[Entry] = []
        self._turns: list[_Turn] = []
        self._alone: deque[_Turn] = deque()
        self._writing: asyncio.Future[Appended] | None = None

    def payload(self, value: Json) -> Payload:
        """Return a JSON value as a payload."""
        return json_payload(value, self._ids)

    @property
    def pending(self) -> bool:
        """Whether something was deferred and is not written yet."""
        return bool(self._deferred)

    def defer(self, entries: Sequence[Entry]) -> None:
        """Put entries aside for the next append; they need not be durable before something else is."""
        self._deferred.extend(entries)

    async def append(self, entries: Sequence[Entry] = (), *, gather: bool = True) -> tuple[Record, ...]:
        """Write what was deferred and `entries`; return the records of `entries`, durable.

        `gather` waits for what else this turn of the loop brings; without, nobody else is expected.

        Raises:
            Fenced: when the run is not ours any more.
            Rejected: when these entries break a rule; what was deferred waits for the next append.
        """
        loop = asyncio.get_running_loop()
        turn = _Turn(tuple(entries), loop.create_future())
        self._turns.append(turn)
        if self._writing is None and len(self._turns) == 1:
            if gather:
                loop.call_soon(self._write)
            else:
                self._write()
        return await turn.done

    async def release(self, status: RowStatus, *, next_timer_at: Millis = Millis(0)) -> bool:  # noqa: B008 - an int
        """Write what is left and let go; False when somebody woke the run (call `append()` and look again)."""
        if self._deferred or self._writing or self._turns:
            await self.append()
        return await self._store.release(
            self.run, self.epoch, wake=self.wake, status=status, next_timer_at=next_timer_at
        )

    def _write(self) -> None:
        """Ask the store for everything that stands in line, or for the first of those that must go alone."""
        if self._writing is not None or not (self._turns or self._alone):
            return
        if self._alone:
            turns = [self._alone.popleft()]
        else:
            turns, self._turns = self._turns, []
        deferred = tuple(self._deferred)
        entries = deferred + tuple(entry for turn in turns for entry in turn.entries)
        try:
            # a future and a callback: cancelling one who waits does not lose the answer for the others, and a task for
            # each append would cost a third of what a step costs
            self._writing = asyncio.ensure_future(self._store.append(self.run, self.epoch, entries, seen=self.seen))
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            _fail(turns, error)
            return
        self._writing.add_done_callback(partial(self._written, turns, len(deferred)))

    def _written(self, turns: list[_Turn], deferred: int, written: asyncio.Future[Appended]) -> None:
        self._writing = None
        try:
            self._settle(turns, deferred, written.result())
        except Rejected as error:
            if len(turns) == 1:
                _fail(turns, error)
            else:
                self._alone.extend(turns)  # one of them breaks a rule: each on its own
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            _fail(turns, error)
        if self._turns or self._alone:
            self._write()

    def _settle(self, turns: Sequence[_Turn], deferred: int, appended: Appended) -> None:
        del self._deferred[:deferred]
        self._deliver(appended, deferred)
        start = deferred
        for turn in turns:
            end = start + len(turn.entries)
            if not turn.done.done():
                turn.done.set_result(appended.records[start:end])
            start = end

    def _deliver(self, appended: Appended, deferred: int) -> None:
        self.wake = appended.wake
        stored = (*appended.foreign, *appended.records)
        if stored:
            self.seen = stored[-1].seq
        news = (*appended.foreign, *appended.records[deferred:])
        if news:
            self._on_records(news)


def _fail(turns: Sequence[_Turn], error: BaseException) -> None:
    for turn in turns:
        if not turn.done.done():
            turn.done.set_exception(error)
