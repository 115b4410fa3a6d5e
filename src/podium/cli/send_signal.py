"""`podium signal RUN NAME`: tell a run that something has happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say
from podium.cli.options import RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def send_signal(
    run: RunArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the signal.")],
    value: Annotated[str, typer.Option("--value", metavar="JSON", help="What to send along.")] = "",
) -> None:
    """Send a signal to a run.

    It is kept until a node of the run waits for it.
    """
    from podium.cli.session import within
    from podium.cli.waits import say_if_nobody_drives
    from podium.engine.control import signal
    from podium.errors import UsageError

    try:
        sent = json.loads(value) if value else None
    except ValueError as error:
        raise UsageError("AP004", f"expected JSON after `--value`, got `{value}`", help=str(error)) from None

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await signal(installation.store, installation.ids, found, name, by=installation.principal, value=sent)
        say(f"sent `{name}` to run {found}")
        await say_if_nobody_drives(installation, found)

    within(work)
