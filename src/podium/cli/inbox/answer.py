"""`podium inbox approve` and `podium inbox reject`: answer many questions at once, after seeing all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say
from podium.cli.inbox.list import Workflow
from podium.cli.inbox.view import item_text
from podium.cli.options import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.app.inbox import Item
    from podium.app.installation import Installation
    from podium.gate.approval import Verdict

Runs = Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Only the questions of these runs.")]
All = Annotated[bool, typer.Option("--all", help="All that wait for you.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again; needed where there is no terminal.")]


def approve(
    runs: Runs = None, every: All = False, workflow: Workflow = "", yes: Yes = False, reason: Reason = ""
) -> None:
    """Say yes to many questions at once.

    Each of them is shown before it is answered.
    """
    _answer("approved", runs or [], every=every, workflow=workflow, yes=yes, reason=reason)


def reject(
    runs: Runs = None, every: All = False, workflow: Workflow = "", yes: Yes = False, reason: Reason = ""
) -> None:
    """Say no to many questions at once.

    Each of them is shown before it is answered.
    """
    _answer("rejected", runs or [], every=every, workflow=workflow, yes=yes, reason=reason)


def _answer(verdict: Verdict, runs: Sequence[str], *, every: bool, workflow: str, yes: bool, reason: str) -> None:
    from podium.app.inbox import read_inbox
    from podium.cli.inbox.post import post
    from podium.cli.session import within
    from podium.errors import UsageError

    if bool(runs) == every:
        raise UsageError("AP089", "expected runs, or `--all`", help="`podium inbox` lists what waits for you")

    async def work(installation: Installation) -> None:
        wanted = {await installation.find_run(run) for run in runs}
        now = installation.clock.now()
        found = await read_inbox(installation.store, installation.voter, now=now, workflow=workflow)
        items = [item for item in found.items if every or item.run in wanted]
        if not items:
            say("nothing of that waits for you")
            return
        for item in items:
            say(item_text(item, now) + "\n")
        if not yes and not await _sure(verdict, items):
            say("nothing was answered")
            return
        taken = [await post(installation, item, verdict, reason=reason) for item in items]
        if not all(taken):
            raise typer.Exit(1)

    within(work)


async def _sure(verdict: Verdict, items: Sequence[Item]) -> bool:
    from podium.cli.terminal import is_interactive, read_line
    from podium.errors import UsageError

    if not is_interactive():
        raise UsageError("AP089", "nobody is here who could confirm it", help="look at the list, then add `--yes`")
    what = "approve" if verdict == "approved" else "reject"
    line = await read_line(f"{what} all {len(items)}? [y]es or [n]o: ")
    return (line or "").casefold() in ("y", "yes")
