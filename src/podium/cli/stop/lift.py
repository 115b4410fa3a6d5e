"""`podium stop lift`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say
from podium.cli.options import Reason

if TYPE_CHECKING:
    from podium.app.installation import Installation


class Scope(StrEnum):
    """What a kill switch is for."""

    everything = "everything"
    run = "run"
    workflow = "workflow"
    agent = "agent"
    tool = "tool"
    model = "model"
    tenant = "tenant"


def lift(
    scope: Annotated[Scope, typer.Argument(help="What kind of thing was stopped.")],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Its name.", show_default=False)] = "",
    reason: Reason = "",
) -> None:
    """Let go on what was stopped.

    Runs that ended meanwhile because of the stop go on with `podium runs retry`.
    """
    from podium.cli.session import within
    from podium.engine.switches import lift as lift_switch
    from podium.errors import UsageError

    async def work(installation: Installation) -> None:
        subject = await installation.find_run(name) if scope is Scope.run else name
        store, ids, by = installation.store, installation.ids, installation.principal
        told = f"{scope} {subject}".rstrip()
        if not await lift_switch(store, ids, scope.value, subject, by=by, reason=reason):
            raise UsageError("AP110", f"`{told}` is not stopped", help="`podium stop list` shows what is")
        say(f"lifted: {told}")

    within(work)
