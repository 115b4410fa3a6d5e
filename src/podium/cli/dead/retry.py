"""`podium dead retry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import put, say
from podium.cli.dead.choice import DryRun, Every, OfWorkflow, Runs, chosen, plural

if TYPE_CHECKING:
    from podium.app.installation import Installation


def retry(runs: Runs = None, workflow: OfWorkflow = "", every: Every = False, dry_run: DryRun = False) -> None:
    """Let runs that gave up go on.

    A run goes on from its failed nodes. Where only items failed, a new run does these anew and keeps the others. A
    worker drives them, or `podium runs resume`.
    """
    from podium.app.dead import retry_letter
    from podium.app.serving import is_served
    from podium.cli.session import within
    from podium.errors import PodiumError

    async def work(installation: Installation) -> None:
        asked, refused = 0, 0
        for letter in await chosen(installation, runs, workflow, every=every):
            items = f": {', '.join(letter.items)}" if letter.items else ""
            if dry_run:
                put(f"{letter.run}{items}")
                continue
            try:
                run = await retry_letter(installation, letter)
            except PodiumError as error:  # one that somebody else has retried or dropped must not stop the others
                refused += 1
                say(f"{letter.run}: {error}")
                continue
            asked += 1
            put(run if run == letter.run else f"{run} from {letter.run}{items}")
        if dry_run:
            return
        say(f"{plural(asked)} retried" + (f", {refused} not" if refused else ""))
        if asked and not await is_served(installation.home):
            say("no worker is alive; start one with `podium worker`, or drive one here: podium runs resume RUN")

    within(work)
