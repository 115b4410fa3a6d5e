"""`podium budget show NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.console import Group

    from podium.app.installation import Installation
    from podium.app.spending import Spender, Standing

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A budget of podium.toml, or an account such as `support/2026-10`.")
]


def show(name: NameArgument, output: Output = Format.table) -> None:
    """Show one budget, and who has used most of it."""
    import asyncio

    from podium.cli.amounts import amounts_json
    from podium.cli.budget.list import standing_json
    from podium.cli.session import within

    async def work(installation: Installation) -> tuple[Standing, list[Spender]]:
        from podium.app.spending import spenders, standing

        settings = await asyncio.to_thread(lambda: installation.settings)
        found = await standing(installation.store, settings, installation.clock.now(), name)
        return found, await spenders(installation.store, found.account.id)

    found, most = within(work)
    value = standing_json(found) | {
        "by_workflow": [{"workflow": one.workflow, "runs": one.runs, **amounts_json(one.used)} for one in most]
    }
    emit(value, output, lambda: _page(found, most))


def _page(found: Standing, most: list[Spender]) -> Group:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    from podium.cli.amounts import amount
    from podium.cli.budget.list import lines

    told = [f"budget {escape(found.account.id)}: {found.state}"]
    for used, held, left in lines(found):
        told.append(f"  used {used}" + (f", held {held}" if held else "") + (f", left {left}" if left else ""))
    if not most:
        return Group(*told)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("workflow", "runs", "money", "tokens", "calls", "energy"):
        table.add_column(name, no_wrap=True)
    for one in most:
        figures = [amount(unit, getattr(one.used, unit)) for unit in ("nano_usd", "tokens", "calls", "micro_wh")]
        table.add_row(escape(one.workflow), str(one.runs), *figures)
    return Group(*told, "", table)
