"""A command's session: open the installation, do one piece of work in an event loop, close everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from podium.app.installation import Installation

T = TypeVar("T")


def within(work: Callable[[Installation], Awaitable[T]], *, home: Path | None = None, create: bool = False) -> T:
    """Return what `work` returns, given the open installation.

    Without `create` an installation that does not exist is an error: reading must not leave a store behind.
    """
    import asyncio

    from podium.app.home import find_home
    from podium.app.installation import Installation

    async def session() -> T:
        async with Installation.open(home or find_home(), create=create) as installation:
            return await work(installation)

    return asyncio.run(session())
