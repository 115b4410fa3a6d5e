"""`podium runs watch RUN`: follow a run that something else drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from podium.cli import exits
from podium.cli.console import Format, emit_line, say
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.cli.screen import Screen
    from podium.ids import RunId
    from podium.ledger.record import Record


def watch(run: RunArgument, output: Output = Format.table) -> None:
    """Follow a run until it ends.

    With `-o json` each record becomes one line. Leaves with the exit code of the run. Watching drives nothing.
    """
    from podium.cli.screen import screen_for
    from podium.cli.session import within

    async def work(installation: Installation) -> str:
        found = await installation.find_run(run)
        if output is Format.table:
            return await _follow(installation, found, screen_for(installation.clock, quiet=False))
        return await _stream(installation, found)

    status = within(work)
    say(f"run {status}")
    raise typer.Exit(exits.for_status(status))


async def _follow(installation: Installation, run: RunId, screen: Screen) -> str:
    from podium.app.overview import read_timeline
    from podium.observe.live import Streams
    from podium.observe.timeline import Timeline

    timeline = Timeline(run)
    try:
        async for _ in installation.store.changed():
            await read_timeline(installation.store, run, timeline)
            screen.show(timeline.progress(), Streams())
            if timeline.ended:
                break
    finally:
        screen.close()
    return timeline.ended or "running"


async def _stream(installation: Installation, run: RunId) -> str:
    from podium.ledger.record import RunEnded

    seq = 0
    async for _ in installation.store.changed():
        while records := await installation.store.records(run, after=seq):
            for record in records:
                emit_line(record_json(record))
            seq = records[-1].seq
            last = records[-1].body
            if isinstance(last, RunEnded):
                return last.status
    return "running"


def record_json(record: Record) -> dict[str, object]:
    """Return a record as it stands in the ledger, with its time in words."""
    import msgspec

    from podium.cli.words import when

    return {**msgspec.to_builtins(record), "at": when(record.at)}
