"""`podium ledger verify [RUN]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli import exits
from podium.cli.console import Format, emit
from podium.cli.options import Output, complete_run

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.ledger.verify import VerifyReport


def verify(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Only this run.", autocompletion=complete_run, show_default=False)
    ] = "",
    output: Output = Format.table,
) -> None:
    """Verify the evidence.

    Every record, its chain and its payloads are checked. Leaves with 1 when anything does not hold.
    """
    from podium.cli.session import within
    from podium.ledger.verify import verify as verify_store

    async def work(installation: Installation) -> VerifyReport:
        stream = await installation.find_run(run) if run else None
        return await verify_store(installation.store, stream)

    report = within(work)
    problems = [str(problem) for problem in report.problems]
    value = {
        "intact": not problems,
        "streams": report.streams,
        "records": report.records,
        "payloads": report.payloads,
        "problems": problems,
    }
    emit(value, output, lambda: _text(report))
    if problems:
        raise typer.Exit(exits.FAILED)


def _text(report: VerifyReport) -> str:
    from rich.markup import escape

    counted = f"{report.streams} streams, {report.records} records, {report.payloads} payloads"
    if not report.problems:
        return f"ledger: [green]intact[/green] ({counted})"
    lines = [f"ledger: [red]BROKEN[/red] ({counted})", *(f"  {escape(str(problem))}" for problem in report.problems)]
    return "\n".join(lines)
