"""`podium ledger show RUN`: the records themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit
from podium.cli.options import Output, RunArgument
from podium.cli.words import when

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.ledger.record import Record


def show(
    run: RunArgument,
    after: Annotated[int, typer.Option("--after", min=0, help="Only records after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="At most so many.")] = 1000,
    output: Output = Format.table,
) -> None:
    """Show the records of a run, oldest first.

    `_admin` is the installation's own stream.
    """
    from podium.cli.runs.watch import record_json
    from podium.cli.session import within
    from podium.ids import ADMIN

    async def work(installation: Installation) -> tuple[Record, ...]:
        stream = ADMIN if run == ADMIN else await installation.find_run(run)
        return await installation.store.records(stream, after=after, limit=limit)

    records = within(work)
    emit([record_json(record) for record in records], output, lambda: _table(records))


def _table(records: tuple[Record, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("seq", justify="right")
    for name in ("at", "kind", "path", "what", "hash"):
        table.add_column(name, no_wrap=name != "what", overflow="fold")
    for record in records:
        kind = type(record.body).__struct_config__.tag
        table.add_row(
            str(record.seq), when(record.at), str(kind), escape(record.path), escape(_facts(record)), record.hash[:12]
        )
    return table


def _facts(record: Record) -> str:
    """Return the small facts of a record; what it refers to is left out."""
    import msgspec

    body = msgspec.to_builtins(record.body)
    plain = {key: value for key, value in body.items() if key != "kind" and isinstance(value, str | int) and value}
    return ", ".join(f"{key}={_short(str(value))}" for key, value in plain.items())


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:12] + "…"
