"""`podium run FILE`: start a run and drive it here until it ends or waits for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit_line, put, say
from podium.cli.options import Output
from podium.cli.session import within

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.app.publish import Published
    from podium.ids import RunId
    from podium.ledger.record import RunMode


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workflow.")],
    inputs: Annotated[
        list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="One input; may be repeated.")
    ] = None,
    inputs_file: Annotated[
        str, typer.Option("--inputs", metavar="FILE", help="All inputs as JSON or YAML; `-` reads standard input.")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Only start it; a `podium worker` drives it.")] = False,
    priority: Annotated[
        int | None, typer.Option("--priority", metavar="N", min=0, max=9, help="Take it up sooner: 9 before 0.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Approve whatever the run asks; recorded as yours.")] = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="Read for real, write nothing; say what would be.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Let nothing leave at all; say what would be.")] = False,
    forecast: Annotated[bool, typer.Option("--forecast", help="Say first what the run may use, and used to.")] = False,
    output: Output = Format.table,
) -> None:
    """Run a workflow here.

    Approvals are asked on the terminal. The result goes to standard output, everything else to standard error.
    Ctrl-C leaves a run that `podium runs resume` finishes.

    Exit codes: 0 done, 1 failed, 2 usage, 3 done with errors, 8 waiting, 9 denied, 10 limit, 130 cancelled.
    """
    from podium.app.inputs import gather_inputs, read_inputs
    from podium.cli.finish import drive_and_report, leave_with

    mode = _mode(shadow=shadow, dry_run=dry_run)
    given = read_inputs(inputs_file) if inputs_file else {}

    async def start(installation: Installation) -> RunId:
        published = await installation.publish(file)
        _remark(published)
        if forecast:
            await _foretell(installation, published)
        values = await gather_inputs(installation.store, published.compiled.inputs, inputs or [], given)
        return await installation.start(published, values, priority=priority, mode=mode)

    async def work(installation: Installation) -> None:
        started = await start(installation)
        if detach:
            await _say_who_drives(installation, started, output)
            return
        say(f"run {started}")
        report = await drive_and_report(installation, started, form=output, approve_all=yes)
        leave_with(report, output)

    within(work, create=True)


def _mode(*, shadow: bool, dry_run: bool) -> RunMode:
    if shadow and dry_run:
        from podium.errors import UsageError

        message = "a run is a shadow run or a dry run, not both"
        raise UsageError("AP120", message, help="`--dry-run` lets nothing leave, `--shadow` reads for real")
    return "shadow" if shadow else "dry" if dry_run else "live"


def _remark(published: Published) -> None:
    """Print what lint remarked; it stops nothing."""
    from podium.spec.render import render

    remarks = [remark for remark in published.diagnostics if remark.severity == "warning"]
    if remarks:
        say(render(remarks, texts=published.texts).rstrip("\n"))


async def _foretell(installation: Installation, published: Published) -> None:
    """Print what the run may use before it begins."""
    import asyncio

    from podium.app.spending import forecast, price_of
    from podium.cli.forecast import first_model, sentence

    settings = await asyncio.to_thread(lambda: installation.settings)
    price = price_of(settings, await first_model())
    say(sentence(await forecast(installation.store, published.compiled, published.version, price=price)))


async def _say_who_drives(installation: Installation, run: RunId, output: Format) -> None:
    from podium.app.serving import is_served

    if output is Format.table:
        put(run)
    else:
        emit_line({"run": run, "status": "running"})
    if await is_served(installation.home):
        say(f"a worker is alive and drives it; follow it with: podium runs watch {run}")
    else:
        say(f"no worker is alive; start one with `podium worker`, or drive it here: podium runs resume {run}")
