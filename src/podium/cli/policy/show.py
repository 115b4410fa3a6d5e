"""`podium policy show`: which policies there are, or all of them in Cedar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit, put
from podium.cli.options import Output
from podium.cli.policy.folder import Folder, policies_in

if TYPE_CHECKING:
    from rich.table import Table

    from podium.gate.policy.rule import Rule


def show(
    folder: Folder = None,
    cedar: Annotated[bool, typer.Option("--cedar", help="Print them in Cedar, also those written in YAML.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the schema: the words a policy may use.")] = False,
    output: Output = Format.table,
) -> None:
    """Show the policies.

    `--cedar` prints what is decided by, with those that are written in the short form.
    """
    if schema:
        from podium.gate.policy.schema import SCHEMA

        put(SCHEMA.rstrip("\n"))
        return
    rules = tuple(policies_in(folder).rules.values())
    if cedar:
        put("\n\n".join(rule.text.strip() for rule in rules))
        return
    emit([_json(rule) for rule in rules], output, lambda: _table(rules))


def _json(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "does": (rule.demands and f"require {rule.demands}") or ("allow" if rule.effect == "permit" else "deny"),
        "file": rule.file,
        "line": rule.place.line,
        "about": rule.annotations.get("about", ""),
        "settings": dict(rule.settings),
        "cedar": rule.text.strip(),
    }


def _table(rules: tuple[Rule, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("policy", "does", "where", "about"):
        table.add_column(name, overflow="fold")
    for rule in rules:
        shown = _json(rule)
        table.add_row(
            escape(rule.id), str(shown["does"]), f"{rule.file}:{rule.place.line}", escape(str(shown["about"]))
        )
    return table
