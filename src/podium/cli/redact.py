"""`podium redact FILE`: what is found in a text, and the text with masks in its place.

It asks the detectors of this installation and knows its secrets, so it shows what `redact` would do to a request. The
masked text goes to stdout, what was found to stderr; values are shown in neither.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit, put, say

if TYPE_CHECKING:
    from rich.table import Table

    from podium.gate.redact.finding import Finding

STDIN = "-"
MAX_CHARS = 10_000_000
"""Characters that are read."""


def redact(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text; `-` reads standard input.")],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", metavar="KIND", help="What to mask; personal and secret when not given."),
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", "-f", help="Print the findings, without the text.")] = None,
) -> None:
    """Show what would be masked in a text."""
    import asyncio

    from podium.app.data_loss import data_loss_of
    from podium.app.home import find_home
    from podium.app.settings import read_settings
    from podium.errors import UsageError
    from podium.gate.redact.finding import KINDS, kinds_of, resolve
    from podium.gate.redact.masks import Masks, masked
    from podium.gate.redact.texts import Text

    loss = data_loss_of(read_settings(find_home()))
    kinds = kinds_of(kind or ("personal", "secret"))
    known = frozenset(KINDS).union(*(detector.kinds for detector in loss.detectors))
    if unknown := sorted(kinds - known):
        raise UsageError("GA026", f"nobody can find `{unknown[0]}`", help=f"name one of {', '.join(sorted(known))}")
    text = _read(file)
    looked = asyncio.run(loss.look([Text("", text)]))
    found = resolve(one for one in looked.get(Text("", text), ()) if one.kind in kinds)
    if form is not None:
        rows = [{**one._asdict(), "score": round(one.score, 2)} for one in found]
        emit(rows, form, lambda: _table(text, found))
        return
    put(masked(text, found, Masks("")).removesuffix("\n"))
    counts = {one.kind: sum(other.kind == one.kind for other in found) for one in found}
    say(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing found")


def _read(file: str) -> str:
    from podium.errors import UsageError

    if file == STDIN:
        return sys.stdin.read(MAX_CHARS)
    try:
        with Path(file).open(encoding="utf-8") as lines:
            return lines.read(MAX_CHARS)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError("GA027", f"cannot read `{file}`: {reason}", help="check the path") from None


def _table(text: str, found: tuple[Finding, ...]) -> Table:
    from rich.table import Table

    table = Table("kind", "line", "characters", "score", box=None, pad_edge=False)
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        table.add_row(one.kind, str(line), str(one.end - one.start), f"{one.score:.2f}")
    return table
