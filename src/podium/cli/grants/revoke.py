"""`podium grants revoke ID`: take back what was agreed to beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.installation import Installation


def revoke(name: Annotated[str, typer.Argument(metavar="ID", help="As `podium grants list` shows it.")]) -> None:
    """Take back a standing approval.

    It counts for no further call.
    """
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        await installation.standing.revoke(name, by=installation.principal)
        say(f"`{name}` counts for no further call, says {installation.principal}")

    within(work)
