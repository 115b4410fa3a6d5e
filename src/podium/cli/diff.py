"""`podium diff A B`: what is different between two workflows in meaning, and what is allowed more or less by it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, out, put, say
from podium.cli.options import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.graph.model import Compiled
    from podium.lint.diff.change import Change

Json = Any

_STYLES = {"wider": "bold red", "narrower": "green", "neutral": "dim"}


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A workflow, or `name@hash` of a published one.")],
    after: Annotated[
        str, typer.Argument(metavar="B", help="The other one; not with `--rev`.", show_default=False)
    ] = "",
    revisions: Annotated[
        list[str] | None,
        typer.Option("--rev", metavar="REV", help="Compare A with itself at a Git revision; twice for two of them."),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Leave with 1 when there is a difference.")] = False,
    output: Output = Format.table,
) -> None:
    """Compare two workflows by meaning.

    Order, comments and layout are no difference. Each difference is `wider` (more is allowed, or fewer people are
    asked), `narrower` or `neutral`; what cannot be ordered is `wider`.
    """
    from podium.lint.diff.compare import differences

    changes = differences(*_both(before, after, revisions or []))
    if output is Format.table:
        _print(changes)
    else:
        emit([_json(change) for change in changes], output, lambda: "")
    if changes:
        counts = {risk: sum(1 for change in changes if change.risk == risk) for risk in _STYLES}
        say(f"{len(changes)} differences: " + ", ".join(f"{count} {risk}" for risk, count in counts.items() if count))
    if changes and exit_code:
        raise typer.Exit(exits.FAILED)


def _both(before: str, after: str, revisions: Sequence[str]) -> tuple[Compiled, Compiled]:
    """Return the two workflows; with one revision the file as it is now is the second."""
    from podium.app.nodes import shipped_nodes
    from podium.app.origins import from_revision
    from podium.errors import UsageError

    most = 2
    if bool(after) == bool(revisions) or len(revisions) > most:
        message = "expected two workflows, or one and a Git revision or two"
        raise UsageError("AP031", message, help="`podium diff A B`, or `podium diff FILE --rev HEAD~1`")
    if after:
        return _one(before), _one(after)
    nodes, file = shipped_nodes(), Path(before)
    old = from_revision(file, revisions[0], nodes)
    return old, from_revision(file, revisions[1], nodes) if len(revisions) == most else _one(before)


def _one(text: str) -> Compiled:
    from podium.app.nodes import shipped_nodes
    from podium.app.origins import from_file, from_version, is_published
    from podium.cli.session import within

    if is_published(text):
        return within(lambda installation: from_version(installation, text))
    return from_file(Path(text), shipped_nodes())


def _print(changes: Sequence[Change]) -> None:
    from rich.text import Text

    from podium.lint.diff.wording import lines, sentence

    if not changes:
        put("no difference in meaning")
        return
    width = max(len(change.place) for change in changes)
    for change in changes:
        row = Text.assemble(
            (f"{change.risk:<10}", _STYLES[change.risk]), f"{change.place:<{width}}  {sentence(change)}"
        )
        out().print(row, soft_wrap=True)
        for line in lines(change):
            out().print(Text(f"{'':12}{line}", "green" if line.startswith("+") else "red"), soft_wrap=True)


def _json(change: Change) -> dict[str, Json]:
    from podium.lint.diff.wording import lines, sentence

    return {
        "risk": change.risk,
        "place": change.place,
        "aspect": change.aspect,
        "before": change.before,
        "after": change.after,
        "text": sentence(change),
        "lines": list(lines(change)),
    }
