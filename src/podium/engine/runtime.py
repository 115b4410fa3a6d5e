"""The engine of one process: starts runs, and drives those that this worker can claim.

```python
engine = Engine(store=store, nodes=registry, models=models, tools=tools, workflows=load, clock=clock, ids=ids, worker=w)
run = await engine.start(compiled, version=version, inputs={"repo": "."}, principal="ada")
status = await engine.advance(run)
```

`advance` is the only job that is ever dispatched, and it may be called for any run at any time by anybody: who may
drive a run is decided by the claim.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from podium.clock import Clock, Millis
from podium.effects.gateway import Gateway
from podium.effects.ports import Models, Tools
from podium.engine.fold import fold
from podium.engine.run import ActiveRun
from podium.errors import Fenced, StoreError, UsageError
from podium.graph.model import Compiled
from podium.ids import IdSource, NodePath, RunId, WorkerId, WorkflowVersion, new_run_id
from podium.ledger.payload import json_payload
from podium.ledger.record import Entry, Record, RunCreated
from podium.ledger.store import Claim, RowStatus, RunStore
from podium.node.registry import Registry

Json = Any
Watch = Callable[[RunId, NodePath, str], None]
"""Told of progress inside this process: a piece of streamed text, or "" for another sign of life."""

LISTEN_PAUSE_S = 0.02
"""The least time between two looks at what others posted."""


def _unwatched(_run: RunId, _path: NodePath, _text: str) -> None:
    return


class Engine:
    """See the module's rules."""

    def __init__(
        self,
        *,
        store: RunStore,
        nodes: Registry,
        models: Models,
        tools: Tools,
        workflows: Callable[[WorkflowVersion], Awaitable[Compiled]],
        clock: Clock,
        ids: IdSource,
        worker: WorkerId,
        watch: Watch = _unwatched,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._workflows = workflows
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._watch = watch
        self._gateway = Gateway(models=models, tools=tools, clock=clock, ids=ids)
        self._active: dict[RunId, ActiveRun] = {}
        self._claiming: set[RunId] = set()
        self._listener: asyncio.Task[None] | None = None

    async def start(
        self,
        compiled: Compiled,
        *,
        version: WorkflowVersion,
        inputs: Mapping[str, Json],
        principal: str,
        run: RunId | None = None,
    ) -> RunId:
        """Create a run of a published version; it is driven by whoever claims it.

        Raises:
            UsageError: EN010 when an input is unknown, missing, or not of its type.
            Rejected: the version is not published, or the id is taken.
        """
        run = run or new_run_id(self._ids)
        stored = json_payload(complete_inputs(compiled, inputs), self._ids)
        limits = compiled.workflow.timeout
        now = self._clock.now()
        body = RunCreated(
            workflow=compiled.workflow.name,
            version=version,
            inputs=stored.ref,
            principal=principal,
            deadline=Millis(now + round(limits.total.total_seconds() * 1000)) if limits else Millis(0),
            idle_ms=round(limits.idle.total_seconds() * 1000) if limits and limits.idle else 0,
            root=run,
        )
        await self._store.start(run, Entry(body=body, key="created", payloads=(stored,)))
        return run

    async def advance(self, run: RunId) -> RowStatus | None:
        """Claim a run and drive it until it ends or waits.

        Returns:
            How it stands then; None when it could not be claimed, or was taken over.

        Raises:
            StoreError: nothing could be written any more; what was acknowledged is safe.
        """
        if run in self._active or run in self._claiming:
            return None
        self._claiming.add(run)
        try:
            claim = await self._store.claim(run, self._worker)
            if claim is None:
                return None
            active = await self._load(run, claim)
            self._active[run] = active
        finally:
            self._claiming.discard(run)
        self._listen()
        try:
            return await active.drive()
        except BaseExceptionGroup as group:
            return _only(group)
        except Fenced:
            return None
        finally:
            del self._active[run]

    async def close(self) -> None:
        """Stop listening; runs that are being driven must have been stopped before."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener

    async def _load(self, run: RunId, claim: Claim) -> ActiveRun:
        compiled = await self._workflows(claim.row.version)
        records: list[Record] = []
        while page := await self._store.records(run, after=records[-1].seq if records else 0):
            records.extend(page)
        return ActiveRun(
            compiled=compiled,
            claim=claim,
            store=self._store,
            nodes=self._nodes,
            gateway=self._gateway,
            clock=self._clock,
            ids=self._ids,
            watch=lambda path, text: self._watch(run, path, text),
            state=fold(run, compiled.graph, records),
            seen=records[-1].seq,
        )

    def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._hear_others(), name="podium-listener")

    async def _hear_others(self) -> None:
        """Poke the runs that others have posted to, at most 50 times a second."""
        with suppress(StoreError):  # whoever writes next is told why, and a later `advance` listens again
            async for _ in self._store.changed():
                if self._active:
                    self._poke(await self._store.wakes(tuple(self._active)))
                await self._clock.sleep(LISTEN_PAUSE_S)

    def _poke(self, wakes: Mapping[RunId, int]) -> None:
        for run, wake in wakes.items():
            active = self._active.get(run)
            if active is not None and wake > active.writer.wake:
                active.poke()


def complete_inputs(compiled: Compiled, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """Return the inputs with defaults filled in.

    Raises:
        UsageError: EN010.
    """
    unknown = [name for name in inputs if name not in compiled.inputs]
    if unknown:
        known = ", ".join(f"`{name}`" for name in compiled.inputs) or "none"
        raise UsageError("EN010", f"workflow has no input `{unknown[0]}`", help=f"its inputs: {known}")
    complete: dict[str, Json] = {}
    for name, spec in compiled.inputs.items():
        if name not in inputs and spec.required:
            raise UsageError("EN010", f"input `{name}` is missing", help=f"add `--input {name}=…` ({spec.type})")
        complete[name] = inputs.get(name, spec.default)
        problems = spec.type.problems(complete[name]) if name in inputs else []
        if problems:
            raise UsageError("EN010", f"input `{name}`: {problems[0]}", help=f"expected {spec.type}")
    return complete


def _only(group: BaseExceptionGroup[BaseException]) -> None:
    """Raise what made a task group fail; a run that was taken over is no error."""
    leaves = _leaves(group)
    if any(isinstance(error, Fenced) for error in leaves):
        return
    for error in leaves:
        if isinstance(error, StoreError):
            raise error
    raise leaves[0]


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return [leaf for each in inner for leaf in _leaves(each)]
    return [error]
