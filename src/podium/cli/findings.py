"""What lint found, as tables, JSON, SARIF or annotations; and the bounds that hold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from podium.cli.console import Format, emit, put, say

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.publish import Checked
    from podium.lint.bounds import Bound
    from podium.spec.diagnostic import Diagnostic


class Report(StrEnum):
    """How findings are printed."""

    table = "table"
    json = "json"
    yaml = "yaml"
    sarif = "sarif"
    github = "github"


def _all(checked: dict[str, Checked]) -> list[Diagnostic]:
    return [finding for one in checked.values() for finding in one.diagnostics]


def print_findings(checked: dict[str, Checked], form: Report) -> None:
    """Print what was found in each file."""
    match form:
        case Report.table:
            _print_table(checked)
        case Report.sarif:
            from importlib.metadata import version

            from podium.lint.sarif import sarif

            emit(sarif(_all(checked), version=version("podium")), Format.json, lambda: "")
        case Report.github:
            from podium.lint.github import marks

            if lines := marks(_all(checked)):
                put(lines.rstrip("\n"))
        case Report.json | Report.yaml:
            from podium.spec.render import as_json

            emit([as_json(finding) for finding in _all(checked)], Format(form), lambda: "")


def _print_table(checked: dict[str, Checked]) -> None:
    from podium.spec.render import render

    for one in checked.values():
        if one.diagnostics:
            put(render(one.diagnostics, texts=one.texts).rstrip("\n"))


def print_bounds(checked: dict[str, Checked], form: Report) -> None:
    """Print the bounds of each file that compiles; of the others what is wrong, to standard error."""
    from podium.lint.bounds import bounds
    from podium.lint.subject import Subject
    from podium.spec.render import render

    found: dict[str, tuple[Bound, ...]] = {}
    for file, one in checked.items():
        if one.compiled is None:
            say(render(one.diagnostics, texts=one.texts).rstrip("\n"))
        else:
            found[file] = bounds(Subject(one.compiled))
    rows = [
        {"file": file, "where": "/".join(map(str, bound.loc)), "bounds": bound.what, "value": bound.value}
        | {"written": bound.written}
        for file, all_ in found.items()
        for bound in all_
    ]
    emit(rows, Format(form), lambda: _table(found))


def _table(found: dict[str, tuple[Bound, ...]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("where", "bounds", "value", "from"):
        table.add_column(name, overflow="fold")
    for file, all_ in found.items():
        if len(found) > 1:
            table.add_row(escape(file))
        for bound in all_:
            where = escape("/".join(map(str, bound.loc)))
            table.add_row(where, bound.what, bound.value, "the file" if bound.written else "default")
    return table
