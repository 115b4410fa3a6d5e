"""`podium runs fork RUN`: a new run that goes on from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def fork(
    run: RunArgument,
    nodes: Annotated[
        list[str] | None, typer.Option("--from", metavar="NODE", help="Do this node anew; may be repeated.")
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="NAME=VALUE", help="Change this input; may be repeated."),
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="SEQ", min=1, help="Go on from this record, not from the last one.")
    ] = None,
    output: Output = Format.table,
) -> None:
    """Start a run that goes on from another one.

    What that run had found stands. Anew are the nodes named, what reads a changed input, what builds on either, and
    what was not finished. No approval is inherited. The other run stays as it is.
    """
    from podium.cli.forking import fork_and_drive
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await fork_and_drive(installation, found, again=nodes or [], pairs=inputs or [], until=at, output=output)

    within(work)
