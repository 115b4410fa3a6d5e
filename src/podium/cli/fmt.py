"""`podium fmt FILE…`: write workflow files in their canonical form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli import exits
from podium.cli.console import put, say

if TYPE_CHECKING:
    from podium.spec.model import NodeTypes


def fmt(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Workflows.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print what would change.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read one file from stdin, write it to stdout.")] = False,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Write older files in this version of the language.")
    ] = False,
) -> None:
    """Write workflow files in their canonical form.

    Comments stay, and so does what the file means; a file with mistakes is not touched.
    """
    from podium.app.nodes import shipped_nodes

    if stdin == bool(files):
        raise typer.BadParameter("expected files, or --stdin alone")
    node_types = shipped_nodes().configs()
    if stdin:
        changed = [Path("stdin")] if _stdin(node_types, check=check, diff=diff, upgrade=upgrade) else []
    else:
        changed = [
            file
            for file in files or ()
            if _file(file, node_types, write=not (check or diff), show=diff, upgrade=upgrade)
        ]
        for file in changed:
            say(f"{'would change' if check or diff else 'formatted'} {file}")
        say(f"{len(files or ())} checked: {len(changed)} {'would change' if check or diff else 'changed'}")
    if check and changed:
        raise typer.Exit(exits.FAILED)


def _stdin(node_types: NodeTypes, *, check: bool, diff: bool, upgrade: bool) -> bool:
    """Format what stands on stdin; return whether it changed."""
    import sys

    from podium.spec.format import formatted
    from podium.spec.source import MAX_BYTES

    # one character beyond what a file may hold is enough to refuse it
    text = sys.stdin.read(MAX_BYTES + 1)
    new = formatted(text, file="stdin", node_types=node_types, upgrade=upgrade)
    if diff:
        _show(text, new, "stdin")
    elif not check:
        sys.stdout.write(new)
    return new != text


def _file(file: Path, node_types: NodeTypes, *, write: bool, show: bool, upgrade: bool) -> bool:
    """Format a file; return whether it changed."""
    from podium.errors import UsageError
    from podium.spec.format import checked, formatted
    from podium.spec.load import load_file

    loaded = load_file(file, node_types=node_types)
    checked(loaded, str(file))
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        new = formatted(text, file=str(file), node_types=node_types, upgrade=upgrade)
        if show:
            _show(text, new, str(file))
        if write and new != text:
            _replace(file, new)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError("SP025", f"cannot write `{file}`: {reason.lower()}", help="the file is as it was") from error
    return new != text


def _replace(file: Path, text: str) -> None:
    """Put the new text in the place of the file in one step, so that a crash leaves one of the two whole."""
    import os
    import shutil
    from tempfile import NamedTemporaryFile

    target = file.resolve()
    beside = f".{target.name}."
    with NamedTemporaryFile("w", dir=target.parent, prefix=beside, encoding="utf-8", newline="", delete=False) as new:
        path = Path(new.name)
        try:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
            shutil.copymode(target, path)
            path.replace(target)
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _show(old: str, new: str, file: str) -> None:
    from difflib import unified_diff

    lines = unified_diff(old.splitlines(), new.splitlines(), file, file, lineterm="")
    if text := "\n".join(lines):
        put(text)
