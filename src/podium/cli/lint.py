"""`podium lint FILE…`: find what is wrong or doubtful before anything runs.

Exit codes: 0 nothing is wrong; 1 there is an error, or under `--strict` a warning; 2 the command itself is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli import exits
from podium.cli.console import say
from podium.cli.findings import Report, print_bounds, print_findings
from podium.cli.inflows import print_flows

if TYPE_CHECKING:
    from podium.app.publish import Checked

STDIN = "-"
MAX_CHARS = 4_000_000
"""Characters read from standard input; the loader says what is wrong with more than it takes."""

_Report = Annotated[
    Report, typer.Option("--format", "-f", "--output", "-o", help="How to print it.", show_default=True)
]


def lint(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Workflows; `-` reads standard input.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    form: _Report = Report.table,
    stdin_file: Annotated[
        str, typer.Option("--stdin-file", metavar="NAME", help="What standard input is called in messages.")
    ] = "stdin",
    bounds: Annotated[bool, typer.Option("--bounds", help="Print every bound that holds instead.")] = False,
    flows: Annotated[
        bool, typer.Option("--flows", help="Print what may come to each call instead, and what is decided about it.")
    ] = False,
) -> None:
    """Check workflow files.

    Levels of confidentiality and what models may see are read from `podium.toml` of the installation here, if there is
    one. Nothing is run and nothing is written.
    """
    from podium.app.home import find_home
    from podium.app.nodes import shipped_nodes
    from podium.app.premises import premises_of
    from podium.app.publish import check_file, check_text
    from podium.app.settings import read_settings

    _must_be_shown(form, bounds=bounds, flows=flows)
    nodes, premises = shipped_nodes(), premises_of(read_settings(find_home()))
    checked: dict[str, Checked] = {}
    for file in files:
        if file == STDIN:
            checked[stdin_file] = check_text(sys.stdin.read(MAX_CHARS), Path(stdin_file), nodes, premises)
        else:
            checked[str(Path(file))] = check_file(Path(file), nodes, premises)
    if bounds:
        print_bounds(checked, form)
    elif flows:
        print_flows(checked, form, premises)
    else:
        print_findings(checked, form)
    counts = _counts(checked)
    say(f"{len(checked)} checked: {counts['error']} errors, {counts['warning']} warnings")
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(exits.FAILED)


def _must_be_shown(form: Report, *, bounds: bool, flows: bool) -> None:
    from podium.errors import UsageError

    if bounds and flows:
        raise UsageError("AP060", "`--bounds` and `--flows` are two lists", help="ask for one of them")
    if (bounds or flows) and form in (Report.sarif, Report.github):
        what = "bounds" if bounds else "flows"
        raise UsageError(
            "AP060", f"{what} are no findings, so `{form}` cannot show them", help="use table, json or yaml"
        )


def _counts(checked: dict[str, Checked]) -> dict[str, int]:
    counts = {"error": 0, "warning": 0, "note": 0}
    for one in checked.values():
        for finding in one.diagnostics:
            counts[finding.severity] += 1
    return counts
