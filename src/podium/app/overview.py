"""A run as people see it: its timeline with the texts that records only refer to.

Payloads are read here, one by one and only those that are shown: the result, the question of each open wait, the
error that ended the run. What has been erased is shown as such, never as empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from podium.errors import LedgerError, UsageError
from podium.ids import NodePath, RunId
from podium.ledger.record import PayloadRef, Record
from podium.ledger.store import RowStatus, RunStore
from podium.observe.timeline import Timeline
from podium.observe.usage import Usage, UsageFold
from podium.observe.view import FactView, NodeView, RunView

Json = Any
ERASED = "(erased)"
PAGE = 5_000
"""Records read at once."""
MAX_TOLD = 100
"""Facts whose values are read."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait with its words.

    Attributes:
        show: What the question is about.
        effect: For a doubt: what may have happened, such as `tool.mail.send`.
    """

    node: NodeView
    text: str = ""
    show: Json = None
    effect: str = ""

    @property
    def path(self) -> NodePath:
        """The node that waits."""
        return self.node.path


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a run, or made a node fail."""

    code: str
    message: str
    help: str = ""
    node: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a node made known, with its value."""

    fact: FactView
    value: Json = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its words.

    Attributes:
        status: How the row says it stands; what it waits for, when it waits.
        result: What it gave, None when it gave nothing or has not ended well.
        fault: What ended it, when that was no success.
        asks: What it waits for, in the order in which it was asked.
        told: What it made known, the last `MAX_TOLD`.
        queued: It waits for its turn, or would if there were none left.
        usage: What it has used so far.
    """

    view: RunView
    status: RowStatus
    result: Json
    fault: Fault | None
    asks: tuple[Ask, ...]
    told: tuple[Told, ...] = ()
    queued: bool = False
    usage: Usage = Usage()


async def read_overview(store: RunStore, run: RunId) -> Overview:
    """Return how a run stands now.

    Raises:
        UsageError: AP002 when there is no such run.
    """
    row = await store.row(run)
    if row is None:
        raise UsageError("AP002", f"there is no run `{run}`", help="`podium runs list` shows the runs")
    view = (await read_timeline(store, run)).view
    return Overview(
        view=view,
        status=row.status,
        result=await _result(store, view),
        fault=await read_end_fault(store, view),
        asks=await read_asks(store, run, view.waits),
        told=tuple([Told(fact=fact, value=await read_json(store, run, fact.value)) for fact in view.facts[-MAX_TOLD:]]),
        queued=row.queued,
        usage=await read_usage(store, run) or Usage(),
    )


async def read_timeline(store: RunStore, run: RunId, timeline: Timeline | None = None) -> Timeline:
    """Return the timeline with every record that the run has by now."""
    timeline = timeline or Timeline(run)
    while records := await store.records(run, after=timeline.seq, limit=PAGE):
        feed(timeline, records)
    return timeline


async def read_usage(store: RunStore, run: RunId, *, most: int = 0) -> Usage | None:
    """Return what a run has used; None when it has more records than `most`, 0 for any number."""
    fold, seq = UsageFold(), 0
    while records := await store.records(run, after=seq, limit=PAGE):
        fold.add_all(records)
        seq = records[-1].seq
        if most and seq > most:
            return None
    return fold.usage


def feed(timeline: Timeline, records: Sequence[Record]) -> None:
    """Add records, in order."""
    for record in records:
        timeline.add(record)


async def read_json(store: RunStore, run: RunId, ref: PayloadRef | None) -> Json:
    """Return the JSON value of a payload, None without one, `(erased)` when it is gone."""
    if ref is None:
        return None
    try:
        return msgspec.json.decode(await store.payload(run, ref))
    except LedgerError as error:
        if error.code == "LE006":
            return ERASED
        raise


async def read_asks(store: RunStore, run: RunId, waits: Sequence[NodeView]) -> tuple[Ask, ...]:
    """Return what nodes wait for, with its words."""
    return tuple([await _ask(store, run, node) for node in waits])


async def _ask(store: RunStore, run: RunId, node: NodeView) -> Ask:
    wait = node.wait
    if wait is None:
        return Ask(node=node)
    question = await read_json(store, run, wait.question)
    if not isinstance(question, dict):
        return Ask(node=node, text=str(question or ""), effect=wait.target)
    told = cast("dict[str, Json]", question)
    return Ask(node=node, text=str(told.get("text", "")), show=told.get("show"), effect=wait.target)


async def read_fault(store: RunStore, run: RunId, node: NodeView) -> Fault | None:
    """Return why a node failed, or left by a port that is no success; None when it did not."""
    if node.status == "failed":
        return _fault(await read_json(store, run, node.error), code=node.code, node=node.path)
    if node.note is not None:
        return Fault(code="", message=str(await read_json(store, run, node.note)), node=node.path)
    return None


async def read_end_fault(store: RunStore, view: RunView) -> Fault | None:
    """Return what ended the run, None when it is done or still going."""
    if view.ended in {None, "done", "done_with_errors"}:
        return None
    if view.result is not None:  # the run's own result could not be made
        return _fault(await read_json(store, view.run, view.result), code=view.code, node="")
    node = next((node for node in view.nodes if node.path == view.node), None)
    fault = await read_fault(store, view.run, node) if node else None
    return fault or (Fault(code=view.code, message="", node=view.node) if view.code or view.node else None)


async def _result(store: RunStore, view: RunView) -> Json:
    """Return what the run gave, None when it gave nothing or has not ended well."""
    ended_well = view.ended in {"done", "done_with_errors"}
    return await read_json(store, view.run, view.result) if ended_well else None


def _fault(error: Json, *, code: str, node: str) -> Fault:
    if not isinstance(error, dict):
        return Fault(code=code, message=str(error or ""), node=node)
    told = cast("dict[str, Json]", error)
    return Fault(code=code, message=str(told.get("message", "")), help=str(told.get("help", "")), node=node)
