"""`podium runs list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import ago, row_label, styled

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.clock import Millis
    from podium.ledger.store import RowStatus, RunRow


QUEUED: Final = "queued"
MAX_ROWS = 100_000


def list_runs(
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only runs that stand so; `waiting` means all that wait."),
    ] = None,
    workflow: Annotated[str, typer.Option("--workflow", metavar="NAME", help="Only runs of this workflow.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    output: Output = Format.table,
) -> None:
    """List runs, newest first."""
    from podium.cli.session import within
    from podium.cli.shape import row_json
    from podium.clock import SystemClock

    wanted = _statuses(status or [])
    rows = within(lambda installation: _rows(installation, wanted, workflow, limit))
    emit([row_json(row) for row in rows], output, lambda: _table(rows, SystemClock().now()))
    if not rows and output is Format.table:
        say("no runs; start one with: podium run FILE")


async def _rows(
    installation: Installation, wanted: tuple[RowStatus | Literal["queued"], ...], workflow: str, limit: int
) -> tuple[RunRow, ...]:
    """Return the rows; a run that waits for its turn is `queued`, although its row says `running`."""
    split = wanted and ("running" in wanted) != (QUEUED in wanted)
    statuses: set[RowStatus] = {"running" if name == "queued" else name for name in wanted}
    rows = await installation.store.rows(
        status=tuple(sorted(statuses)), workflow=workflow, limit=MAX_ROWS if split else limit
    )
    if split:
        rows = tuple(row for row in rows if row.status != "running" or row.queued == (QUEUED in wanted))
    return rows[:limit]


def _statuses(names: list[str]) -> tuple[RowStatus | Literal["queued"], ...]:
    """Return the statuses of rows that are meant.

    Raises:
        UsageError: AP004 for one that does not exist.
    """
    from typing import get_args

    from podium.errors import UsageError
    from podium.ledger.record import RunStatus
    from podium.ledger.store import WaitReason
    from podium.spec.suggest import did_you_mean

    waits: tuple[RowStatus, ...] = get_args(WaitReason)
    ends: tuple[RowStatus, ...] = get_args(RunStatus)
    known: dict[str, tuple[RowStatus | Literal["queued"], ...]]
    known = {status: (status,) for status in ("running", *waits, *ends)}
    known |= {"waiting": waits, QUEUED: ("queued",)}
    found: list[RowStatus | Literal["queued"]] = []
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise UsageError("AP004", f"there is no status `{name}`", help=near or "known: " + ", ".join(known))
        found += known[name]
    return tuple(found)


def _table(rows: tuple[RunRow, ...], now: Millis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("run", "workflow", "status", "started", "changed"):
        table.add_column(name, no_wrap=True)
    table.add_column("priority", justify="right")
    table.add_column("")
    for row in rows:
        times = ago(row.created_at, now), ago(row.updated_at, now)
        more = escape(_more(row))
        table.add_row(row.id, escape(row.workflow), styled(row_label(row)), *times, str(row.priority), more)
    return table


def _more(row: RunRow) -> str:
    """Return what a queued run waits for, and who started a run that a run has started."""
    turn = f"one of {row.slots} of {row.slot}" if row.queued and row.status == "running" else ""
    parent = f"started by {row.parent}" if row.parent else ""
    mode = f"{row.mode} run" if row.mode != "live" else ""
    return ", ".join(part for part in (mode, turn, parent) if part)
