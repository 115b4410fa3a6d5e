"""`podium runs pause RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import say
from podium.cli.options import Reason, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def pause(run: RunArgument, reason: Reason = "") -> None:
    """Let nothing new begin in a run.

    What is at work comes to its end; answers and signals are kept. `podium runs resume` lets it go on.
    """
    from podium.cli.session import within
    from podium.engine.control import pause as ask_to_pause

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await ask_to_pause(installation.store, installation.ids, found, by=installation.principal, reason=reason)
        say(f"run {found} is paused; go on with: podium runs resume {found}")

    within(work)
