"""Large payloads and saved files: bytes beside the database, written and synced before anything refers to them.

A file gets its name only when it is complete and on disk: temporary name, fsync, rename, fsync of the folder. So what
has a name is whole, and what a crash leaves has no name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from podium.errors import UsageError
from podium.ids import Digest

_CHUNK = 1 << 20


class Blobs:
    """A folder of named byte strings; the methods block, call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: Digest) -> Path:
        """Return where `name` stands, or would stand."""
        return self._folder / name[:2] / name

    def write(self, name: Digest, data: bytes) -> bool:
        """Keep `data` durably; False when `name` was there already."""
        if self.path(name).exists():
            return False
        with self._temporary() as file:
            file.write(data)
            self._keep(file, name)
        return True

    def copy(self, source: Path) -> tuple[Digest, int]:
        """Keep a copy of `source` under its SHA-256, in constant memory: `(SHA-256, bytes)`.

        Raises:
            UsageError: ST018 when it cannot be read.
        """
        digest, size = hashlib.sha256(), 0
        with _reading(source) as reader, self._temporary() as file:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            name = Digest(digest.hexdigest())
            self._keep(file, name)
        return name, size

    def remove(self, name: Digest) -> None:
        """Forget `name`."""
        self.path(name).unlink(missing_ok=True)

    @contextmanager
    def _temporary(self) -> Generator[IO[bytes]]:
        with NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
            try:
                yield file
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _keep(self, file: IO[bytes], name: Digest) -> None:
        file.flush()
        os.fsync(file.fileno())
        target = self.path(name)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        Path(file.name).rename(target)
        _sync_folder(target.parent)
        _sync_folder(self._folder)


def _reading(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise UsageError("ST018", f"file `{source}` cannot be read: {error.strerror}") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
