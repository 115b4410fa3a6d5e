"""The common end of `run`, `runs resume`, `runs retry` and forks: drive it here, report, leave with its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from podium.cli.console import Format
from podium.cli.terminal import is_interactive

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.cli.report import Report
    from podium.ids import RunId


async def drive_and_report(
    installation: Installation, run: RunId, *, form: Format, approve_all: bool = False
) -> Report:
    """Drive the run in the foreground and say how it stands."""
    from podium.app.serving import is_served
    from podium.cli.drive import Foreground
    from podium.cli.report import make_report
    from podium.cli.screen import screen_for

    await _say_if_queued(installation, run)
    screen = screen_for(installation.clock, quiet=form is not Format.table)
    foreground = Foreground(installation, run, screen, asks=is_interactive(), approve_all=approve_all)
    interrupted = await foreground.drive()
    if not await is_served(installation.home):
        await installation.notices.look()  # nobody else would tell people what the run waits for
    return await make_report(installation, run, interrupted=interrupted)


async def _say_if_queued(installation: Installation, run: RunId) -> None:
    """Say that nothing happens yet because the run's turn has not come."""
    row = await installation.store.row(run)
    now = installation.clock.now()
    if row and row.queued and row.runnable_at and not await installation.store.runnable(now, limit=1, only=run):
        from podium.cli.console import say

        say(f"it waits for its turn: {row.slots} of `{row.slot}` may be under way at once, and are")


def leave_with(report: Report, form: Format) -> None:
    """Print the report and leave.

    Raises:
        typer.Exit: with the exit code of the run.
    """
    from podium.cli.report import print_report

    print_report(report, form)
    raise typer.Exit(report.exit_code)
