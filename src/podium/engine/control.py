"""What people may do to a run. Each call posts one record and wakes the run; the owner does the rest.

Nobody needs to own the run, and the worker may be another process or not running at all. What is asked of a single
node when it failed, or is to be done otherwise, is `podium.engine.override`.

An answer has a key of its question, so of two people who answer at the same time one is told that the other was
quicker. Pausing, resuming and stopping have none: to ask twice changes nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from podium.engine.answering import LIVE, answer, find
from podium.engine.asked import read_asked
from podium.engine.callback import Callback
from podium.engine.report import CALLBACK, callback_signal
from podium.errors import Rejected, UsageError
from podium.ids import EffectKey, IdSource, NodePath, RunId
from podium.ledger.payload import payload
from podium.ledger.record import (
    CancelRequested,
    DeadDropped,
    DoubtSettled,
    Entry,
    PauseRequested,
    Payload,
    Prioritised,
    Record,
    ResumeRequested,
    RetryRequested,
    SignalReceived,
)
from podium.ledger.store import RowStatus, RunStore
from podium.node.calls import ToolReply

__all__ = [
    "LIVE",
    "PRIORITIES",
    "RETRIABLE",
    "Tokens",
    "answer",
    "callback",
    "cancel",
    "drop_dead",
    "kill",
    "open_questions",
    "pause",
    "prioritise",
    "resume_paused",
    "retry",
    "settle_doubt",
    "signal",
]

Json = Any

RETRIABLE: tuple[RowStatus, ...] = ("failed", "cancelled", "limit", "denied")
PRIORITIES = range(10)
_encode = msgspec.json.Encoder(order="sorted").encode


async def open_questions(store: RunStore, run: RunId) -> dict[NodePath, Record]:
    """Return the `node.parked` records of people that nobody has answered for good, by path."""
    return {path: asked.record for path, asked in (await read_asked(store, run)).items()}


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
    """Send a signal; it is kept until a node waits for it.

    Raises:
        UsageError: EN025 when the name is one that only the holder of a token may send.
        Rejected: the run has ended.
    """
    if name.startswith(CALLBACK):
        raise UsageError(
            "EN025",
            f"signals that begin with `{CALLBACK}` answer callbacks and are sent by their token",
            help="use `podium signal --callback TOKEN`",
        )
    stored = _payload(value, ids) if value is not None else None
    body = SignalReceived(name=name, by=by, value=stored.ref if stored else None)
    return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()), when=LIVE)


class Tokens(Protocol):
    """Knows what callback tokens are for: `podium.engine.runtime.Engine`."""

    def read_callback(self, text: str) -> Callback:
        """Return what a token is for; EN016 when it is none."""
        ...


async def callback(
    tokens: Tokens, store: RunStore, ids: IdSource, token: str, *, by: str, value: Json = None
) -> Callback:
    """Answer the wait that a token was given out for; it is kept until the node waits. Return what it was for.

    Raises:
        UsageError: the token is none of ours (EN016), or was used before (EN026).
        Rejected: the run has ended.
    """
    meant = tokens.read_callback(token)
    stored = _payload(value, ids) if value is not None else None
    body = SignalReceived(name=callback_signal(meant.path), by=by, value=stored.ref if stored else None)
    entry = Entry(body=body, key=f"callback:{meant.path}", payloads=(stored,) if stored else ())
    try:
        await store.post(meant.run, entry, when=LIVE)
    except Rejected as error:
        if error.code != "ST006":
            raise
        raise UsageError(
            "EN026",
            f"the callback of `{meant.path}` in run `{meant.run}` has been answered already",
            help="nothing is to be done: the first answer counts",
        ) from None
    return meant


async def pause(store: RunStore, ids: IdSource, run: RunId, *, by: str, reason: str = "") -> Record:
    """Let nothing new begin in a run; what is at work comes to its end."""
    stored = _payload(reason, ids) if reason else None
    body = PauseRequested(by=by, reason=stored.ref if stored else None)
    return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()), when=LIVE)


async def resume_paused(store: RunStore, ids: IdSource, run: RunId, *, by: str) -> Record:  # noqa: ARG001 - one form
    """Let a paused run go on."""
    return await store.post(run, Entry(body=ResumeRequested(by=by)), when=LIVE)


async def cancel(
    store: RunStore, ids: IdSource, run: RunId, *, by: str, reason: str = "", at_once: bool = False
) -> Record:
    """Ask for the run to be stopped; its owner, or the next worker, stops it and undoes what can be undone.

    `at_once` undoes nothing.
    """
    stored = _payload(reason, ids) if reason else None
    body = CancelRequested(by=by, reason=stored.ref if stored else None, kill=at_once)
    return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()), when=LIVE)


async def kill(store: RunStore, ids: IdSource, run: RunId, *, by: str, reason: str = "") -> Record:
    """Stop the run at once: what it did stands, nothing is undone."""
    return await cancel(store, ids, run, by=by, reason=reason, at_once=True)


async def prioritise(store: RunStore, ids: IdSource, run: RunId, priority: int, *, by: str) -> Record:  # noqa: ARG001
    """Say how soon a run is taken up when there are more than can be driven: 9 before 0.

    Raises:
        UsageError: EN027 when it is none of these.
        Rejected: the run has ended.
    """
    if priority not in PRIORITIES:
        raise UsageError("EN027", f"expected a priority from 0 to 9, got {priority}", help="9 comes first")
    return await store.post(run, Entry(body=Prioritised(by=by, priority=priority)), when=LIVE)


async def retry(store: RunStore, ids: IdSource, run: RunId, *, by: str) -> Record:  # noqa: ARG001 - one form for all
    """Let an ended run go on from its failed nodes; what is finished stays finished."""
    return await store.post(run, Entry(body=RetryRequested(by=by)), when=RETRIABLE)


async def drop_dead(store: RunStore, ids: IdSource, run: RunId, *, by: str, reason: str = "") -> Record:
    """Take a run that gave up off the list of those; it stays as it is.

    Raises:
        UsageError: EN028 when it is not on that list.
    """
    stored = _payload(reason, ids) if reason else None
    body = DeadDropped(by=by, reason=stored.ref if stored else None)
    try:
        return await store.post(run, Entry(body=body, payloads=(stored,) if stored else ()))
    except Rejected as error:
        if error.code != "ST005":
            raise
        raise UsageError(
            "EN028",
            f"run `{run}` is not among those that gave up",
            help="`podium dead list` shows them; it may have been retried or dropped meanwhile",
        ) from None


async def _question(store: RunStore, run: RunId, path: NodePath) -> Any:  # noqa: ANN401 - a record with a NodeParked body
    return (await find(store, run, path)).record


def _payload(value: Json, ids: IdSource) -> Payload:
    return payload(_encode(value), ids)
