"""`podium autonomy show`: how far workflows may go by themselves, and who said so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import when

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.ceilings import Change
    from podium.app.installation import Installation

Json = Any


def show(
    workflow: Annotated[
        str, typer.Argument(metavar="[WORKFLOW]", help="All that was changed for this one.", show_default=False)
    ] = "",
    output: Output = Format.table,
) -> None:
    """Show how far workflows may go by themselves.

    Without a name the last change of each workflow for which there was one. A workflow goes no further than its own
    file says.
    """
    import asyncio

    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        ceilings = await asyncio.to_thread(lambda: installation.ceilings)
        changes = await ceilings.changes()
        found = changes.get(workflow, ()) if workflow else [all_of[-1] for _, all_of in sorted(changes.items())]
        rows = [await _told(installation, one) for one in found]
        emit(rows, output, lambda: _table(rows))
        if output is Format.table and (not workflow or not rows):
            say(f"every other workflow may be `{ceilings.default}`")

    within(work, create=True)


async def _told(installation: Installation, change: Change) -> dict[str, Json]:
    from podium.app.overview import read_json
    from podium.ids import ADMIN

    body = change.body
    return {
        "workflow": body.workflow,
        "may_be": body.level,
        "before": body.before,
        "by": body.by,
        "at": when(change.at),
        "because": await read_json(installation.store, ADMIN, body.because),
        "evidence": list(body.evidence),
    }


def _table(rows: list[dict[str, Json]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    names = {"may_be": "may be"}
    for name in ("workflow", "may_be", "before", "by", "at", "because", "evidence"):
        table.add_column(names.get(name, name), no_wrap=name not in ("because", "evidence"), overflow="fold")
    for row in rows:
        texts = [row[name] for name in ("workflow", "may_be", "before", "by", "at", "because")]
        table.add_row(*(escape(text) for text in texts), " ".join(row["evidence"]))
    return table
