"""What SQLite and the file system say, as one clear error each with its next step."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from podium.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}

BUSY = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})


def error_name(error: sqlite3.Error) -> str:
    """Return such as `SQLITE_BUSY`, or "" when it did not come from the library."""
    return getattr(error, "sqlite_errorname", "")


def from_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the error to show for one of SQLite."""
    name = error_name(error)
    if name in BUSY:
        return locked(path)
    match name.split("_")[1:2]:
        case ["FULL"]:
            return full(path)
        case ["READONLY" | "PERM" | "CANTOPEN" | "AUTH"]:
            return denied(path)
        case ["CORRUPT"]:
            help_ = "stop podium, keep a copy of the file, and restore the store from a backup"
            return StoreError("ST012", f"database `{path}` is damaged: {error}", help=help_)
        case ["NOTADB"]:
            return not_ours(path)
        case _:
            help_ = "look at the disk and at the system's log; nothing was written"
            return StoreError("ST017", f"database `{path}` cannot be used: {error} ({name or 'driver'})", help=help_)


def from_os(error: OSError, path: Path) -> StoreError:
    """Return the error to show for one of the file system."""
    if error.errno in _FULL:
        return full(path)
    if error.errno in _DENIED:
        return denied(path)
    help_ = "look at the disk and at the system's log; nothing was written"
    return StoreError("ST017", f"`{path}` cannot be written: {error.strerror}", help=help_)


def locked(path: Path) -> StoreError:
    """Return the error of a database that another process does not let go of."""
    help_ = "see who has it open with `fuser`, or wait and try again"
    return StoreError("ST001", f"database `{path}` is locked by another process", help=help_)


def full(path: Path) -> StoreError:
    """Return the error of a full disk."""
    help_ = "free some space and resume the run with `podium runs resume`; nothing was half written"
    return StoreError("ST010", f"there is no space left for `{path}`", help=help_)


def denied(path: Path) -> StoreError:
    """Return the error of a store that may not be written."""
    help_ = "give this user the right to write there, or choose another home by setting `PODIUM_HOME`"
    return StoreError("ST011", f"`{path}` is not writable for this user", help=help_)


def not_ours(path: Path) -> StoreError:
    """Return the error of a file that is something else."""
    help_ = "choose another home by setting `PODIUM_HOME`, or move the file away"
    return StoreError("ST013", f"`{path}` is not a database of podium", help=help_)


@contextmanager
def clear_errors(path: Path) -> Generator[None]:
    """Turn the errors of SQLite and of the file system into `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error
    except OSError as error:
        raise from_os(error, path) from error
