"""A file that is being fetched: grows at its end, survives interruption, becomes the real file when its hash is right.

`NAME.partial` holds the bytes; `NAME.parts` says how many pieces of how many bytes together are certainly in it, so
that a fetch by pieces goes on at a boundary. All methods block: call them in a thread.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import IO

from podium.adapters.models.catalogue import LocalModel
from podium.errors import PodiumError

_CHUNK = 1 << 20
_SPARE = 128 << 20


class Partial:
    """The unfinished file of a model in `home`."""

    def __init__(self, home: Path, model: LocalModel) -> None:
        self._model = model
        self.target = home / model.file
        self._path = home / f"{model.file}.partial"
        self._parts = home / f"{model.file}.parts"

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self._path.stat().st_size if self._path.exists() else 0

    def parts(self) -> int:
        """Return how many pieces are whole; whatever stands behind them is cut off."""
        count, size = 0, 0
        if self._parts.exists():
            count, size = (int(word) for word in self._parts.read_text().split())
        if self.size < size:
            count, size = 0, 0
        if self._path.exists():
            os.truncate(self._path, size)
        return count

    def append_part(self, source: IO[bytes], number: int) -> None:
        """Add piece `number` (from 1), durably."""
        with self._path.open("ab") as file:
            shutil.copyfileobj(source, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
        marker = self._parts.with_suffix(".new")
        marker.write_text(f"{number} {self.size}")
        marker.replace(self._parts)

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        with self._path.open("ab") as file:
            file.write(data)

    def discard(self) -> None:
        """Begin anew."""
        for path in (self._path, self._parts):
            path.unlink(missing_ok=True)

    def check_space(self) -> None:
        """Make sure that the rest fits on the disk.

        Raises:
            PodiumError: EF042 when it does not.
        """
        needed = self._model.size - self.size + _SPARE
        free = shutil.disk_usage(self.target.parent).free
        if free < needed:
            raise PodiumError(
                "EF042",
                f"`{self.target.parent}` has {_mib(free)} MiB free, `{self._model.name}` needs {_mib(needed)} MiB",
                help="make room, or set `PODIUM_MODELS` to a folder on a larger disk",
            )

    def finish(self) -> Path:
        """Verify the hash and put the file in its place.

        Raises:
            PodiumError: EF040 when these are not the right bytes; they are thrown away.
        """
        found = sha256_of(self._path) if self._path.exists() else "nothing"
        if found != self._model.sha256:
            self.discard()
            raise PodiumError(
                "EF040",
                f"what was fetched is not `{self._model.name}`: its SHA-256 is {found}, expected {self._model.sha256}",
                help="fetch it again, or from another source; nothing was kept",
            )
        self._path.replace(self.target)
        self.discard()
        return self.target


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def try_lock(path: Path) -> IO[bytes] | None:
    """Return the locked file, to be closed by the caller; None when another process holds the lock."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _mib(size: int) -> int:
    return size >> 20
