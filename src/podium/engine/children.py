"""What one run does to others: starts a run of its own, sends a signal. Both happen once for one key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from podium.clock import Clock
from podium.engine.control import LIVE
from podium.engine.start import complete_inputs, created
from podium.errors import EffectError, Rejected, UsageError
from podium.graph.closure import closure, version
from podium.ids import EffectKey, IdSource, RunId, named_run_id
from podium.ledger.payload import json_payload
from podium.ledger.record import ArgumentLabel, Entry, SharedBudget, SignalReceived
from podium.ledger.store import RunStore, WorkflowSource
from podium.spec.autonomy import Autonomy
from podium.spec.model import Workflow

Json = Any


class Children:
    """Implements `podium.effects.ports.Runs` over the store."""

    def __init__(self, *, store: RunStore, clock: Clock, ids: IdSource) -> None:
        self._store, self._clock, self._ids = store, clock, ids

    async def start(
        self,
        flow: Workflow,
        inputs: Mapping[str, Json],
        *,
        key: EffectKey,
        parent: RunId,
        by: str,
        chain: tuple[str, ...] = (),
        labels: tuple[ArgumentLabel, ...] = (),
        budgets: tuple[SharedBudget, ...] = (),
        autonomy: Autonomy | None = None,
    ) -> str:
        """Publish the sub-workflow and create its run; the id comes from the key, so a second call finds the first."""
        run = named_run_id(hashlib.sha256(f"run\x00{key}".encode()).digest())
        content = closure(flow)
        source = WorkflowSource(version=version(content), name=flow.name, closure=content, source="", file="")
        await self._store.publish(source)
        try:
            entry = created(
                flow,
                run=run,
                version=source.version,
                inputs=complete_inputs(flow.inputs, inputs),
                principal=by,
                now=self._clock.now(),
                ids=self._ids,
                parent=parent,
                chain=chain,
                labels=labels,
                budgets=budgets,
                autonomy=autonomy,
            )
        except UsageError as error:
            raise EffectError("EF056", error.message, kind="invalid_input", help=error.help) from None
        try:
            await self._store.start(run, entry)
        except Rejected as error:
            if error.code != "ST003":
                raise
        return run

    async def signal(self, run: RunId, name: str, value: Json, *, key: EffectKey, by: str) -> None:
        """Post the signal under the effect's key."""
        stored = json_payload(value, self._ids) if value is not None else None
        body = SignalReceived(name=name, by=by, value=stored.ref if stored else None)
        entry = Entry(body=body, key=f"signal:{key}", payloads=(stored,) if stored else ())
        try:
            await self._store.post(run, entry, when=LIVE)
        except Rejected as error:
            if error.code != "ST006":
                raise EffectError("EF057", error.message, kind="invalid_input", help=error.help) from None
