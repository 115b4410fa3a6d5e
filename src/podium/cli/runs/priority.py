"""`podium runs priority RUN N`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say
from podium.cli.options import RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def priority(
    run: RunArgument,
    figure: Annotated[int, typer.Argument(metavar="N", min=0, max=9, help="0 to 9; 9 is taken up first.")],
) -> None:
    """Change how soon a run is taken up.

    It matters when there are more runs than can be driven, or than may be under way at once.
    """
    from podium.cli.session import within
    from podium.engine.control import prioritise

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await prioritise(installation.store, installation.ids, found, figure, by=installation.principal)
        say(f"run {found} has priority {figure}")

    within(work)
