"""In which runs people may be asked something.

First those that wait for nothing else, then those that also do something: a hundred thousand runs that wait for a clock
must not push a question off the list.
"""

from __future__ import annotations

from typing import NamedTuple

from podium.engine.control import LIVE
from podium.ledger.store import RowStatus, RunRow, RunStore

MOST = 10_000
"""Runs that wait for people and are looked at, the newest first."""

BESIDES = 1_000
"""Other runs that go on and are looked at, the newest first: one part of them may ask while another is at work."""

_WAITING: tuple[RowStatus, ...] = ("approval",)
_OTHERS: tuple[RowStatus, ...] = tuple(status for status in LIVE if status not in _WAITING)


class Asking(NamedTuple):
    """The runs to look at; `whole` when these are all that there are."""

    rows: tuple[RunRow, ...]
    whole: bool


async def runs_that_may_ask(store: RunStore, *, workflow: str = "", most: int = MOST, besides: int = BESIDES) -> Asking:
    """Return the runs in which a question may be open."""
    waiting = await store.rows(status=_WAITING, workflow=workflow, limit=most)
    others = await store.rows(status=_OTHERS, workflow=workflow, limit=besides)
    found = {row.id: row for row in (*waiting, *others)}  # one may have changed in between
    return Asking(tuple(found.values()), whole=len(waiting) < most and len(others) < besides)
