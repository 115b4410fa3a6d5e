"""`podium policy test`: the tests that stand beside the policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.policy.folder import Folder, policies_in

if TYPE_CHECKING:
    from rich.table import Table

    from podium.gate.policy.cases import Case, Outcome


def run_tests(folder: Folder = None, output: Output = Format.table) -> None:
    """Run the tests of the policies.

    They stand beside them, in `*.test.yaml`. Exit code 1 when an answer is not as expected.
    """
    from podium.gate.policy.cases import outcome

    policies = policies_in(folder)
    outcomes = [outcome(case, policies) for case in _cases(folder)]
    emit([_json(one) for one in outcomes], output, lambda: _table(outcomes))
    failed = sum(bool(one.wrong) for one in outcomes)
    say(f"{len(outcomes)} tests, {failed} failed")
    if failed or not outcomes:
        raise typer.Exit(exits.FAILED)


def _cases(folder: Path | None) -> list[Case]:
    from podium.app.home import find_home
    from podium.app.policies import policies_folder, shown, test_files, text_of
    from podium.gate.policy.cases import read_cases
    from podium.spec.diagnostic import SpecError

    where = folder or policies_folder(find_home())
    cases: list[Case] = []
    for path in test_files(where):
        text, file = text_of(path), shown(path, where)
        read, wrong = read_cases(text, file)
        if wrong:
            raise SpecError(wrong, texts={file: text})
        cases += read
    return cases


def _json(one: Outcome) -> dict[str, object]:
    return {
        "name": one.case.spec.name,
        "file": one.case.file,
        "line": one.case.place.line,
        "ok": not one.wrong,
        "wrong": one.wrong,
    }


def _table(outcomes: list[Outcome]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for one in outcomes:
        where = f"{one.case.file}:{one.case.place.line}"
        table.add_row("FAILED" if one.wrong else "ok", escape(one.case.spec.name), where, escape(one.wrong))
    return table
