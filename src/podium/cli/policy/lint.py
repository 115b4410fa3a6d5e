"""`podium policy lint`: what is wrong or doubtful in the policies, before anything runs.

Exit codes as of `podium lint`: 0 nothing is wrong; 1 there is an error, or under `--strict` a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, put, say
from podium.cli.options import Output
from podium.cli.policy.folder import Folder, bundle_in

if TYPE_CHECKING:
    from rich.text import Text

    from podium.spec.diagnostic import Diagnostic


def lint(
    folder: Folder = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    output: Output = Format.table,
) -> None:
    """Check the policies.

    Syntax, schema, ids, obligations, and what nobody could ever be allowed.
    """
    from podium.gate.policy.load import load
    from podium.spec.render import as_json, render

    bundle = bundle_in(folder)
    loaded = load(bundle)
    if output is Format.table:
        if loaded.diagnostics:
            put(render(loaded.diagnostics, texts=bundle.files).rstrip("\n"))
    else:
        emit([as_json(one) for one in loaded.diagnostics], output, _nothing)
    errors, warnings = (_count(loaded.diagnostics, severity) for severity in ("error", "warning"))
    files = f"{len(bundle.files)} file{'s' if len(bundle.files) != 1 else ''}"
    say(f"{files}, {len(loaded.rules)} policies: {errors} errors, {warnings} warnings")
    if errors or (strict and warnings):
        raise typer.Exit(exits.FAILED)


def _count(diagnostics: tuple[Diagnostic, ...], severity: str) -> int:
    return sum(one.severity == severity for one in diagnostics)


def _nothing() -> Text:
    from rich.text import Text

    return Text("")
