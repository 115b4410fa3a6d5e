"""`podium dead drop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import put, say
from podium.cli.dead.choice import DryRun, Every, OfWorkflow, Runs, chosen, plural
from podium.cli.options import Reason

if TYPE_CHECKING:
    from podium.app.installation import Installation


def drop(
    runs: Runs = None, workflow: OfWorkflow = "", every: Every = False, dry_run: DryRun = False, reason: Reason = ""
) -> None:
    """Take runs that gave up off the list.

    They stay as they are, with all their evidence; that somebody dropped them is recorded too.
    """
    from podium.app.dead import drop_letter
    from podium.cli.session import within
    from podium.errors import PodiumError

    async def work(installation: Installation) -> None:
        dropped, refused = 0, 0
        for letter in await chosen(installation, runs, workflow, every=every):
            if dry_run:
                put(letter.run)
                continue
            try:
                await drop_letter(installation, letter, reason)
            except PodiumError as error:  # as in `retry`
                refused += 1
                say(f"{letter.run}: {error}")
                continue
            dropped += 1
        if not dry_run:
            say(f"{plural(dropped)} dropped" + (f", {refused} not" if refused else ""))

    within(work)
