"""`podium lint FILE…`: find what is wrong or doubtful before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, put, say
from podium.cli.options import Output

if TYPE_CHECKING:
    from podium.app.publish import Checked


def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Workflows.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    output: Output = Format.table,
) -> None:
    """Check workflow files.

    Nothing is run and nothing is written.
    """
    from podium.app.nodes import shipped_nodes
    from podium.app.publish import check_file

    nodes = shipped_nodes()
    checked = {file: check_file(file, nodes) for file in files}
    if output is Format.table:
        _print_findings(checked)
    else:
        from podium.spec.render import as_json

        emit([as_json(finding) for one in checked.values() for finding in one.diagnostics], output, lambda: "")
    counts = _counts(checked)
    say(f"{len(files)} checked: {counts['error']} errors, {counts['warning']} warnings")
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(exits.FAILED)


def _counts(checked: dict[Path, Checked]) -> dict[str, int]:
    counts = {"error": 0, "warning": 0, "note": 0}
    for one in checked.values():
        for finding in one.diagnostics:
            counts[finding.severity] += 1
    return counts


def _print_findings(checked: dict[Path, Checked]) -> None:
    from podium.spec.render import render

    for file, one in checked.items():
        if one.diagnostics:
            put(render(one.diagnostics, texts={str(file): one.text}).rstrip("\n"))
