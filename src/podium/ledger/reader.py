"""Reading history: a stream page by page, and what its records refer to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from podium.ids import RunId
from podium.ledger.payload import Json, read_json, read_struct, read_text
from podium.ledger.record import PayloadRef, Record
from podium.ledger.store import RunStore

T = TypeVar("T")

_PAGE = 2_000


async def history(store: RunStore, run: RunId, *, after: int = 0, upto: int | None = None) -> AsyncIterator[Record]:
    """Yield the records of a stream with `after < seq <= upto`, in order; each is checked against its hash.

    Raises:
        LedgerError: at the first record that is damaged.
    """
    while upto is None or after < upto:
        limit = _PAGE if upto is None else min(_PAGE, upto - after)
        page = await store.records(run, after=after, limit=limit)
        for record in page:
            yield record
        if len(page) < limit:
            return
        after = page[-1].seq


async def load_json(store: RunStore, run: RunId, ref: PayloadRef | None) -> Json:
    """Return the value of a JSON payload; None stands for null."""
    return None if ref is None else read_json(await store.payload(run, ref))


async def load_struct(store: RunStore, run: RunId, ref: PayloadRef, type_: type[T]) -> T:
    """Return a JSON payload as the struct that was encoded."""
    return read_struct(await store.payload(run, ref), type_)


async def load_text(store: RunStore, run: RunId, ref: PayloadRef | None) -> str:
    """Return a text payload; "" where there is none."""
    return "" if ref is None else read_text(await store.payload(run, ref))
