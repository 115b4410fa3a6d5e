"""Arguments and options that several commands share, so that they look and complete the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from podium.cli.console import Format


def complete_run(incomplete: str) -> list[str]:
    """Return the ids of recent runs that begin so; nothing when there is no store yet."""
    from podium.app.home import find_home
    from podium.cli.session import within
    from podium.errors import PodiumError

    home = find_home()
    if not (home / "podium.db").exists():
        return []
    try:
        rows = within(lambda installation: installation.store.rows(limit=200), home=home)
    except PodiumError:
        return []  # a completion that prints errors would garble the line that is being typed
    return [row.id for row in rows if row.id.startswith(incomplete)]


Output = Annotated[Format, typer.Option("--output", "-o", help="How to print it.", show_default=True)]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of a run, or its first letters.", autocompletion=complete_run)
]
OptionalNode = Annotated[
    str, typer.Argument(metavar="[NODE]", help="Path of the node; only needed when several wait.", show_default=False)
]
Reason = Annotated[str, typer.Option("--reason", help="Why; becomes part of the record.")]
Seen = Annotated[
    str,
    typer.Option(
        "--seen", metavar="SUBJECT", help="Only if it still asks exactly this: `subject` of `podium inbox -o json`."
    ),
]
