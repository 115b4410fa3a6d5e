"""`podium autonomy raise|lower WORKFLOW`: let a workflow go further by itself, or less far."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.installation import Installation


class Level(StrEnum):
    """How far a workflow may go, from the shortest leash to the longest."""

    suggest = "suggest"
    supervised = "supervised"
    bounded = "bounded"
    autonomous = "autonomous"


Name = Annotated[str, typer.Argument(metavar="WORKFLOW", help="Its name.")]
To = Annotated[Level, typer.Option("--to", help="How far it may go from now on.")]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; becomes part of the record.")]
Evidence = Annotated[
    list[str] | None,
    typer.Option("--evidence", metavar="RUN", help="A run of it that shows that it may; may be repeated."),
]


def raise_(workflow: Name, to: To, because: Because, evidence: Evidence = None) -> None:
    """Let a workflow go further by itself.

    It goes no further than its file says, whatever is raised here. Who raised it, why, and the runs on which that rests
    are recorded.
    """
    _change(workflow, to, "raise", because, evidence or [])


def lower(workflow: Name, to: To, because: Because, evidence: Evidence = None) -> None:
    """Let a workflow go less far by itself.

    It counts for calls of runs that are under way as well, whatever the workflow's file says.
    """
    _change(workflow, to, "lower", because, evidence or [])


def _change(workflow: str, to: Level, way: Literal["raise", "lower"], because: str, evidence: list[str]) -> None:
    import asyncio

    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        runs = [await installation.find_run(run) for run in evidence]
        by = installation.principal
        ceilings = await asyncio.to_thread(lambda: installation.ceilings)
        before = await ceilings.change(
            workflow, to.value, way=way, by=by, because=because, evidence=runs, ids=installation.ids
        )
        say(f"`{workflow}` may be `{to.value}`, and no more, says {by}; until now `{before}`")

    within(work, create=True)
