"""Opening things below a folder so that nothing outside it can be reached.

A path is split into names; each folder is opened from the descriptor of the one before it with O_NOFOLLOW. A link in
the way is an error, also one that somebody puts there while we look: what was opened stays what it is. The folder at
the top is the operator's choice and may be a link itself.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from podium.errors import EffectError

KEYS = ".podium-keys"
"""The folder below the top that remembers what keys did; reserved."""

MAX_PARTS = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PIECE = 1 << 20


def parts_of(path: str) -> tuple[str, ...]:
    """Return the names in a path, () for the top itself.

    Raises:
        EffectError: EF030 when it could lead outside, or into what is reserved.
    """
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/"):
        raise refused(path, "is not relative")
    if ".." in parts:
        raise refused(path, "goes up with `..`")
    if "\0" in path or len(parts) > MAX_PARTS:
        raise refused(path[:200], "is no usable path")
    if parts[:1] == (KEYS,):
        raise refused(path, "is reserved")
    return parts


@contextmanager
def top_of(root: Path, *, create: bool = False) -> Generator[int]:
    """Give the descriptor of the top folder.

    Raises:
        EffectError: EF031 when it is missing and not to be created.
    """
    if create:
        root.mkdir(parents=True, exist_ok=True)
    try:
        folder = os.open(root, _FOLDER)
    except FileNotFoundError:
        raise missing(str(root)) from None
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def folder_of(top: int, parts: tuple[str, ...], *, create: bool = False) -> Generator[int]:
    """Give the descriptor of a folder below `top`, creating missing ones if wanted.

    Raises:
        EffectError: EF030 when something in the way is no folder, EF031 when it is missing.
    """
    current = os.dup(top)
    try:
        for index, name in enumerate(parts):
            if create:
                _make_folder(current, name)
            shown = "/".join(parts[: index + 1])
            try:
                inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=current)
            except FileNotFoundError:
                raise missing(shown) from None
            except OSError as error:
                if error.errno in (errno.ENOTDIR, errno.ELOOP):
                    raise refused(shown, "is a link or a file, not a folder") from None
                raise
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)


def _make_folder(parent: int, name: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
        os.fsync(parent)


@contextmanager
def file_of(folder: int, name: str) -> Generator[int]:
    """Give the descriptor of a plain file, for reading.

    Raises:
        FileNotFoundError: when there is none.
        EffectError: EF030 when it is something else.
    """
    try:
        # O_NONBLOCK: a pipe in the place of a file must not stop us.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise refused(name, "is a link or a device, not a file") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise refused(name, "is not a file")
        yield file
    finally:
        os.close(file)


def digest_of(folder: int, name: str) -> str:
    """Return the SHA-256 of a file in hex, "" when there is none."""
    try:
        with file_of(folder, name) as file:
            found = hashlib.sha256()
            while piece := os.read(file, _PIECE):
                found.update(piece)
            return found.hexdigest()
    except FileNotFoundError:
        return ""


def read_whole(folder: int, name: str, limit: int) -> bytes:
    """Return the bytes of a file.

    Raises:
        FileNotFoundError: when there is none.
        EffectError: EF032 when it is larger than `limit`.
    """
    with file_of(folder, name) as file:
        pieces: list[bytes] = []
        size = 0
        while piece := os.read(file, _PIECE):
            size += len(piece)
            if size > limit:
                raise too_large(name, limit)
            pieces.append(piece)
        return b"".join(pieces)


def write_new(folder: int, name: str, body: bytes, *, mode: int | None = None) -> None:
    """Write a file that is not there yet, and sync it; a leftover of the same name is replaced."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o666, dir_fd=folder)
    try:
        if mode is not None:
            os.fchmod(file, mode)
        rest = memoryview(body)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


def refused(path: str, why: str) -> EffectError:
    """Return the error for a path that may not be used."""
    return EffectError(
        "EF030", f"path `{path}` {why}", kind="invalid_input", help="name a file below `root`, such as `notes/today.md`"
    )


def missing(path: str) -> EffectError:
    """Return the error for something that is not there."""
    return EffectError("EF031", f"there is no `{path}`", kind="failed", help="look with `list` what is there")


def too_large(path: str, limit: int) -> EffectError:
    """Return the error for a file beyond the bound."""
    return EffectError(
        "EF032",
        f"`{path}` is larger than the {limit} bytes that are allowed",
        kind="limit",
        help="raise `max_bytes` of the tool",
    )
