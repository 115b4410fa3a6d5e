"""What the machine under the figures can do: how many small commits a second its disk syncs, and where to work."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

OUT = Path(__file__).parent / "out"
COMMITS = 1_000


def commit_rate(folder: Path) -> float:
    """Return commits a second of one row each, one after another, in WAL mode with `synchronous=FULL`."""
    connection = sqlite3.connect(folder / "machine.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE record (body)")
    started = time.perf_counter()
    for number in range(COMMITS):
        connection.execute("INSERT INTO record VALUES (?)", (number,))
    lasted = time.perf_counter() - started
    connection.close()
    return COMMITS / lasted


def describe() -> str:
    """Return one line on the machine."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {versions}"


@contextmanager
def scratch() -> Generator[Path]:
    """Yield an empty folder on the disk of the repository."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        yield Path(name)


def resident_mb() -> float:
    """Return the memory that this process holds, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
