"""Which dead letters are meant: those named, those of a workflow, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.options import complete_run

if TYPE_CHECKING:
    from podium.app.dead import DeadLetter
    from podium.app.installation import Installation

Json = Any

Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RUN]...", help="Ids of runs, or their first letters.", autocompletion=complete_run),
]
OfWorkflow = Annotated[str, typer.Option("--workflow", metavar="NAME", help="Those of this workflow.")]
Every = Annotated[bool, typer.Option("--all", help="All of them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which, and do nothing.")]


async def chosen(
    installation: Installation, runs: list[str] | None, workflow: str, *, every: bool
) -> tuple[DeadLetter, ...]:
    """Return the dead letters that are meant.

    Raises:
        UsageError: AP023 when nothing, or more than one way of choosing, is given.
    """
    from podium.app.dead import dead_letters
    from podium.errors import UsageError

    if [bool(runs), bool(workflow), every].count(True) != 1:
        raise UsageError(
            "AP023", "expected runs, `--workflow`, or `--all`", help="`podium dead list` shows what there is"
        )
    named = [await installation.find_run(run) for run in runs or []]
    return await dead_letters(installation, runs=named, workflow=workflow)


def plural(count: int) -> str:
    """Return `1 run`, `3 runs`."""
    return f"{count} run" if count == 1 else f"{count} runs"
