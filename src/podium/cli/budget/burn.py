"""`podium budget burn [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import Format, emit, say
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.app.spending import Pace, Standing

Json = Any
Found = list[tuple["Standing", "Pace | None"]]


def burn(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this budget.", show_default=False)] = "",
    output: Output = Format.table,
) -> None:
    """Show how fast budgets are used up.

    Only those of a day or a month have a pace.
    """
    import asyncio

    from podium.cli.session import within

    async def work(installation: Installation) -> Found:
        from podium.app.spending import pace, standing, standings

        store, now = installation.store, installation.clock.now()
        settings = await asyncio.to_thread(lambda: installation.settings)
        found = [await standing(store, settings, now, name)] if name else await standings(store, settings, now)
        return [(one, pace(one, now)) for one in found if one.name]

    found = within(work)
    emit([_json(one, rate) for one, rate in found], output, lambda: _table(found))
    if not found and output is Format.table:
        say("no budget is declared under `[budgets]` in podium.toml")


def _json(found: Standing, rate: Pace | None) -> dict[str, Json]:
    from podium.cli.amounts import amounts_json
    from podium.cli.budget.list import standing_json
    from podium.cli.words import when

    paced = {"elapsed": None, "projected": None, "used_up_at": ""}
    if rate is not None:
        elapsed = round(rate.elapsed, 4)
        paced = {"elapsed": elapsed, "projected": amounts_json(rate.projected), "used_up_at": when(rate.empty_at)}
    return standing_json(found) | paced


def _table(found: Found) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from podium.cli.amounts import amount
    from podium.cli.words import when

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("budget", "period", "used", "at this pace", "used up"):
        table.add_column(name, no_wrap=True)
    for one, rate in found:
        for unit, limit in one.limits.each():
            used = f"{amount(unit, getattr(one.account.used, unit))} of {amount(unit, limit)}"
            over = f"{rate.elapsed:.0%} over" if rate else one.period
            projected = amount(unit, getattr(rate.projected, unit)) if rate else ""
            ends = when(rate.empty_at) if rate and getattr(rate.projected, unit) >= limit else ""
            table.add_row(escape(one.account.id), over, used, projected, ends)
    return table
