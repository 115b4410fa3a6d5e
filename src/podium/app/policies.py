"""The policies of an installation: the folder `policies/` beside its settings.

What counts is every `*.cedar`, `*.yaml` and `*.yml`, however large its letters, in it and in the folders below; hidden
files do not, and `*.test.yaml` are tests of policies. A file that cannot be read, is no UTF-8 or is too large, and a
link to a folder, which is not followed, stop everything: no command drives a run while it is not known what is
forbidden. Links to files are followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from podium.app.home import rules_folder
from podium.errors import UsageError
from podium.gate.policy.bundle import Bundle, Holds
from podium.spec.settings.model import Settings

FOLDER = "policies"
ENDINGS = (".cedar", ".yaml", ".yml")
TESTS = (".test.yaml", ".test.yml")
MAX_FILES = 1000
MAX_BYTES = 1 << 20

Signature = tuple[tuple[str, int, int, int], ...]
"""`(path, time of the last change, size, inode)` of each file: whether a folder is still what it was."""


class Found(NamedTuple):
    """What stands in the folder."""

    bundle: Bundle
    signature: Signature


def policies_folder(home: Path) -> Path:
    """Return where the policies of an installation stand."""
    return rules_folder(home) / FOLDER


def policy_files(folder: Path) -> list[Path]:
    """Return the files of policies, sorted.

    Raises:
        UsageError: AP071 when the folder cannot be read, or there are too many.
    """
    return [path for path in _files(folder) if not path.name.lower().endswith(TESTS)]


def test_files(folder: Path) -> list[Path]:
    """Return the files of tests, sorted.

    Raises:
        UsageError: AP071 when the folder cannot be read, or there are too many.
    """
    return [path for path in _files(folder) if path.name.lower().endswith(TESTS)]


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in _walk(folder):
        found.append(path)
        if len(found) > MAX_FILES:
            raise UsageError("AP071", f"`{folder}` has more than {MAX_FILES} files", help="make fewer, larger ones")
    return sorted(found)


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) or Path(error.filename) != folder:
            raise UsageError("AP071", f"`{error.filename}` cannot be read: {error.strerror}") from None

    if folder.is_symlink() and not folder.exists():
        raise UsageError("AP071", f"`{folder}` is a link to nothing", help="without policies there is no such folder")
    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for below in (Path(root, name) for name in folders):
            if below.is_symlink():
                raise UsageError("AP071", f"`{below}` is a link to a folder", help="put the files here, or link them")
        yield from (Path(root, name) for name in names if name.lower().endswith(ENDINGS) and not name.startswith("."))


def signature_of(folder: Path) -> Signature:
    """Return what tells whether anything in the folder has changed.

    Raises:
        UsageError: AP071 when it cannot be looked at.
    """
    found: list[tuple[str, int, int, int]] = []
    for path in policy_files(folder):
        try:
            status = path.stat()
        except OSError as error:
            raise UsageError("AP071", f"`{path}` cannot be read: {error.strerror}") from None
        found.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def read_policies(home: Path, settings: Settings, *, folder: Path | None = None) -> Found:
    """Return the texts of all policies and what else they decide by; nothing is parsed yet.

    Args:
        folder: Another one than that of the installation.

    Raises:
        UsageError: AP071 when a file cannot be read, is no UTF-8 text or is too large.
    """
    folder = folder or policies_folder(home)
    signature = signature_of(folder)
    files = {shown(path, folder): text_of(path) for path in policy_files(folder)}
    return Found(bundle_of(files, settings), signature)


def bundle_of(files: dict[str, str], settings: Settings) -> Bundle:
    """Return policies together with what they are decided by."""
    return Bundle(
        files=files,
        levels=settings.labels.levels,
        default=settings.labels.default,
        people=_people(settings),
        regions={name: model.region for name, model in settings.models.items()},
    )


def shown(path: Path, folder: Path) -> str:
    """Return a file as messages and records name it: without the machine that it stands on."""
    return path.relative_to(folder.parent).as_posix()


def _people(settings: Settings) -> dict[str, Holds] | None:
    """Return who holds what, under each name by which they may act; None while identities are not configured."""
    if not settings.people:
        return None
    found: dict[str, Holds] = {}
    for name, person in settings.people.items():
        holds = Holds(roles=person.roles, groups=person.groups)
        for called in (name, *(person.users or ())):
            found[called] = holds
    return found


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        UsageError: AP071 when it cannot be read, is no UTF-8 text or is too large.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError("AP071", f"`{path}` cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise UsageError("AP071", f"`{path}` is larger than 1 MiB", help="make several files of it")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"`{path}` is not UTF-8 text, from line {line} on"
        raise UsageError("AP071", message, help="save the file as UTF-8") from None
