"""`podium doctor`: what is missing here, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from podium.cli import exits
from podium.cli.console import Format, emit
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.checks import Finding

MARKS = {"ok": "[green]ok[/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]fail[/red]"}


def doctor(output: Output = Format.table) -> None:
    """Check this machine and this installation.

    Leaves with 1 when Podium cannot work here.
    """
    import asyncio

    from podium.app.checks import examine
    from podium.app.home import find_home

    findings = asyncio.run(examine(find_home()))
    emit([finding._asdict() for finding in findings], output, lambda: _table(findings))
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(exits.FAILED)


def _table(findings: list[Finding]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        step = f"\n→ {escape(finding.step)}" if finding.step else ""
        table.add_row(escape(finding.what), MARKS[finding.status], escape(finding.text) + step)
    return table
