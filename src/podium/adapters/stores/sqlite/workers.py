"""Who lives: a locked file per worker.

The kernel lets go of the lock when the process ends, however it ends, so a death is noticed at once and needs no
heartbeat. A worker's file is locked before it gets its name: whoever sees the name sees the lock. Whoever finds a file
unlocked removes it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from podium.ids import WorkerId


class Workers:
    """The workers of an installation; the methods block for microseconds, in a thread of the store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: dict[WorkerId, int] = {}
        self._lock = threading.Lock()

    def register(self, worker: WorkerId) -> None:
        """Let `worker` live until `close` or the end of this process."""
        with self._lock:
            if worker in self._own:
                return
            being_born = self._folder / f".{worker}"
            descriptor = os.open(being_born, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            being_born.rename(self._folder / worker)
            self._own[worker] = descriptor

    def is_own(self, worker: WorkerId) -> bool:
        """Return whether `worker` was registered here; does not block."""
        return worker in self._own

    def alive(self, worker: WorkerId) -> bool:
        """Return whether the process of `worker` lives."""
        return worker in self._own or _is_locked(self._folder / worker)

    def living(self) -> frozenset[str]:
        """Return all that live."""
        names = [entry.name for entry in os.scandir(self._folder) if not entry.name.startswith(".")]
        return frozenset(name for name in names if self.alive(WorkerId(name)))

    def close(self) -> None:
        """Let all of our own die, and leave nothing behind."""
        for worker in tuple(self._own):
            (self._folder / worker).unlink(missing_ok=True)
        self.die()

    def die(self) -> None:
        """Let all of our own die, as the end of the process would."""
        own, self._own = self._own, {}
        for descriptor in own.values():
            os.close(descriptor)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # shared, so that two who ask at the same time do not take each other for the worker
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
