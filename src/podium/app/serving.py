"""Who gets runs on: a `podium worker` that picks up any run, or a `podium run` in the foreground that drives its own.

Whoever serves holds a shared lock on a file for as long as it lives; the kernel lets go of it however the process
ends. Whoever can take the lock alone knows that nobody serves. A file that is left behind means nothing.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from podium.ids import RunId

FOLDER = "serving"
ANY = "any"


@asynccontextmanager
async def serving(home: Path, only: RunId | None = None) -> AsyncGenerator[None]:
    """Say that this process drives runs, or only this one, while the block runs."""
    path = home / FOLDER / (only or ANY)
    taking = asyncio.ensure_future(asyncio.to_thread(_hold, path))
    try:
        await asyncio.shield(taking)
        yield
    finally:
        lock = await taking  # also when this was cancelled while the thread was at it
        await asyncio.to_thread(_let_go, lock, path if only else None)


async def is_served(home: Path, run: RunId | None = None) -> bool:
    """Return whether a living process drives any run, or at least this one."""
    paths = [home / FOLDER / name for name in (ANY, *((run,) if run else ()))]
    return await asyncio.to_thread(lambda: any(_is_held(path) for path in paths))


def _hold(path: Path) -> TextIO:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lock = path.open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _let_go(lock: TextIO, remove: Path | None) -> None:
    if remove:
        remove.unlink(missing_ok=True)
    lock.close()


def _is_held(path: Path) -> bool:
    try:
        with path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
