"""What may come to each call of a workflow, for `podium lint --flows`: sources, labels, and what is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.console import Format, emit, say

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.publish import Checked
    from podium.cli.findings import Report
    from podium.lint.inflows import Told
    from podium.lint.premises import Premises
    from podium.spec.label import Label

Json = Any

STYLES = {"allow": "green", "ask": "yellow", "deny": "red", "depends": "yellow"}


def print_flows(checked: dict[str, Checked], form: Report, premises: Premises) -> None:
    """Print the flows of each file; of one that does not compile what is wrong, to standard error."""
    from podium.lint.inflows import told
    from podium.lint.subject import Subject
    from podium.spec.render import render

    found: dict[str, tuple[Told, ...]] = {}
    for file, one in checked.items():
        if one.linted is None:
            say(render(one.diagnostics, texts=one.texts).rstrip("\n"))
        else:
            found[file] = tuple(told(Subject(one.linted, premises).labels))
    rows = [{"file": file, **_row(one)} for file, all_ in found.items() for one in all_]
    emit(rows, Format(form), lambda: _table(found))


def _row(one: Told) -> dict[str, Json]:
    inflow = one.inflow
    label = inflow.label
    return {
        "node": inflow.at.place,
        "calls": inflow.name,
        "effect": inflow.sink.effect,
        "part": inflow.part,
        "argument": inflow.argument or None,
        "integrity": label.integrity,
        "level": label.level or None,
        "categories": list(label.categories),
        "residency": None if label.residency is None else list(label.residency),
        "sources": list(label.sources),
        "verdict": inflow.verdict,
        "rule": inflow.flow.rule if inflow.flow is not None else None,
        "way": list(one.way),
    }


def _table(found: dict[str, tuple[Told, ...]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("node", "goes to", "label", "from", "verdict"):
        table.add_column(name, overflow="fold")
    for file, all_ in found.items():
        if len(found) > 1:
            table.add_row(escape(file))
        for one in all_:
            inflow = one.inflow
            verdict = f"[{STYLES[inflow.verdict]}]{inflow.verdict}[/]"
            target = f"{inflow.name} (decisions)" if inflow.part == "decisions" else inflow.target
            source = " → ".join(one.way) or ", ".join(inflow.label.sources) or "the author"
            table.add_row(
                escape(inflow.at.place), escape(target), escape(_words(inflow.label)), escape(source), verdict
            )
    return table


def _words(label: Label) -> str:
    """Return a label in a few words; what says nothing is left out."""
    parts = [label.integrity, label.level, *label.categories]
    if label.residency is not None:
        parts.append(f"for {', '.join(label.residency) or 'this machine'} only")
    return ", ".join(part for part in parts if part)
