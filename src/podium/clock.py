"""Time comes in: nobody in Podium asks the operating system for it except `SystemClock`.

Wall time is for records and for waits that outlive a process; it may jump. Monotonic time is for timeouts within
one process; it does not.
"""

from __future__ import annotations

import asyncio
import time
from typing import NewType, Protocol

Millis = NewType("Millis", int)
"""Milliseconds since 1970-01-01 UTC (a point in time), as records carry it."""


class Clock(Protocol):
    """The two times, and sleeping."""

    def now(self) -> Millis:
        """Return the wall clock. It may jump, also backwards."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of monotonic time."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Millis:
        """Return the machine's wall clock."""
        return Millis(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Return the machine's monotonic clock in seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in the event loop."""
        await asyncio.sleep(seconds)
