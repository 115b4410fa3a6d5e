"""`podium runs cancel RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import say
from podium.cli.options import Reason, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def cancel(run: RunArgument, reason: Reason = "") -> None:
    """Stop a run for good.

    Whoever drives it stops what is under way and records what was there.
    """
    from podium.app.serving import is_served
    from podium.cli.session import within
    from podium.engine.control import cancel as ask_to_cancel

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await ask_to_cancel(installation.store, installation.ids, found, by=installation.principal, reason=reason)
        say(f"asked run {found} to stop")
        if not await is_served(installation.home, found):
            await (await installation.engine()).advance(found)
            say(f"run {found} is stopped")

    within(work)
