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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

import msgspec

from podium.clock import Clock
from podium.effects.gateway import Gateway
from podium.effects.ports import Models, Sandboxes, Tools
from podium.effects.safeguards import Safeguards
from podium.engine.branch import branch, readers
from podium.engine.callback import Callback, read_token, token
from podium.engine.children import Children
from podium.engine.fold import fold
from podium.engine.run import ActiveRun
from podium.engine.start import complete_inputs, created
from podium.engine.state import RunState
from podium.errors import Fenced, LedgerError, StoreError, UsageError
from podium.graph.model import Compiled
from podium.ids import IdSource, NodePath, RunId, WorkerId, WorkflowVersion, new_run_id
from podium.ledger.record import ForkedFrom, PayloadRef, Record, RunCreated, RunMode
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
        secret: bytes,
        watch: Watch = _unwatched,
        safeguards: Safeguards | None = None,
        sandboxes: Sandboxes | None = None,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._workflows = workflows
        self._clock = clock
        self._ids = ids
        self._worker = worker
        self._watch = watch
        self._secret = secret
        children = Children(store=store, clock=clock, ids=ids)
        self._gateway = Gateway(
            models=models,
            tools=tools,
            runs=children,
            clock=clock,
            ids=ids,
            safeguards=safeguards,
            sandboxes=sandboxes,
            secret=secret,
        )
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
        priority: int | None = None,
        mode: RunMode = "live",
        author: str = "",
    ) -> RunId:
        """Create a run of a published version; it is driven by whoever claims it.

        `priority` takes the place of the workflow's own; `author` is who published it. What a
        run of another `mode` than `live` may do to the world never changes, and what goes on from it has the same one.

        Raises:
            UsageError: EN010 when an input is unknown, missing, or not of its type.
            Rejected: the version is not published, or the id is taken.
        """
        run = run or new_run_id(self._ids)
        entry = created(
            compiled.workflow,
            run=run,
            version=version,
            inputs=complete_inputs(compiled.inputs, inputs),
            principal=principal,
            priority=priority,
            mode=mode,
            author=author,
            now=self._clock.now(),
            ids=self._ids,
        )
        await self._store.start(run, entry)
        return run

    async def fork(
        self,
        origin: RunId,
        *,
        again: Sequence[str] = (),
        inputs: Mapping[str, Json] | None = None,
        principal: str,
        until: int | None = None,
    ) -> RunId:
        """Create a run that goes on from another one: what that had found stands, the rest is done anew.

        Args:
            origin: The other run; it may still be under way.
            again: Paths of nodes that are done anew with everything that builds on them.
            inputs: Those that change; what reads them is done anew.
            principal: Who asks for it.
            until: The last record of the other run that counts; by default its last one.

        Raises:
            UsageError: there is no such run, node or input; or there is nothing to do anew (EN018).
        """
        records = await self._records(origin, until)
        first = records[0].body if records else None
        if not isinstance(first, RunCreated):
            raise UsageError("ST004", f"run `{origin}` does not exist", help="list runs with `podium runs list`")
        version = WorkflowVersion(first.version)
        compiled = await self._workflows(version)
        old = cast("dict[str, Json]", msgspec.json.decode(await self._payload(records[0], first.inputs)))
        new = complete_inputs(compiled.inputs, {**old, **(inputs or {})})
        changed = [name for name in new if new[name] != old.get(name)]
        state = await self._state(origin, compiled, records)
        paths = (*again, *readers(compiled.graph, changed))
        branch(state, origin, paths)  # refuses what cannot be
        run = new_run_id(self._ids)
        entry = created(
            compiled.workflow,
            run=run,
            version=version,
            inputs=new,
            principal=principal,
            mode=first.mode,
            author=first.author,
            budgets=first.budgets,
            autonomy=first.autonomy,
            # whoever asks for it vouches for what they change, and takes away nobody else's limits
            chain=_in_the_name_of(principal, first.chain),
            labels=tuple(one for one in first.labels if one.name and one.name not in changed),
            fork=ForkedFrom(run=origin, seq=records[-1].seq, hash=records[-1].hash, again=paths),
            now=self._clock.now(),
            ids=self._ids,
        )
        await self._store.start(run, entry)
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
        records = claim.records or await self._records(run)
        return ActiveRun(
            compiled=compiled,
            claim=claim,
            store=self._store,
            nodes=self._nodes,
            gateway=self._gateway,
            clock=self._clock,
            ids=self._ids,
            watch=lambda path, text: self._watch(run, path, text),
            state=await self._state(run, compiled, records),
            seen=records[-1].seq,
            tokens=lambda path: token(self._secret, run, path),
        )

    async def standing(self, run: RunId) -> RunState:
        """Return where a run stands by its records now.

        Raises:
            UsageError: ST004 when there is no such run.
        """
        records = await self._records(run)
        first = records[0].body if records else None
        if not isinstance(first, RunCreated):
            raise UsageError("ST004", f"run `{run}` does not exist", help="list runs with `podium runs list`")
        return await self._state(run, await self._workflows(WorkflowVersion(first.version)), records)

    async def _records(self, run: RunId, until: int | None = None) -> list[Record]:
        records: list[Record] = []
        while page := await self._store.records(run, after=records[-1].seq if records else 0):
            records.extend(page)
        return records if until is None else records[:until]

    async def _state(self, run: RunId, compiled: Compiled, records: Sequence[Record]) -> RunState:
        """Return where a run stands; one that goes on from another begins where that one was left."""
        first = records[0].body
        origin = first.fork if isinstance(first, RunCreated) else None
        if origin is None:
            return fold(run, compiled.graph, records)
        earlier = await self._records(origin.run, origin.seq)
        if not earlier or earlier[-1].hash != origin.hash:
            raise LedgerError(
                "LE010",
                f"run `{run}` goes on from record {origin.seq} of run `{origin.run}`, which is not there as it was",
                stream=run,
                seq=1,
                help="run `podium ledger verify`",
            )
        state = await self._state(origin.run, compiled, earlier)
        return fold(run, compiled.graph, records, branch(state, run, origin.again))

    async def _payload(self, record: Record, ref: PayloadRef) -> bytes:
        return await self._store.payload(record.stream, ref)

    def read_callback(self, text: str) -> Callback:
        """Return what a callback token is for.

        Raises:
            UsageError: EN016 when it is none of this installation.
        """
        return read_token(self._secret, text)

    def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._hear_others(), name="podium-listener")

    async def _hear_others(self) -> None:
        """Poke the runs that others have posted to, at most 50 times a second."""
        with suppress(StoreError):  # whoever writes next is told why, and a later `advance` listens again
            async for _ in self._store.changed():
                if self._active:
                    self._poke(await self._store.wakes(tuple(self._active)))
                    self._gateway.hear((await self._store.control()).switches)
                await self._clock.sleep(LISTEN_PAUSE_S)

    def _poke(self, wakes: Mapping[RunId, int]) -> None:
        for run, wake in wakes.items():
            active = self._active.get(run)
            if active is not None and wake > active.writer.wake:
                active.poke()


def _in_the_name_of(principal: str, chain: tuple[str, ...]) -> tuple[str, ...]:
    """Return a chain with another person in it; () for a run that no other run started."""
    return (f"person:{principal}", *(one for one in chain if not one.startswith("person:"))) if chain else ()


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
