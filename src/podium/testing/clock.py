"""A clock that tests own: time stands still until somebody sleeps or the test moves it.

```python
clock = FakeClock()
clock.jump(timedelta(hours=-1))      # the wall clock is set back; monotonic time is not
```

Sleeping returns at once and moves both times forward, so no test waits for time to pass.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from podium.clock import Millis

START = Millis(1_790_000_000_000)
"""2026-09-21 14:13:20 UTC."""


class FakeClock:
    """See the module's rules. `tick_ms` is added to both times at each look, so that records differ in time."""

    def __init__(self, now: Millis = START, *, tick_ms: int = 0) -> None:
        self._wall_ms = int(now)
        self._monotonic_ms = 0
        self._tick_ms = tick_ms

    def now(self) -> Millis:
        self._wall_ms += self._tick_ms
        return Millis(self._wall_ms)

    def monotonic(self) -> float:
        self._monotonic_ms += self._tick_ms
        return self._monotonic_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        millis = round(by.total_seconds() * 1000)
        self._wall_ms += millis
        self._monotonic_ms += millis

    def jump(self, by: timedelta) -> None:
        """Set the wall clock, forwards or backwards; monotonic time does not notice."""
        self._wall_ms += round(by.total_seconds() * 1000)
