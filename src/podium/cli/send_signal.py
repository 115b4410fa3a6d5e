"""`podium signal RUN NAME`: tell a run that something has happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import say
from podium.cli.options import complete_run

if TYPE_CHECKING:
    from podium.app.installation import Installation

Json = Any


def send_signal(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]", help="Id of a run, or its first letters.", autocompletion=complete_run, show_default=False
        ),
    ] = "",
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the signal.", show_default=False)] = "",
    callback: Annotated[
        str, typer.Option("--callback", metavar="TOKEN", help="Answer the wait that this token was given out for.")
    ] = "",
    value: Annotated[str, typer.Option("--value", metavar="JSON", help="What to send along.")] = "",
) -> None:
    """Send a signal to a run, or answer a callback.

    It is kept until a node of the run waits for it. A callback is answered by its token alone, once.
    """
    from podium.cli.session import within
    from podium.errors import UsageError

    if bool(callback) == bool(run or name) or bool(run) != bool(name):
        help_ = "`podium signal RUN NAME` or `podium signal --callback TOKEN`"
        raise UsageError("AP022", "expected a run and the name of a signal, or a callback token", help=help_)
    try:
        sent = json.loads(value) if value else None
    except ValueError as error:
        raise UsageError("AP004", f"expected JSON after `--value`, got `{value}`", help=str(error)) from None
    if callback:
        within(lambda installation: _call_back(installation, callback, sent))
    else:
        within(lambda installation: _signal(installation, run, name, sent))


async def _signal(installation: Installation, run: str, name: str, value: Json) -> None:
    from podium.cli.waits import say_if_nobody_drives
    from podium.engine.control import signal

    found = await installation.find_run(run)
    await signal(installation.store, installation.ids, found, name, by=installation.principal, value=value)
    say(f"sent `{name}` to run {found}")
    await say_if_nobody_drives(installation, found)


async def _call_back(installation: Installation, token: str, value: Json) -> None:
    from podium.cli.waits import say_if_nobody_drives
    from podium.engine.control import callback

    engine = await installation.engine()
    meant = await callback(engine, installation.store, installation.ids, token, by=installation.principal, value=value)
    say(f"answered `{meant.path}` of run {meant.run}")
    await say_if_nobody_drives(installation, meant.run)
