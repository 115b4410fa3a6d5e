"""Dead letters: runs that gave up, and items of maps that did while the run went on.

A run is on the list when it ended failed, denied or at a limit, when something that it did could not be undone, or when
items failed in a run that ended with errors; until somebody retries or drops it. A retry goes on in the same run;
failed items are done anew in a fork, which keeps all the others, and the run they failed in is dropped from the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from podium.app.overview import read_end_fault, read_timeline
from podium.clock import Millis
from podium.engine.control import RETRIABLE, drop_dead, retry
from podium.errors import UsageError
from podium.ids import RunId
from podium.ledger.store import RowStatus, RunRow

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.engine.state import RunState, Scope

MAX_LETTERS = 10_000
"""Dead letters looked at in one go."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A run that gave up.

    Attributes:
        at: When it ended.
        code, node, message: What ended it, "" when it ended with errors in some items.
        items: What can be done anew: paths of failed items, such as `drafts[3]`.
        not_undone: Compensations that failed.
    """

    run: RunId
    workflow: str
    status: RowStatus
    at: Millis
    code: str = ""
    node: str = ""
    message: str = ""
    items: tuple[str, ...] = ()
    not_undone: int = 0


async def dead_letters(
    installation: Installation, *, runs: Sequence[RunId] = (), workflow: str = "", limit: int = MAX_LETTERS
) -> tuple[DeadLetter, ...]:
    """Return the dead letters, the newest run first; only of some runs, or of one workflow.

    Raises:
        UsageError: EN028 when one of `runs` is none.
    """
    rows = await installation.store.rows(dead=True, workflow=workflow, limit=limit)
    letters = [await _letter(installation, row) for row in rows if not runs or row.id in runs]
    found = {letter.run: letter for letter in letters if letter is not None}
    for run in runs:
        if run not in found:
            help_ = "`podium dead list` shows them; it may have been retried or dropped meanwhile"
            raise UsageError("EN028", f"run `{run}` is not among those that gave up", help=help_)
    return tuple(found.values())


async def _letter(installation: Installation, row: RunRow) -> DeadLetter | None:
    items: tuple[str, ...] = ()
    if row.status == "done_with_errors":
        items = failed_items(await (await installation.engine()).standing(row.id))
    view = (await read_timeline(installation.store, row.id)).view
    if row.status == "done_with_errors" and not items and not view.not_undone:
        return None  # an error that the workflow lets pass is no dead letter
    fault = await read_end_fault(installation.store, view)
    return DeadLetter(
        run=row.id,
        workflow=row.workflow,
        status=row.status,
        at=row.updated_at,
        code=fault.code if fault else "",
        node=fault.node if fault else "",
        message=fault.message if fault else "",
        items=items,
        not_undone=view.not_undone,
    )


def failed_items(state: RunState) -> tuple[str, ...]:
    """Return what holds failed items in a run that went on without them: `drafts[3]`, or a node around such a map."""
    return tuple(dict.fromkeys(_failed_items(state)))


def _failed_items(state: RunState) -> Iterator[str]:
    for node in state.root.nodes:
        if node.status == "done":
            for item in node.items:
                if _has_failed(item):
                    yield str(item.prefix) if item.graph.each else node.path


def _has_failed(scope: Scope) -> bool:
    if scope.failures:
        return True
    return any(_has_failed(item) for node in scope.nodes if node.status == "done" for item in node.items)


async def retry_letter(installation: Installation, letter: DeadLetter) -> RunId:
    """Let a dead letter go on, or its failed items in a new run; return the run that is to be driven."""
    store, ids, by = installation.store, installation.ids, installation.principal
    if letter.status in RETRIABLE:
        await retry(store, ids, letter.run, by=by)
        return letter.run
    again = await installation.fork(letter.run, again=letter.items)
    await drop_dead(store, ids, letter.run, by=by, reason=f"done anew in run {again}")
    return again


async def drop_letter(installation: Installation, letter: DeadLetter, reason: str) -> None:
    """Take a dead letter off the list."""
    await drop_dead(installation.store, installation.ids, letter.run, by=installation.principal, reason=reason)
