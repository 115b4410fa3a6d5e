"""`podium models check`: can a model answer now?"""

from __future__ import annotations

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, say
from podium.cli.options import Output


def check(output: Output = Format.table) -> None:
    """Ask each model whether it could answer now.

    Leaves with 1 when none could.
    """
    import asyncio

    from podium.app.models import detect
    from podium.cli.models.list import candidate_json, candidate_table

    candidates = asyncio.run(detect())
    emit([candidate_json(candidate) for candidate in candidates], output, lambda: candidate_table(candidates))
    usable = [candidate for candidate in candidates if candidate.ok]
    if not usable:
        say("no model can be used now; fetch a local one with: podium models fetch")
        raise typer.Exit(exits.FAILED)
    say(f"workflows use {usable[0].name}")
