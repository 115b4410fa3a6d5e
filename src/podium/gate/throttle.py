"""Throttles: who may begin now, and when is whose turn? Pure; the caller brings the time and does the waiting.

A lane is one rule with what it has let through. Whoever may not begin gets a turn of its own at once, one behind the
other, and keeps it while it is away; so nobody is overtaken for ever, however many ask, and nobody asks in circles.

1. In any period at most `calls` begin: what has begun counts, not what was promised.
2. At most `concurrency` are under way. When one ends, the one who asked first, of those who are there, is next.
3. A turn that nobody takes up is forgotten a minute after it was due.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from podium.ids import EffectKey

KEPT_MS = 60_000
"""How long after it was due a turn is kept for somebody who is away."""

LONGEST_MS = 30_000
"""Nobody waits longer for a place without looking again: how long calls take is a guess."""

_FIRST_GUESS_MS = 200.0
"""How long a call takes, while none has ended."""


@dataclass(slots=True)
class Lane:
    """One rule, and what it has let through.

    Attributes:
        calls, period_ms: At most so many begin in any such period; 0 for no limit.
        concurrency: At most so many are under way; 0 for no limit.
        under_way: How many are.
    """

    calls: int = 0
    period_ms: int = 0
    concurrency: int = 0
    under_way: int = 0
    _begun: deque[int] = field(default_factory=deque[int])
    _promised: deque[int] = field(default_factory=deque[int])
    _turns: dict[EffectKey, int] = field(default_factory=dict[EffectKey, int])
    _queue: dict[EffectKey, int] = field(default_factory=dict[EffectKey, int])
    _mean_ms: float = _FIRST_GUESS_MS

    @property
    def has_room(self) -> bool:
        """Whether one more may be under way."""
        return not self.concurrency or self.under_way < self.concurrency

    def due(self, key: EffectKey, now: int) -> int:
        """Return when a call may begin by the rate: now, or at a time of its own that is kept for it."""
        if not self.calls:
            return now
        turn = self._turns.get(key)
        if turn is None or turn + KEPT_MS < now:
            turn = self._turns[key] = _after(self._promised, self.calls, self.period_ms, now)
            _keep(self._promised, self.calls, turn)
        return max(turn, _after(self._begun, self.calls, self.period_ms, now))

    def place(self, key: EffectKey) -> int:
        """Return how many others asked before this call and have not begun; it keeps its place."""
        for place, other in enumerate(self._queue):
            if other == key:
                return place
        return len(self._queue)

    def wait_ms(self, key: EffectKey, now: int) -> int:
        """Return how long a call will probably wait until enough others have ended; 0 when there is room for it."""
        if not self.concurrency:
            return 0
        for other, back in tuple(self._queue.items()):
            if back + KEPT_MS < now:
                del self._queue[other]
        behind = self.under_way + self.place(key) + 1 - self.concurrency
        guess = min(behind * self._mean_ms / self.concurrency, LONGEST_MS)
        wait = round(max(1.0, guess)) if behind > 0 else 0
        self._queue[key] = now + wait  # a key that is there keeps its place
        return wait

    def enter(self, key: EffectKey) -> None:
        """Give a call a place among those under way."""
        self.under_way += 1
        self._queue.pop(key, None)

    def begin(self, key: EffectKey, now: int) -> None:
        """Count a call that begins, by the rate."""
        if not self.calls:
            return
        self._turns.pop(key, None)
        _keep(self._begun, self.calls, now)
        for other, turn in tuple(self._turns.items()) if len(self._turns) > self.calls else ():
            if turn + KEPT_MS < now:
                del self._turns[other]

    def give_back(self) -> None:
        """Take a place back that nothing has begun in."""
        self.under_way -= 1

    def end(self, took_ms: int) -> None:
        """Take up that a call has ended."""
        self.under_way -= 1
        self._mean_ms += (took_ms - self._mean_ms) / 8

    def leave(self, key: EffectKey) -> None:
        """Take up that a call wants no turn any more."""
        self._queue.pop(key, None)
        self._turns.pop(key, None)


def _after(times: deque[int], calls: int, period_ms: int, now: int) -> int:
    """Return the first time from now on at which no period would have more than so many."""
    return max(now, times[0] + period_ms) if len(times) >= calls else now


def _keep(times: deque[int], calls: int, time: int) -> None:
    """Add a time, and forget all but the last so many; times that run backwards count as the last one."""
    times.append(max(time, times[-1]) if times else time)
    while len(times) > calls:
        times.popleft()
