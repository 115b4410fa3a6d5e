"""`podium runs effects RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit
from podium.cli.options import Output, RunArgument, complete_run

if TYPE_CHECKING:
    from podium.app.effect_diff import Deeds
    from podium.app.installation import Installation


def effects(
    run: RunArgument,
    other: Annotated[
        str,
        typer.Option("--diff", metavar="OTHER", help="Compare with another run.", autocompletion=complete_run),
    ] = "",
    output: Output = Format.table,
) -> None:
    """Show what a run did to the world.

    Of a shadow or dry run, what it would have done; with `--diff`, what only one of two runs did or would have done.
    """
    from podium.app.effect_diff import compare
    from podium.cli.deeds import deed_json, deeds_json, deeds_page, differences_page
    from podium.cli.session import within

    if not other:
        deeds = within(lambda installation: _read(installation, run))
        emit(deeds_json(deeds), output, lambda: deeds_page(deeds))
        return

    async def both(installation: Installation) -> tuple[Deeds, Deeds]:
        return await _read(installation, run), await _read(installation, other)

    here, there = within(both)
    found = compare(here.deeds, there.deeds)
    value = [{"run": difference.side, **deed_json(difference.deed)} for difference in found]
    emit(value, output, lambda: differences_page(found))


async def _read(installation: Installation, run: str) -> Deeds:
    from podium.app.effect_diff import read_deeds

    return await read_deeds(installation.store, await installation.find_run(run))
