"""Stopping a run, with or without undoing what it did: `runs cancel` and `runs kill`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.installation import Installation


def stop(run: str, reason: str, *, at_once: bool) -> None:
    """Ask for a run to be stopped, and stop it here when nobody drives it."""
    from podium.app.serving import is_served
    from podium.cli.session import within
    from podium.engine.control import cancel

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        store, ids, by = installation.store, installation.ids, installation.principal
        await cancel(store, ids, found, by=by, reason=reason, at_once=at_once)
        say(f"asked run {found} to stop")
        if await is_served(installation.home, found):
            return
        await (await installation.engine()).advance(found)
        row = await store.row(found)
        if row is not None and row.is_over:
            say(f"run {found} is stopped")
        else:
            say(f"what it did is not undone yet; go on with: podium runs resume {found}")

    within(work)
