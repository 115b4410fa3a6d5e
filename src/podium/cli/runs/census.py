"""`podium runs census`: how many runs stand how, and which have stood so for the longest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from podium.cli.console import Format, emit
from podium.cli.options import Output
from podium.cli.words import ago, status_label, styled, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from podium.clock import Millis
    from podium.ledger.store import Tally

Json = Any


class Count(NamedTuple):
    """Runs of one workflow that stand alike; `oldest` is when the first of them last moved."""

    workflow: str
    status: str
    runs: int
    oldest: Millis


def census(output: Output = Format.table) -> None:
    """Count runs by workflow and status.

    Beside each count stands the oldest: how long the run has not moved that has not moved for the longest.
    """
    from podium.cli.session import within
    from podium.clock import SystemClock

    counts = counted(within(lambda installation: installation.store.tallies()))
    now = SystemClock().now()
    emit([count._asdict() | {"oldest": when(count.oldest)} for count in counts], output, lambda: _table(counts, now))


def counted(tallies: Iterable[Tally]) -> list[Count]:
    """Return the counts of all versions of a workflow together."""
    found: dict[tuple[str, str], Count] = {}
    for tally in tallies:
        status = "queued" if tally.queued and tally.status == "running" else status_label(tally.status)
        key = tally.workflow, status
        known = found.get(key, Count(*key, 0, tally.oldest))
        found[key] = known._replace(runs=known.runs + tally.runs, oldest=min(known.oldest, tally.oldest))
    return sorted(found.values())


def _table(counts: list[Count], now: Millis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("workflow", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("runs", justify="right")
    table.add_column("oldest", no_wrap=True)
    for count in counts:
        table.add_row(escape(count.workflow), styled(count.status), str(count.runs), ago(count.oldest, now))
    return table
