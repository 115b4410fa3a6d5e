"""`podium runs resume RUN`: drive a run here that nobody drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, say
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.ids import RunId


def resume(
    run: RunArgument,
    landed: Annotated[
        str, typer.Option("--landed", metavar="NODE", help="The doubtful effect of this node did happen.")
    ] = "",
    not_landed: Annotated[
        str, typer.Option("--not-landed", metavar="NODE", help="It did not happen; it is done again.")
    ] = "",
    output: Output = Format.table,
) -> None:
    """Let a run go on here.

    It was paused or interrupted, or it has been answered while nobody drove it.
    """
    from podium.cli.finish import drive_and_report, leave_with
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await _settle(installation, found, landed, not_landed)
        await _go_on(installation, found)
        say(f"run {found}")
        leave_with(await drive_and_report(installation, found, form=output), output)

    within(work)


async def _go_on(installation: Installation, run: RunId) -> None:
    """Take back a pause."""
    from podium.app.overview import read_timeline
    from podium.engine.control import resume_paused

    timeline = await read_timeline(installation.store, run)
    if timeline.paused and not timeline.ended:
        await resume_paused(installation.store, installation.ids, run, by=installation.principal)


async def _settle(installation: Installation, run: RunId, landed: str, not_landed: str) -> None:
    """Record what the person knows of doubtful effects."""
    from podium.engine.control import settle_doubt
    from podium.ids import NodePath

    for node, happened in ((landed, True), (not_landed, False)):
        if node:
            await settle_doubt(
                installation.store,
                installation.ids,
                run,
                NodePath(node),
                landed=happened,
                by=installation.principal,
            )
