"""`podium inbox show RUN [NODE]`: one open question, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import Format, emit, put
from podium.cli.inbox.view import item_json, item_text
from podium.cli.options import OptionalNode, Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def show(run: RunArgument, node: OptionalNode = "", output: Output = Format.table) -> None:
    """Show a question with all that bears on it.

    What a run asks people, why, who may answer, and what silence means.
    """
    from podium.app.inbox import read_items
    from podium.cli.session import within
    from podium.errors import UsageError

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        row = await installation.store.row(found)
        assert row is not None
        now = installation.clock.now()
        items = await read_items(installation.store, row, installation.voter, now=now)
        chosen = [item for item in items if node in ("", item.path)]
        if not chosen:
            known = ", ".join(f"`{item.path}`" for item in items)
            raise UsageError(
                "AP007", f"run `{found}` asks nobody anything there", help=f"it asks: {known or 'nothing'}"
            )
        if output is Format.table:
            put("\n\n".join(item_text(item, now) for item in chosen))
        else:
            emit([item_json(item) for item in chosen], output, _never)

    within(work)


def _never() -> str:
    raise AssertionError("a table is printed above")
