"""`podium models check`: can a model answer now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, say
from podium.cli.options import Output

if TYPE_CHECKING:
    from podium.app.models import Candidate


def check(output: Output = Format.table) -> None:
    """Ask each model whether it could answer now.

    Nothing is paid for an answer. Leaves with 1 when no model could answer.
    """
    import asyncio

    from podium.cli.models.list import candidate_json, candidate_table

    candidates = asyncio.run(_ask_all())
    emit([candidate_json(candidate) for candidate in candidates], output, lambda: candidate_table(candidates))
    usable = [candidate for candidate in candidates if candidate.ok]
    if not usable:
        say("no model can be used now; fetch a local one with: podium models fetch")
        raise typer.Exit(exits.FAILED)
    say(f"workflows use {usable[0].name}")


async def _ask_all() -> list[Candidate]:
    from podium.app.models import check as ask
    from podium.app.models import detect

    return [await ask(candidate) for candidate in await detect()]
