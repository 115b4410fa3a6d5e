"""`podium stop run|workflow|agent|tool|model|tenant|everything`: the kill switches, one command for each scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say
from podium.cli.options import Reason, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.ledger.switch import SwitchScope


def run(run: RunArgument, reason: Reason = "") -> None:
    """Stop a run and those that it has started.

    Their effects that are under way are ended, and no other begins until the stop is lifted. Nothing is undone and
    nothing is lost; `podium runs cancel` ends a run for good.
    """
    _stop("run", run, reason)


def everything(reason: Reason = "") -> None:
    """Stop all effects of this installation.

    What is under way is ended, and nothing begins until the stop is lifted.
    """
    _stop("everything", "", reason)


def named(scope: SwitchScope, about: str) -> Callable[..., None]:
    """Return the command that stops what has a name: `podium stop tool mail.send`."""

    def command(
        name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
        reason: Reason = "",
    ) -> None:
        _stop(scope, name, reason)

    command.__doc__ = f"Stop {about}\n\nWhat is under way is ended, and nothing begins until the stop is lifted."
    return command


def _stop(scope: SwitchScope, subject: str, reason: str) -> None:
    from podium.cli.session import within
    from podium.engine.switches import stop

    async def work(installation: Installation) -> None:
        name = await installation.find_run(subject) if scope == "run" else subject
        store, ids, by = installation.store, installation.ids, installation.principal
        told = f"{scope} {name}".rstrip()
        fresh = await stop(store, ids, scope, name, by=by, reason=reason)
        say(f"stopped: {told}" if fresh else f"was stopped already: {told}")
        say(f"let it go on with: podium stop lift {told}")

    within(work, create=True)
