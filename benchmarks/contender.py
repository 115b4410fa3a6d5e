"""What is compared: a chain of ten steps, each durable before the next begins.

Every contender keeps its records in one SQLite file in WAL mode with `synchronous=FULL`, on the same disk, and is
driven from one event loop. `run` executes one chain under a name that has not been used before.
"""

from __future__ import annotations

from typing import Protocol

STEPS = 10
"""Steps of one chain."""


class Contender(Protocol):
    """One way to run a durable chain."""

    name: str

    async def run(self, chain: str) -> None:
        """Execute one chain of `STEPS` steps."""
        ...
