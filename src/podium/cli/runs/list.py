"""`podium runs list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import ago, status_label, styled

if TYPE_CHECKING:
    from rich.table import Table

    from podium.clock import Millis
    from podium.ledger.store import RowStatus, RunRow


def list_runs(
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATUS", help="Only runs that stand so; `waiting` means all that wait."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    output: Output = Format.table,
) -> None:
    """List runs, newest first."""
    from podium.cli.session import within
    from podium.cli.shape import row_json
    from podium.clock import SystemClock

    wanted = _statuses(status or [])
    rows = within(lambda installation: installation.store.rows(status=wanted, limit=limit))
    emit([row_json(row) for row in rows], output, lambda: _table(rows, SystemClock().now()))
    if not rows and output is Format.table:
        say("no runs; start one with: podium run FILE")


def _statuses(names: list[str]) -> tuple[RowStatus, ...]:
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
    known: dict[str, tuple[RowStatus, ...]] = {status: (status,) for status in ("running", *waits, *ends)}
    known["waiting"] = waits
    found: list[RowStatus] = []
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
    for row in rows:
        label = styled(status_label(row.status))
        table.add_row(row.id, escape(row.workflow), label, ago(row.created_at, now), ago(row.updated_at, now))
    return table
