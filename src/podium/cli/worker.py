"""`podium worker`: drive whatever is to be driven, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.ids import RunId


def worker(
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=10_000, help="Runs driven at once.")] = 64,
) -> None:
    """Drive all runs of this installation.

    Ctrl-C or SIGTERM lets go of them; they stay resumable.
    """
    import asyncio
    import signal

    from podium.app.serving import serving
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        dispatcher = await installation.dispatcher(failed=_report)
        async with serving(installation.home):
            say(f"worker {installation.worker} drives the runs of {installation.home} (Ctrl-C stops it)")
            async with asyncio.TaskGroup() as group:
                group.create_task(installation.notices.serve(stop))
                await dispatcher.serve(concurrency=concurrency, stop=stop)
        say("worker stopped; its runs go on where they are resumed")

    within(work, create=True)


def _report(run: RunId, error: Exception) -> None:
    """Say what kept a run from being driven; the worker goes on with the others."""
    from podium.cli.group import cause_of, explain
    from podium.errors import PodiumError

    cause = cause_of(error)
    text = explain(cause) if isinstance(cause, PodiumError) else f"unexpected {type(cause).__name__}: {cause}"
    say(f"run {run}: {text}")
