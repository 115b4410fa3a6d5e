"""Connections, and waiting for other processes.

The busy handler of SQLite starves beside a process that writes all the time (2.1 s were seen), because it waits longer
and longer. Ours asks every 0.2 ms at first and never waits longer than 64 ms.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from podium.adapters.stores.sqlite.failures import BUSY, error_name, locked

PATIENCE_S = 10.0
"""How long another process may hold the write lock."""

_FIRST_WAIT_S = 0.0002
_LONGEST_WAIT_S = 0.064
_QUICK_TRIES = 50


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Return a connection on which transactions are ours to begin and to end."""
    connection = sqlite3.connect(
        path, timeout=PATIENCE_S if read_only else 0, isolation_level=None, check_same_thread=False
    )
    try:
        # looking at the header waits, too, for a process that is just making the database
        insist(lambda: connection.execute("PRAGMA synchronous = FULL"), path)
        connection.execute("PRAGMA cell_size_check = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def begin(connection: sqlite3.Connection, path: Path, *, patience_s: float = PATIENCE_S) -> None:
    """Begin a transaction that may write.

    Raises:
        StoreError: ST001 when another process did not let go in time.
    """
    insist(lambda: connection.execute("BEGIN IMMEDIATE"), path, patience_s=patience_s)


def insist(action: Callable[[], object], path: Path, *, patience_s: float = PATIENCE_S) -> None:
    """Do something again while the database is locked; call it in a thread.

    Raises:
        StoreError: ST001 after `patience_s`.
    """
    # the machine's clock: what is waited for is another process, not the workflow's time
    deadline = time.monotonic() + patience_s
    wait, tries = _FIRST_WAIT_S, 0
    while True:
        try:
            action()
        except sqlite3.OperationalError as error:
            if error_name(error) not in BUSY:
                raise
            if time.monotonic() >= deadline:
                raise locked(path) from error
        else:
            return
        threading.Event().wait(wait)
        tries += 1
        if tries > _QUICK_TRIES:
            wait = min(wait * 2, _LONGEST_WAIT_S)
