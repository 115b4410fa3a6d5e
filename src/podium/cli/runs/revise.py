"""`podium runs revise RUN NODE`: a person thinks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def revise(
    run: RunArgument,
    node: Annotated[str, typer.Argument(metavar="NODE", help="Path of the question that was answered.")],
    output: Output = Format.table,
) -> None:
    """Ask a question of a run again, in a new run.

    The answer that was given stands in the other run; the new one goes on from the new answer.
    """
    from podium.cli.forking import answered_node, fork_and_drive
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        question = await answered_node(installation, found, node)
        await fork_and_drive(installation, found, again=[question.path], output=output)

    within(work)
