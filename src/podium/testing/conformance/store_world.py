"""What the tests of a store are made of: a workflow, runs of it, and the entries that people and workers write."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from typing import Protocol

from podium.ids import EffectKey, NodePath, RunId, SystemIds, WorkflowVersion, new_run_id, new_worker_id
from podium.ledger.payload import json_payload
from podium.ledger.record import (
    CancelRequested,
    DeadDropped,
    EffectIntent,
    EffectOutcome,
    Entry,
    GateDecision,
    NodeDone,
    Payload,
    RetryRequested,
    RunCreated,
    RunEnded,
    RunStatus,
)
from podium.ledger.requests import Faults, no_faults
from podium.ledger.store import Claim, RunStore, WorkflowSource

_CLOSURE = b'{"nodes":{}}'
WORKFLOW = WorkflowSource(
    version=WorkflowVersion(hashlib.sha256(_CLOSURE).hexdigest()),
    name="notes",
    closure=_CLOSURE,
    source="nodes: {}\n",
    file="notes.yaml",
)
SOON_S = 5.0
"""How long a test waits for what must come; far more than it takes."""

IDS = SystemIds()


class OpenStore(Protocol):
    """Opens the durable state of a test once more."""

    def __call__(self, faults: Faults = no_faults) -> Awaitable[RunStore]: ...


def created(run: RunId, *, inputs: Payload | None = None, priority: int = 5, slot: str = "", slots: int = 0) -> Entry:
    """Return the first entry of a run."""
    inputs = inputs or json_payload({"n": 1}, IDS)
    body = RunCreated(
        workflow=WORKFLOW.name,
        version=WORKFLOW.version,
        inputs=inputs.ref,
        principal="user:ann",
        root=run,
        priority=priority,
        slot=slot,
        slots=slots,
    )
    return Entry(body=body, payloads=(inputs,))


def done(node: str, out: Payload | None = None) -> Entry:
    """Return the result of a node; its key is taken once."""
    body = NodeDone(out=out.ref if out else None)
    return Entry(body=body, path=NodePath(node), key=f"done:{node}", payloads=(out,) if out else ())


def intent(effect: str) -> Entry:
    """Return an intent."""
    request = json_payload({"effect": effect}, IDS)
    body = EffectIntent(
        effect="tool.files.write",
        target="files",
        effect_class="write",
        delivery="once",
        id=_key(effect),
        request=request.ref,
        decision=GateDecision(verdict="allow"),
    )
    return Entry(body=body, path=NodePath("publish"), attempt=1, key=f"intent:{effect}:1", payloads=(request,))


def outcome(effect: str) -> Entry:
    """Return the outcome of an intent."""
    return Entry(body=EffectOutcome(id=_key(effect), status="ok"), path=NodePath("publish"), attempt=1)


def ended(status: RunStatus = "done", *, not_undone: int = 0) -> Entry:
    """Return the end of a run."""
    return Entry(body=RunEnded(status=status, not_undone=not_undone))


def cancel(key: str = "") -> Entry:
    """Return what somebody else posts."""
    return Entry(body=CancelRequested(by="user:bob"), key=key)


def retry() -> Entry:
    """Return the wish to go on with a run that has ended."""
    return Entry(body=RetryRequested(by="user:bob"))


def drop() -> Entry:
    """Return the wish to hear no more of a run that gave up."""
    return Entry(body=DeadDropped(by="user:bob"))


async def begin(store: RunStore, *, priority: int = 5, slot: str = "", slots: int = 0) -> RunId:
    """Start a run of the published workflow."""
    await store.publish(WORKFLOW)
    run = new_run_id(IDS)
    await store.start(run, created(run, priority=priority, slot=slot, slots=slots))
    return run


async def owned(store: RunStore, run: RunId) -> Claim:
    """Claim a run that is free, for a new worker."""
    claim = await store.claim(run, new_worker_id(IDS))
    assert claim is not None
    return claim


async def begin_owned(store: RunStore) -> Claim:
    """Start a run and claim it."""
    return await owned(store, await begin(store))


async def bodies(store: RunStore, run: RunId) -> list[str]:
    """Return the kinds of a run's records."""
    return [type(record.body).__name__ for record in await store.records(run)]


def _key(effect: str) -> EffectKey:
    return EffectKey(effect.rjust(32, "0"))
