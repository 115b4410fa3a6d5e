"""Files below one folder: read, write, list, exists, and restore what a write replaced.

```yaml
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
```

1. **Nothing outside `root`.** Paths are relative, without `..`; links below `root` are not followed, also not those
   that appear while we look (see `_beneath`).
2. **A file is old or new, never half**: written aside, synced, renamed, the folder synced.
3. **Writing is keyed.** A second call with the same key does nothing and returns the first result; what keys did
   stands in `.podium-keys` below `root` (see `_keys`). Entries of ended runs may be deleted.
4. **The version before is kept**, and `restore` puts it back, or removes the file when there was none, as long as the
   file is still what the write made it. Restoring again goes back one write further.
5. `preview_write` tells what a write would change; it is shown where a write is only prepared.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from podium.effects.function import ToolSettings, tool
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.tools import _beneath as beneath
from podium.tools._keys import Change, Entry, Keys, changed

MAX_ENTRIES = 10_000
"""Entries of one folder that `list` returns; more is an error."""


class FilesSettings(ToolSettings):
    """Where the files are."""

    root: Path
    """The folder; a relative one counts from where Podium was started. It is created when it is missing."""

    max_bytes: Annotated[int, Field(gt=0, le=1_000_000_000)] = 10_000_000
    """The largest file that is read or written."""


class Written(TypedDict):
    """What a write made: `path` is below `root`, `location` includes it, `sha256` is that of the bytes."""

    path: str
    location: str
    bytes: int
    sha256: str


class Restored(TypedDict):
    """What a restore made: `exists` says whether there is a file now."""

    path: str
    location: str
    exists: bool


class Listed(TypedDict):
    """One entry of a folder; `bytes` is 0 for what is no file."""

    path: str
    kind: Literal["file", "folder", "other"]
    bytes: int


@tool(effect="read", delivery="repeatable")
def read(path: str, settings: FilesSettings) -> str:
    """Return the text of a file (UTF-8)."""
    parts = _file_parts(path)
    with _told(path), beneath.top_of(settings.root) as top, beneath.folder_of(top, parts[:-1]) as folder:
        try:
            body = beneath.read_whole(folder, parts[-1], settings.max_bytes)
        except FileNotFoundError:
            raise beneath.missing(path) from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise EffectError("EF032", f"`{path}` is not text", kind="failed", help="only UTF-8 can be read") from None


@tool(effect="read", delivery="repeatable")
def exists(path: str, settings: FilesSettings) -> bool:
    """Say whether there is a file or folder."""
    parts = _file_parts(path)
    try:
        with _told(path), beneath.top_of(settings.root) as top, beneath.folder_of(top, parts[:-1]) as folder:
            os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    except EffectError as error:
        if error.code == "EF031":
            return False
        raise
    return True


@tool(effect="read", delivery="repeatable")
def list_(settings: FilesSettings, path: str = "") -> list[Listed]:
    """Return the entries of a folder, by name; without a path, those of the top."""
    parts = beneath.parts_of(path)
    with _told(path), beneath.top_of(settings.root) as top, beneath.folder_of(top, parts) as folder:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if parts or entry.name != beneath.KEYS)
        if len(names) > MAX_ENTRIES:
            raise EffectError("EF032", f"`{path}` has more than {MAX_ENTRIES} entries", kind="limit")
        found: list[Listed] = []
        for name in names:
            with suppress(FileNotFoundError):  # gone since
                found.append(_listed("/".join((*parts, name)), os.stat(name, dir_fd=folder, follow_symlinks=False)))
        return found


@tool(effect="write", delivery="keyed")
def write(path: str, text: str, key: EffectKey, settings: FilesSettings) -> Written:
    """Write a file (UTF-8) and keep the version before it for `restore`; missing folders are created."""
    parts = _file_parts(path)
    body = _bytes(path, text, settings)
    place, sha = "/".join(parts), hashlib.sha256(body).hexdigest()
    value: Written = {"path": place, "location": str(settings.root / place), "bytes": len(body), "sha256": sha}
    with _told(path), Keys.locked(settings.root) as keys:

        def begin() -> Entry:
            with beneath.folder_of(keys.top, parts[:-1], create=True) as folder:
                if old := beneath.digest_of(folder, parts[-1]):
                    keys.keep(key, folder, parts[-1])
            return Entry(request="", path=place, old=old, new=sha, before=keys.last(place), value={**value})

        def prepare(_entry: Entry, aside: str, mode: int | None) -> None:
            beneath.write_new(keys.folder, aside, body, mode=mode)

        change = Change(request=("write", place, sha), begin=begin, prepare=prepare, last=lambda _entry: str(key))
        return cast("Written", keys.carry_out(key, parts, change))


@tool(effect="read", delivery="repeatable")
def preview_write(path: str, text: str, settings: FilesSettings) -> str:
    """Return what `write` would change, as a unified diff; "" when it would change nothing."""
    parts = _file_parts(path)
    _bytes(path, text, settings)
    try:
        old = read(path, settings)
    except EffectError as error:
        if error.code != "EF031":
            raise
        old = ""
    place = "/".join(parts)
    before, after = old.splitlines(keepends=True), text.splitlines(keepends=True)
    lines = unified_diff(before, after, place if old else "/dev/null", place)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ no newline at the end\n" for line in lines)


@tool(effect="write", delivery="keyed")
def restore(path: str, key: EffectKey, settings: FilesSettings) -> Restored:
    """Put back what the last `write` of this file replaced; when there was no file, remove it."""
    parts = _file_parts(path)
    place = "/".join(parts)
    with _told(path), Keys.locked(settings.root) as keys:

        def begin() -> Entry:
            undone = _last_write(keys, place)
            with beneath.folder_of(keys.top, parts[:-1]) as folder:
                if beneath.digest_of(folder, parts[-1]) != undone.new:
                    raise changed(place)
            value: Restored = {"path": place, "location": str(settings.root / place), "exists": bool(undone.old)}
            before = keys.last(place)
            return Entry(request="", path=place, old=undone.new, new=undone.old, before=before, value={**value})

        def prepare(entry: Entry, aside: str, _mode: int | None) -> None:
            with suppress(FileNotFoundError):
                os.unlink(aside, dir_fd=keys.folder)
            os.link(f"{entry.before}.before", aside, src_dir_fd=keys.folder, dst_dir_fd=keys.folder)

        def last(entry: Entry) -> str:
            undone = keys.entry(entry.before)
            return undone.before if undone is not None else ""

        change = Change(request=("restore", place), begin=begin, prepare=prepare, last=last)
        return cast("Restored", keys.carry_out(key, parts, change))


def _last_write(keys: Keys, place: str) -> Entry:
    entry = keys.entry(keys.last(place)) if keys.last(place) else None
    if entry is None:
        raise EffectError(
            "EF035",
            f"there is no write of `{place}` to take back",
            kind="failed",
            help="only what `write` of this tool wrote can be restored",
        )
    return entry


def _listed(path: str, found: os.stat_result) -> Listed:
    if stat.S_ISREG(found.st_mode):
        return {"path": path, "kind": "file", "bytes": found.st_size}
    return {"path": path, "kind": "folder" if stat.S_ISDIR(found.st_mode) else "other", "bytes": 0}


def _file_parts(path: str) -> tuple[str, ...]:
    parts = beneath.parts_of(path)
    if not parts:
        raise beneath.refused(path, "names no file")
    return parts


def _bytes(path: str, text: str, settings: FilesSettings) -> bytes:
    try:
        body = text.encode()
    except UnicodeEncodeError:
        raise EffectError(
            "EF032", f"the text for `{path}` has half a character in it", kind="invalid_input", help="send valid text"
        ) from None
    if len(body) > settings.max_bytes:
        raise beneath.too_large(path, settings.max_bytes)
    return body


@contextmanager
def _told(path: str) -> Generator[None]:
    """Turn what the operating system says into an error of ours."""
    try:
        yield
    except FileNotFoundError:
        raise beneath.missing(path) from None
    except OSError as error:
        # Keyed: doubt is settled by calling again, which goes on where this stopped.
        raise EffectError(
            "EF036",
            f"`{path}` could not be used: {error.strerror or error}",
            kind="failed",
            landed="unknown",
            help="see to the disk and its permissions, then retry",
        ) from error
