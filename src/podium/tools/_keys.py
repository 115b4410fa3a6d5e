"""What a key did: changes of files that happen once, however often they are asked for and wherever a crash falls.

A change is *begun* (its entry says what was there and what shall be), *applied* (one rename or unlink), and *done*.
Each step is durable before the next, and a second call goes on from the step that it finds:

| entry | file | means |
|---|---|---|
| none | | begin |
| begun | as before | apply |
| begun | as it shall be | was applied; note that it is done |
| begun | something else | somebody changed it meanwhile: EF034, nobody's work is overwritten |
| done | | return the first result |

All of it happens under one lock per top folder, so two processes with the same key do not meet.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from podium.errors import EffectError
from podium.ids import EffectKey
from podium.tools import _beneath as beneath

_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")
_ENTRY_BYTES = 100_000


class Entry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What one key did, or is about to do.

    Attributes:
        request: Digest of the function and its arguments.
        old, new: Digest of the file before and after, "" for no file.
        before: The key of the file's last write before this one, or "".
        value: What is returned.
    """

    request: str
    path: str
    old: str
    new: str
    before: str
    value: dict[str, Any]
    done: bool = False


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is asked for, as `carry_out` makes it once.

    Attributes:
        request: What is asked, in words that differ when the request does.
        begin: Called when nothing is known of the key: what shall be.
        prepare: Called to put the new version aside under the given name, with the mode that it shall have; not
            called when the file is to be removed.
        last: The key that is the file's last write afterwards, given the entry.
    """

    request: tuple[str, ...]
    begin: Callable[[], Entry]
    prepare: Callable[[Entry, str, int | None], None]
    last: Callable[[Entry], str]


class Keys:
    """The entries below one top folder, with the lock held."""

    def __init__(self, top: int, folder: int) -> None:
        self.top = top
        self.folder = folder

    @classmethod
    @contextmanager
    def locked(cls, root: Path) -> Generator[Keys]:
        """Give the entries; nobody else has them until the block ends."""
        with beneath.top_of(root, create=True) as top:
            with suppress(FileExistsError):
                os.mkdir(beneath.KEYS, 0o700, dir_fd=top)
                os.fsync(top)
            with beneath.folder_of(top, (beneath.KEYS,)) as folder:
                lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    yield cls(top, folder)
                finally:
                    os.close(lock)

    def carry_out(self, key: EffectKey, parts: tuple[str, ...], change: Change) -> dict[str, Any]:
        """Make a change once and return its result.

        Raises:
            EffectError: EF033 when the key did something else before, EF034 when the file was changed meanwhile.
        """
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"`{key}` is no idempotency key")
        entry = self.entry(key)
        request = hashlib.sha256("\0".join(change.request).encode(errors="surrogatepass")).hexdigest()
        if entry is None:
            entry = change.begin()
            entry.request = request
            self._put(key, entry)
        elif entry.request != request:
            raise EffectError(
                "EF033",
                f"the idempotency key of this call already stands for another one on `{entry.path}`",
                kind="invalid_input",
                help="a key stands for one call with one set of arguments",
            )
        if not entry.done:
            with beneath.folder_of(self.top, parts[:-1], create=True) as folder:
                self._apply(key, entry, change, folder, parts[-1])
            self._set_last(entry.path, change.last(entry))
            entry.done = True
            self._put(key, entry)
        return entry.value

    def entry(self, key: str) -> Entry | None:
        """Return what is known of a key."""
        try:
            return msgspec.json.decode(beneath.read_whole(self.folder, f"{key}.json", _ENTRY_BYTES), type=Entry)
        except FileNotFoundError:
            return None

    def last(self, path: str) -> str:
        """Return the key of the last write of a file that is not undone, or ""."""
        try:
            return beneath.read_whole(self.folder, _last_name(path), 100).decode()
        except FileNotFoundError:
            return ""

    def keep(self, key: str, folder: int, name: str) -> None:
        """Keep the present version of a file as what was there before `key`."""
        with suppress(FileNotFoundError):
            os.unlink(f"{key}.before", dir_fd=self.folder)
        os.link(name, f"{key}.before", src_dir_fd=folder, dst_dir_fd=self.folder, follow_symlinks=False)
        os.fsync(self.folder)

    def _apply(self, key: str, entry: Entry, change: Change, folder: int, name: str) -> None:
        current = beneath.digest_of(folder, name)
        if current == entry.new:
            return
        if current != entry.old:
            raise changed(entry.path)
        if entry.new:
            aside = f"{key}.new"
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode) if current else None
            change.prepare(entry, aside, mode)
            os.rename(aside, name, src_dir_fd=self.folder, dst_dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
        os.fsync(folder)

    def _put(self, key: str, entry: Entry) -> None:
        self._replace(f"{key}.json", msgspec.json.encode(entry))

    def _set_last(self, path: str, key: str) -> None:
        name = _last_name(path)
        if key:
            self._replace(name, key.encode())
            return
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.folder)
        os.fsync(self.folder)

    def _replace(self, name: str, body: bytes) -> None:
        beneath.write_new(self.folder, f"{name}.tmp", body)
        os.rename(f"{name}.tmp", name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        os.fsync(self.folder)


def _last_name(path: str) -> str:
    return f"{hashlib.sha256(path.encode(errors='surrogatepass')).hexdigest()[:32]}.last"


def changed(path: str) -> EffectError:
    """Return the error for a file that is not what we left."""
    return EffectError(
        "EF034",
        f"`{path}` was changed by somebody else meanwhile",
        kind="failed",
        help="look at the file; nothing was overwritten",
    )
