"""`podium models list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import Format, emit
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.models import Candidate


def list_models(output: Output = Format.table) -> None:
    """List the models that were found.

    The first one that is ok is used.
    """
    import asyncio

    from podium.app.models import detect

    candidates = asyncio.run(detect())
    emit([candidate_json(candidate) for candidate in candidates], output, lambda: candidate_table(candidates))


def candidate_json(candidate: Candidate) -> dict[str, object]:
    """Return a model as JSON prints it."""
    return {
        "name": candidate.name,
        "provider": candidate.provider,
        "how": candidate.how,
        "ok": candidate.ok,
        "reason": candidate.reason,
        "next_step": candidate.next_step,
    }


def candidate_table(candidates: list[Candidate]) -> Table:
    """Return one row a model, with the next step for those that cannot be used."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("model", "provider", "", "how"):
        table.add_column(name, no_wrap=name != "how", overflow="fold")
    for candidate in candidates:
        mark = "[green]ok[/green]" if candidate.ok else "[yellow]no[/yellow]"
        text = candidate.how if candidate.ok else f"{candidate.reason}\n→ {candidate.next_step}"
        table.add_row(escape(candidate.name), escape(candidate.provider), mark, escape(text))
    return table
