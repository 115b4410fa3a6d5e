"""Reading what a person types, while everything else goes on.

The terminal is read when the loop says that a line is there, so a question that has meanwhile been answered elsewhere
is simply given up by cancelling the task that asks.
"""

from __future__ import annotations

import asyncio
import os
import sys

MAX_LINE_BYTES = 4096


def is_interactive() -> bool:
    """Return whether a person can be asked: both the questions and the answers are on a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def read_line(prompt: str) -> str | None:
    """Ask on stderr and return the line that is typed, None at the end of the input (Ctrl-D)."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[bytes] = loop.create_future()
    source = sys.stdin.fileno()

    def take() -> None:
        if not typed.done():
            typed.set_result(os.read(source, MAX_LINE_BYTES))

    loop.add_reader(source, take)
    try:
        line = await typed
    finally:
        loop.remove_reader(source)
    return line.decode(errors="replace").strip() if line else None
