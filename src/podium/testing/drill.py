"""Crash drill: a run that is killed at one point, goes on in a new process, and must end as if nothing had happened.

```python
drill = Drill(compile_text(workflow), fates={"2": "flaky"})
calm = await drill.run()
for point in range(1, calm.plan.passed + 1):
    assert (await drill.run(kill_at=point)).final.agrees_with(calm.final)
```

A run that fails is retried once. Fault points lie before, inside and after every commit of the store, and before and
after every effect on the world. After every run the drill itself checks what is true of each history (`check`) and
that the ledger verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from podium.clock import Clock
from podium.effects.ports import Sandboxes
from podium.engine.control import open_questions, retry, settle_doubt
from podium.engine.fold import fold
from podium.engine.undo import is_needed, undoable
from podium.errors import EffectError
from podium.graph.model import Compiled
from podium.ids import EffectKey, NodePath, RunId
from podium.ledger.record import (
    EffectIntent,
    EffectOutcome,
    NodeDone,
    NodeFailed,
    NodeParked,
    NodeSkipped,
    Record,
    RetryRequested,
    RunEnded,
    RunMode,
)
from podium.ledger.store import RowStatus, RunStore
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.faults import FaultPlan, Killed
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import Landed, ScriptedTools, World

Json = Any
Fate = Literal["ok", "flaky", "fails", "lost"]


class Ids:
    """Reproducible random bytes."""

    def __init__(self) -> None:
        self._count = 0

    def random_bytes(self, count: int) -> bytes:
        self._count += 1
        return hashlib.sha256(self._count.to_bytes(8, "big")).digest()[:count]


@dataclass
class FatefulWorld(World):
    """A world in which each effect has its fate, whoever calls and how often.

    `flaky` refuses the first call and takes the second; `lost` has its effect and loses the answer, the first time;
    `fails` always reports a failure. Around each effect the process can be killed.
    """

    fates: Mapping[str, Fate] = field(default_factory=dict[str, Fate])
    faults: FaultPlan = field(default_factory=FaultPlan)
    tries: dict[str, int] = field(default_factory=dict[str, int])

    def call(self, name: str, arguments: Mapping[str, Json], key: EffectKey, *, keyed: bool) -> Json:
        self.faults("before effect")
        self.tries[key] = self.tries.get(key, 0) + 1
        fate = self.fates.get(str(arguments.get("n")), "ok")
        self.calls.append(Landed(name=name, arguments=dict(arguments), key=key))
        if fate == "fails":
            raise EffectError("EF900", "the tool says no", kind="failed")
        if fate == "flaky" and self.tries[key] == 1:
            raise EffectError("EF901", "not reachable", kind="unavailable")
        value = {"n": arguments.get("n"), "from": name}
        if not (keyed and key in self.keyed):
            self.effects.append(Landed(name=name, arguments=dict(arguments), key=key))
        self.keyed[key] = value
        self.faults("after effect")
        if fate == "lost" and self.tries[key] == 1:
            raise EffectError("EF902", "no answer", kind="timeout", landed="unknown")
        return value


@dataclass(frozen=True, slots=True)
class Final:
    """What must not depend on crashes: how the run and each of its nodes ended."""

    status: RowStatus
    value: Json
    nodes: Mapping[str, str]

    def agrees_with(self, other: Final) -> bool:
        """Whether two runs ended alike.

        A run that fails stops what is still under way, and so does a scope or a map that fails: how far the branches
        beside it had come is a matter of time, in every run. What both have finished must have ended the same way.
        """
        if (self.status, self.value) != (other.status, other.value):
            return False
        both = self.nodes.keys() & other.nodes.keys()
        early = self.nodes.keys() ^ other.nodes.keys()
        inside = all("[" in path or "/" in path for path in early)
        ended_early = inside or self.status not in ("done", "done_with_errors")
        # what was stopped before it had done anything needs no undoing
        told = [path for path in both if "not_chosen" not in (self.nodes[path], other.nodes[path]) or not _undoes(path)]
        return ended_early and all(self.nodes[path] == other.nodes[path] for path in told)


def _undoes(path: str) -> bool:
    return path.endswith(".compensate")


class Drilled(NamedTuple):
    """A finished drill."""

    final: Final
    plan: FaultPlan
    world: FatefulWorld


Opening = Callable[[RunStore | None, Clock, FaultPlan], Awaitable[RunStore]]
"""Opens a store; given the one that was killed, opens what it has left behind."""


async def in_memory(dead: RunStore | None, clock: Clock, faults: FaultPlan) -> RunStore:
    """Open a store in memory."""
    return dead.crashed() if isinstance(dead, MemoryStore) else MemoryStore(clock=clock, faults=faults)


class Drill:
    """One workflow in one world, run with and without a kill."""

    def __init__(
        self,
        compiled: Compiled,
        *,
        fates: Mapping[str, Fate] | None = None,
        opening: Opening = in_memory,
        sandboxes: Sandboxes | None = None,
        mode: RunMode = "live",
    ) -> None:
        self._compiled = compiled
        self._sandboxes = sandboxes
        self._mode: RunMode = mode
        self._fates = fates or {}
        self._opening = opening

    async def kills(self, calm: Drilled) -> AsyncIterator[Drilled]:
        """Yield one run for every point at which it can be killed.

        Raises:
            AssertionError: one of them did not end like the undisturbed one.
        """
        for point in range(1, calm.plan.passed + 1):
            killed = await self.run(kill_at=point)
            if not killed.plan.hit:
                assert point > calm.plan.passed // 2
                return  # what is committed together is a matter of time: this run had fewer points
            assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
            yield killed

    async def run(self, *, kill_at: int = 0) -> Drilled:
        """Run to rest; when killed on the way, start again as another process would."""
        plan = FaultPlan(at=kill_at)
        clock, ids = FakeClock(tick_ms=1), Ids()
        world = FatefulWorld(fates=self._fates, faults=plan)
        for name in ("read.get", "keyed.put", "keyed.undo", "once.send"):
            world.on(name, None)
        store = await self._opening(None, clock, plan)
        try:
            final = await self._live(self._bench(store, world, clock, ids), world)
        except Killed:
            store = await self._opening(store, clock, FaultPlan())
            final = await self._live(self._bench(store, world, clock, ids), world)
        await store.close()
        return Drilled(final, plan, world)

    async def _live(self, bench: Bench, world: FatefulWorld) -> Final:
        """Drive the run to rest in one process, and judge what it has written."""
        run, store = RunId("rdrill0000000"), bench.store
        try:
            if await store.row(run) is None:
                await bench.start({"n": 1}, run=run, mode=self._mode)
            status = await self._rest(bench, world, run)
            records = await bench.history(run)
            check(records, world)
            self._nothing_left_to_undo(records)
            report = await verify(store, run)
            assert not report.problems, report.problems
            return await self._final(bench, run, status, records)
        finally:
            with suppress(Killed):  # the listener is a part of the dead process
                await bench.engine.close()

    def _nothing_left_to_undo(self, records: tuple[Record, ...]) -> None:
        """What failed has undone what it did, or said that it could not."""
        ended = records[-1].body
        if not isinstance(ended, RunEnded):
            return
        state = fold(RunId("rdrill0000000"), self._compiled.graph, records)
        failed = [node.scope for node in state.nodes.values() if node.scope.failures]
        for scope in [state.root] * (ended.status not in ("done", "done_with_errors")) + failed:
            left = [undo.path for undo in undoable(scope) if is_needed(state, undo)]
            assert not left, f"not undone: {left}"

    def _bench(self, store: RunStore, world: FatefulWorld, clock: FakeClock, ids: Ids) -> Bench:
        model = ScriptedModel(answer=lambda call: f"answer to {call.messages[-1].text}")
        return Bench(
            self._compiled,
            store=store,
            model=model,
            tools=ScriptedTools(world),
            sandboxes=self._sandboxes,
            clock=clock,
            ids=ids,
        )

    async def _rest(self, bench: Bench, world: FatefulWorld, run: RunId) -> RowStatus:
        for _ in range(50):
            status = await bench.settle(run, {"*": "approved"})
            if status == "failed" and not any(isinstance(r.body, RetryRequested) for r in await bench.history(run)):
                await retry(bench.store, bench.ids, run, by="tester")  # once: what failed for good fails again
                continue
            if status != "doubt":
                return status
            for path, record in (await open_questions(bench.store, run)).items():
                assert isinstance(record.body, NodeParked)
                landed = [effect for effect in world.effects if effect.key == record.body.effect]
                reply = world.keyed[landed[0].key] if landed else None
                await settle_doubt(
                    bench.store, bench.ids, run, NodePath(path), landed=bool(landed), by="tester", reply=reply
                )
        raise AssertionError

    async def _final(self, bench: Bench, run: RunId, status: RowStatus, records: tuple[Record, ...]) -> Final:
        nodes: dict[str, str] = {}
        for record in records:
            match record.body:
                case NodeDone(port=port):
                    nodes[record.path] = port
                case NodeFailed(final=True, code=code):
                    nodes[record.path] = code
                case NodeSkipped(reason=reason):
                    nodes[record.path] = reason
                case _:
                    continue
        result = await bench.result(run, status)
        return Final(status, result.value, nodes)


def check(records: tuple[Record, ...], world: FatefulWorld) -> None:
    """What is true of every history, killed or not."""
    answered: set[str] = set()
    for record in records:
        match record.body:
            case EffectIntent(id=key):
                assert key not in answered, f"{record.path} was sent again after its answer was recorded"
            case EffectOutcome(id=key, status="ok"):
                answered.add(key)
            case _:
                continue
    for name in ("keyed.put", "keyed.undo", "once.send"):
        keys = [effect.key for effect in world.effects if effect.name == name]
        assert len(keys) == len(set(keys)), f"{name} happened twice"
    ended = [record for record in records if isinstance(record.body, RunEnded)]
    retried = sum(isinstance(record.body, RetryRequested) for record in records)
    assert len(ended) <= 1 + retried
