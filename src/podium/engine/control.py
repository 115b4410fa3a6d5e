"""What people may do to a run. Each call posts one record and wakes the run; the owner does the rest.

Nobody needs to own the run, and the worker may be another process or not running at all.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podium.errors import UsageError
from podium.ids import EffectKey, IdSource, NodePath, RunId
from podium.ledger.payload import payload
from podium.ledger.record import (
    ApprovalGiven,
    CancelRequested,
    DoubtSettled,
    Entry,
    NodeParked,
    Payload,
    Record,
    RetryRequested,
    SignalReceived,
)
from podium.ledger.store import LiveStatus, RowStatus, RunStore
from podium.node.calls import ToolReply

Json = Any

LIVE: tuple[LiveStatus, ...] = ("running", "approval", "timer", "signal", "paused", "doubt")
RETRIABLE: tuple[RowStatus, ...] = ("failed", "cancelled", "limit", "denied")

_encode = msgspec.json.Encoder(order="sorted").encode


async def open_questions(store: RunStore, run: RunId) -> dict[NodePath, Record]:
    """Return the `node.parked` records of people that nobody has answered yet, by path."""
    waiting: dict[NodePath, Record] = {}
    after = 0
    while records := await store.records(run, after=after):
        for record in records:
            path = NodePath(record.path)
            if isinstance(record.body, NodeParked) and record.body.reason in ("approval", "doubt"):
                waiting[path] = record
            elif path in waiting:
                del waiting[path]
        after = records[-1].seq
    return waiting


async def answer(
    store: RunStore,
    ids: IdSource,
    run: RunId,
    path: NodePath,
    *,
    verdict: Literal["approved", "rejected"],
    by: str,
    channel: str,
    reason: str = "",
    value: Json = None,
) -> Record:
    """Answer what a node asks.

    Raises:
        UsageError: the node asks nothing (EN011), or only whether something happened (EN012).
        Rejected: the run has ended, or somebody else was quicker.
    """
    parked = await _question(store, run, path)
    if parked.body.reason == "doubt":
        raise UsageError(
            "EN012",
            f"`{path}` asks whether its effect happened, not for approval",
            help=f"use `podium runs resume {run} --landed {path}` or `--not-landed {path}`",
        )
    stored = _payload({"reason": reason, "value": value}, ids)
    body = ApprovalGiven(verdict=verdict, by=by, channel=channel, answer=stored.ref)
    key = f"answer:{path}:{parked.seq}"
    return await store.post(run, Entry(body=body, path=path, key=key, payloads=(stored,)), when=LIVE)


async def settle_doubt(
    store: RunStore, ids: IdSource, run: RunId, path: NodePath, *, landed: bool, by: str, reply: Json = None
) -> Record:
    """Say whether the effect of a node happened, and what it returned when that is known.

    Raises:
        UsageError: the node is not in doubt (EN011, EN012).
        Rejected: the run has ended, or somebody else was quicker.
    """
    parked = await _question(store, run, path)
    if parked.body.reason != "doubt":
        raise UsageError(
            "EN012",
            f"`{path}` asks for approval, not whether its effect happened",
            help=f"use `podium approve {run} {path}` or `podium reject {run} {path}`",
        )
    stored = _payload(ToolReply(value=reply), ids) if landed and reply is not None else None
    body = DoubtSettled(landed=landed, by=by, id=EffectKey(parked.body.effect), reply=stored.ref if stored else None)
    key = f"answer:{path}:{parked.seq}"
    entry = Entry(body=body, path=path, key=key, payloads=(stored,) if stored else ())
    return await store.post(run, entry, when=LIVE)


async def signal(store: RunStore, ids: IdSource, run: RunId, name: str, *, by: str, value: Json = None) -> Record:
    """Send a signal; it is kept until a node waits for it."""
    stored = _payload(value, ids) if value is not None else None
    body = SignalReceived(name=name, by=by, value=stored.ref if stored else None)
    return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()), when=LIVE)


async def cancel(store: RunStore, ids: IdSource, run: RunId, *, by: str, reason: str = "") -> Record:
    """Ask for the run to be stopped; its owner, or the next worker, stops it."""
    stored = _payload(reason, ids) if reason else None
    body = CancelRequested(by=by, reason=stored.ref if stored else None)
    return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()), when=LIVE)


async def retry(store: RunStore, ids: IdSource, run: RunId, *, by: str) -> Record:  # noqa: ARG001 - one form for all
    """Let an ended run go on from its failed nodes; what is finished stays finished."""
    return await store.post(run, Entry(body=RetryRequested(by=by)), when=RETRIABLE)


async def _question(store: RunStore, run: RunId, path: NodePath) -> Any:  # noqa: ANN401 - a record with a NodeParked body
    waiting = await open_questions(store, run)
    if path not in waiting:
        asked = ", ".join(f"`{other}`" for other in waiting) or "no node"
        raise UsageError("EN011", f"`{path}` of run `{run}` does not wait for an answer", help=f"waiting: {asked}")
    return waiting[path]


def _payload(value: Json, ids: IdSource) -> Payload:
    return payload(_encode(value), ids)
