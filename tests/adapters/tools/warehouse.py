"""A module of tools that misbehave, for the tests of the Python adapter."""

from __future__ import annotations

import sys
import threading
from typing import Any

from podium import EffectError, Progress, tool

RELEASE = threading.Event()


@tool(effect="write", delivery="once")
def stuck(progress: Progress) -> str:
    """Wait until the test lets go."""
    progress("waiting")
    RELEASE.wait(60)
    return "late"


@tool(effect="read", delivery="repeatable")
def stuck_reading() -> str:
    """Wait until the test lets go."""
    RELEASE.wait(60)
    return "late"


@tool(effect="read", delivery="repeatable")
def thread_name() -> str:
    """Return the thread it runs in."""
    return threading.current_thread().name


@tool(effect="write", delivery="once")
def breaks() -> None:
    """Raise something."""
    raise KeyError("x")


@tool(effect="read", delivery="repeatable")
def breaks_reading() -> None:
    """Raise something."""
    raise KeyError("x")


@tool(effect="write", delivery="once")
def knows() -> None:
    """Raise what it knows."""
    raise EffectError("WH001", "article `x7` is not listed", kind="failed", landed="no")


@tool(effect="write", delivery="once")
def exits() -> None:
    """Try to end the process."""
    sys.exit(3)


@tool(effect="write", delivery="once")
async def exits_in_the_loop() -> None:
    """Try to end the process."""
    sys.exit(3)


@tool(effect="write", delivery="once")
def stops() -> None:
    """Raise what a future refuses."""
    raise StopIteration


@tool(effect="write", delivery="once")
async def times_out_itself() -> None:
    """Raise the exception by which our own timeout is known."""
    raise TimeoutError("the other side")


@tool(effect="read", delivery="repeatable")
def lies() -> int:
    """Return something else."""
    wrong: Any = "seven"
    return wrong


@tool(effect="read", delivery="repeatable")
def unspeakable() -> Any:
    """Return what JSON has no form for."""
    return threading.Lock()


@tool(effect="read", delivery="repeatable")
def large() -> str:
    """Return much."""
    return "x" * 2_000
