"""Waiting for a turn in the lanes of `podium.gate.throttle`: short waits are spent in memory, long ones are timers.

Nobody holds a place while it waits longer than `WAIT_S`; its node parks, and finds its turn kept when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from podium.clock import Clock
from podium.gate.throttle import Lane
from podium.ids import EffectKey

WAIT_S = 1.0
"""A wait that is shorter is spent in memory."""

_TRIES = 10
"""How often a call looks again in memory before it comes back later."""


class Later(Exception):
    """It is not this call's turn; `at`: when it will be."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


@dataclass(eq=False, slots=True)
class Queue:
    """One lane, and who waits beside it in this process."""

    lane: Lane
    clock: Clock
    waiting: dict[EffectKey, asyncio.Future[None]] = field(default_factory=dict[EffectKey, "asyncio.Future[None]"])

    async def enter(self, key: EffectKey) -> None:
        """Take a place among those under way.

        Raises:
            Later: there is none within the time that can be waited for in memory.
        """
        lane, now = self.lane, self.clock.now()
        wait = lane.wait_ms(key, now)
        if not self.waiting and lane.has_room:
            lane.enter(key)
            return
        if wait > WAIT_S * 1000:
            raise Later(now + wait)
        turn = self.waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(WAIT_S):
                await turn
        except TimeoutError:
            now = self.clock.now()
            raise Later(now + max(round(WAIT_S * 1000), lane.wait_ms(key, now))) from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            lane.leave(key)
            raise
        finally:
            self.waiting.pop(key, None)

    def give_back(self) -> None:
        """Give up a place in which nothing has begun."""
        self.lane.give_back()
        self._next()

    def end(self, took_ms: int) -> None:
        """Give up the place of a call that has ended."""
        self.lane.end(took_ms)
        self._next()

    def _next(self) -> None:
        """Give what is free to those who asked first, of those who are here."""
        here = sorted((key for key, turn in self.waiting.items() if not turn.done()), key=self.lane.place)
        for key in here:
            if not self.lane.has_room:
                return
            self.lane.enter(key)
            self.waiting[key].set_result(None)


async def through(queues: Sequence[Queue], key: EffectKey, clock: Clock) -> None:
    """Wait until a call may begin in all lanes, and count it as begun; `under_way` ends it.

    Raises:
        Later: it is not its turn yet.
    """
    for _ in range(_TRIES):
        await _by_rate(queues, key, clock)
        await _enter_all(queues, key)
        now = clock.now()
        due = max(queue.lane.due(key, now) for queue in queues)
        if due <= now:
            for queue in queues:
                queue.lane.begin(key, now)
            return
        for queue in queues:  # while it waited for a place, others have used up the rate
            queue.give_back()
    raise Later(clock.now() + round(WAIT_S * 1000))


@contextmanager
def under_way(queues: Sequence[Queue], clock: Clock) -> Generator[None]:
    """Hold the places that `through` has taken while the block runs."""
    begun = clock.monotonic()
    try:
        yield
    finally:
        took_ms = round((clock.monotonic() - begun) * 1000)
        for queue in queues:
            queue.end(took_ms)


async def _enter_all(queues: Sequence[Queue], key: EffectKey) -> None:
    entered: list[Queue] = []
    try:
        for queue in queues:
            await queue.enter(key)
            entered.append(queue)
    except BaseException:
        for queue in entered:
            queue.give_back()
        raise


async def _by_rate(queues: Sequence[Queue], key: EffectKey, clock: Clock) -> None:
    now = clock.now()
    due = max(queue.lane.due(key, now) for queue in queues)
    if due - now > WAIT_S * 1000:
        raise Later(due)
    if due > now:
        await clock.sleep((due - now) / 1000)
