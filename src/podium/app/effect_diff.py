"""What a run did, or would have done, with its words; and how two runs differ in that.

Two effects are the same when they call the same function of the same target with the same arguments, whatever node
asks for it and whatever became of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

from podium.app.overview import PAGE, read_json
from podium.ids import RunId
from podium.ledger.record import NodeSkipped, Record
from podium.ledger.store import RunStore
from podium.observe.effects import Act, acts_of

Json = Any
Side = Literal["both", "only here", "only there"]


class Deed(NamedTuple):
    """An effect with its words.

    Attributes:
        call: Its arguments by name, or what else would be sent; `(erased)` when it is gone.
        preview: What it would change, or "".
    """

    act: Act
    call: Json
    preview: str = ""

    @property
    def likeness(self) -> str:
        """What two equal effects have in common."""
        return json.dumps([self.act.effect, self.act.target, self.call], sort_keys=True, ensure_ascii=False)


class Deeds(NamedTuple):
    """What a run did or would have done.

    Attributes:
        unknown: Nodes at which a dry run could not know how to go on.
    """

    deeds: tuple[Deed, ...]
    unknown: tuple[str, ...]


class Difference(NamedTuple):
    """An effect of one run or of both."""

    side: Side
    deed: Deed


async def read_deeds(store: RunStore, run: RunId) -> Deeds:
    """Return what a run did to the world, or would have done."""
    records: list[Record] = []
    while page := await store.records(run, after=records[-1].seq if records else 0, limit=PAGE):
        records.extend(page)
    deeds = [await _deed(store, run, act) for act in acts_of(records)]
    unknown = [record.path for record in records if _is_unknown(record)]
    return Deeds(tuple(deeds), tuple(unknown))


def _is_unknown(record: Record) -> bool:
    return isinstance(record.body, NodeSkipped) and record.body.reason == "unknown"


async def _deed(store: RunStore, run: RunId, act: Act) -> Deed:
    request: object = await read_json(store, run, act.request)
    call = cast("dict[str, Json]", request) if isinstance(request, dict) else None
    preview = await read_json(store, run, act.preview)
    return Deed(act, call.get("arguments", call) if call is not None else request, str(preview or ""))


def compare(here: Sequence[Deed], there: Sequence[Deed]) -> tuple[Difference, ...]:
    """Return the effects of two runs, those of the first one in their order, then what only the second one has."""
    left = [deed.likeness for deed in there]
    found: list[Difference] = []
    for deed in here:
        if deed.likeness in left:
            left.remove(deed.likeness)
            found.append(Difference("both", deed))
        else:
            found.append(Difference("only here", deed))
    for deed in there:
        if deed.likeness in left:
            left.remove(deed.likeness)
            found.append(Difference("only there", deed))
    return tuple(found)
