"""`podium dead list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import Format, emit, say
from podium.cli.dead.choice import OfWorkflow
from podium.cli.options import Output
from podium.cli.words import ago, status_label, styled, when

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.dead import DeadLetter
    from podium.clock import Millis

Json = Any


def list_dead(
    workflow: OfWorkflow = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    output: Output = Format.table,
) -> None:
    """List runs and items that gave up.

    They stay on the list until somebody retries or drops them.
    """
    from podium.app.dead import dead_letters
    from podium.cli.session import within
    from podium.clock import SystemClock

    letters = within(lambda installation: dead_letters(installation, workflow=workflow, limit=limit))
    emit([letter_json(letter) for letter in letters], output, lambda: _table(letters, SystemClock().now()))
    if not letters and output is Format.table:
        say("nothing gave up")


def letter_json(letter: DeadLetter) -> dict[str, Json]:
    """Return a dead letter."""
    return {
        "run": letter.run,
        "workflow": letter.workflow,
        "status": status_label(letter.status),
        "at": when(letter.at),
        "code": letter.code,
        "node": letter.node,
        "message": letter.message,
        "items": list(letter.items),
        "not_undone": letter.not_undone,
    }


def _table(letters: tuple[DeadLetter, ...], now: Millis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("run", "workflow", "status", "when", "code", "node"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for letter in letters:
        place = letter.code, escape(letter.node)
        status = styled(status_label(letter.status))
        table.add_row(letter.run, escape(letter.workflow), status, ago(letter.at, now), *place, escape(_why(letter)))
    return table


def _why(letter: DeadLetter) -> str:
    parts = [
        letter.message,
        f"{len(letter.items)} failed: {', '.join(letter.items)}" if letter.items else "",
        f"{letter.not_undone} not undone" if letter.not_undone else "",
    ]
    return "; ".join(part for part in parts if part)
