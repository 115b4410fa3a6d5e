"""`podium inbox`: list the open questions that I may answer; on a terminal, go through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit, say
from podium.cli.inbox.view import inbox_table, item_json
from podium.cli.options import Output

if TYPE_CHECKING:
    from podium.app.installation import Installation

Workflow = Annotated[str, typer.Option("--workflow", metavar="NAME", help="Only those of this workflow.")]
Everybody = Annotated[bool, typer.Option("--everybody", help="Also what others must answer.")]


def inbox(
    context: typer.Context,
    workflow: Workflow = "",
    everybody: Everybody = False,
    plain: Annotated[bool, typer.Option("--list", help="Only list them, also on a terminal.")] = False,
    output: Output = Format.table,
) -> None:
    """What waits for you, over all runs.

    On a terminal you go through the questions one by one; elsewhere they are listed, the longest waiting first.
    """
    if context.invoked_subcommand is not None:
        return
    from podium.app.inbox import read_inbox
    from podium.cli.inbox.go_through import go_through
    from podium.cli.session import within
    from podium.cli.terminal import is_interactive

    async def work(installation: Installation) -> None:
        now = installation.clock.now()
        items, whole = await read_inbox(
            installation.store, installation.voter, now=now, workflow=workflow, everybody=everybody
        )
        if not whole:
            say("more runs go on than were looked at, the newest first; name one of their workflows with --workflow")
        if output is Format.table and not items:
            say("nothing waits for you")
        elif output is Format.table and not plain and not everybody and is_interactive():
            await go_through(installation, items)
        else:
            emit([item_json(item) for item in items], output, lambda: inbox_table(items, now))

    within(work)
