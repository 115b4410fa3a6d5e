"""`podium runs rerun RUN --from NODE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def rerun(
    run: RunArgument,
    nodes: Annotated[list[str], typer.Option("--from", metavar="NODE", help="Begin here; may be repeated.")],
    output: Output = Format.table,
) -> None:
    """Do a node anew in a new run.

    And all that builds on it. Everything else is kept as the other run found it.
    """
    from podium.cli.forking import fork_and_drive
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await fork_and_drive(installation, found, again=nodes, output=output)

    within(work)
