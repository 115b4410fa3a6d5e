"""`podium runs versions`: which versions of workflows still have runs that have not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import ago, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from podium.clock import Millis
    from podium.ledger.store import Tally

Json = Any


class Live(NamedTuple):
    """A version with runs that have not ended; `waiting` is how many of them wait, or for their turn."""

    workflow: str
    version: str
    runs: int
    waiting: int
    oldest: Millis
    file: str


def versions(output: Output = Format.table) -> None:
    """List versions that still have live runs.

    A run stays with the version that it was started with, whatever has become of the file since.
    """
    from podium.cli.session import within
    from podium.clock import SystemClock

    found = live(within(lambda installation: installation.store.tallies()))
    now = SystemClock().now()
    emit([one._asdict() | {"oldest": when(one.oldest)} for one in found], output, lambda: _table(found, now))
    if not found and output is Format.table:
        say("every run has ended")


def live(tallies: Iterable[Tally]) -> list[Live]:
    """Return the versions with live runs, by workflow."""
    from podium.ledger.store import ENDED

    found: dict[str, Live] = {}
    for tally in tallies:
        if tally.status in ENDED:
            continue
        known = found.get(tally.version, Live(tally.workflow, tally.version, 0, 0, tally.oldest, tally.file))
        waiting = tally.runs if tally.queued or tally.status != "running" else 0
        found[tally.version] = known._replace(
            runs=known.runs + tally.runs, waiting=known.waiting + waiting, oldest=min(known.oldest, tally.oldest)
        )
    return sorted(found.values())


def _table(found: list[Live], now: Millis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("workflow", "version"):
        table.add_column(name, no_wrap=True)
    for name in ("runs", "waiting"):
        table.add_column(name, justify="right")
    for name in ("oldest", "file"):
        table.add_column(name, no_wrap=True)
    for one in found:
        row = (one.version[:12], str(one.runs), str(one.waiting), ago(one.oldest, now), escape(one.file))
        table.add_row(escape(one.workflow), *row)
    return table
