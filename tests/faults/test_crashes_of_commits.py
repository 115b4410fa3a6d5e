"""Kill a run at every commit and around every effect while it prepares, decides and releases: the world sees the same.

What is expected of the world is said for each case, and a run that was killed anywhere must have done exactly that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

import pytest

from podium.engine.control import open_questions, settle_doubt
from podium.ids import NodePath, RunId
from podium.ledger.record import NodeParked, RunMode
from podium.ledger.store import RowStatus
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.drill import Drill, Fate, FatefulWorld, Ids
from podium.testing.faults import FaultPlan, Killed
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HEAD = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed, staged: true, trust: trusted}
  once: {python: scripted, effect: write, delivery: once, staged: true, trust: trusted}
  twin: {python: scripted, effect: write, delivery: keyed, trust: trusted, only: [put], twin: keyed}
  read: {python: scripted, effect: read, delivery: repeatable, trust: trusted}
nodes:
"""


def put(name: str, number: int, *, more: str = "") -> str:
    return f'  {name}: {{tool: keyed.put, with: {{n: "{number}"}}{more}}}\n'


def undo(number: int) -> str:
    return f', compensate: {{tool: keyed.undo, with: {{n: "u{number}"}}}}'


class Case(NamedTuple):
    nodes: str
    status: RowStatus
    effects: list[str]
    fates: dict[str, Fate] = {}  # noqa: RUF012 - it never changes
    mode: RunMode = "live"


CASES = {
    "two at once": Case(put("a", 1) + put("b", 2) + "  c: {commit: [a, b]}\n", "done", ["1", "2"]),
    "a guard that does not hold": Case(
        put("a", 1) + "  c: {commit: [a], guard: size(prepared) > 1, on_denied: d}\n" + put("d", 2), "done", []
    ),
    "people agree": Case(put("a", 1) + put("b", 2) + "  c: {commit: [b, a], approve: Do it?}\n", "done", ["2", "1"]),
    "items of a map": Case(
        '  m: {map: "[1, 2, 3]", as: x, do: {put: {tool: keyed.put, with: {n: "${string(x)}"}}}, concurrency: 2}\n'
        "  c: {commit: [m]}\n",
        "done",
        ["1", "2", "3"],
    ),
    "a failed item": Case(
        "  m:\n"
        '    map: "[1, 2, 3]"\n'
        "    as: x\n"
        "    on_item_error: collect\n"
        "    do:\n"
        '      put: {tool: keyed.put, with: {n: "${string(x)}"}}\n'
        '      get: {tool: read.get, with: {n: "r${string(x)}"}}\n'
        "    result: put.out\n"
        "  c: {commit: all, after: [m]}\n",
        "done_with_errors",
        ["1", "3"],
        {"r2": "fails"},
    ),
    "in an item": Case(
        '  m: {map: "[1, 2]", as: x, concurrency: 1, do: {put: {tool: keyed.put, with: {n: "${string(x)}"}}, '
        "c: {commit: [put]}}}\n",
        "done",
        ["1", "2"],
    ),
    "lost answers": Case(
        put("a", 1)
        + '  b: {tool: once.send, with: {n: "2"}}\n'
        + put("d", 3)
        + "  c: {commit: [a, b, d], retry: {max: 2, backoff: 1s, on: [timeout]}}\n",
        "done",
        ["1", "2", "3"],
        {"1": "lost", "2": "lost"},
    ),
    "half-way, undone": Case(
        put("a", 1, more=undo(1)) + put("b", 2, more=undo(2)) + put("d", 3) + "  c: {commit: [a, b, d]}\n",
        "failed",
        ["1", "2", "u2", "u1"] * 2,  # the drill retries a failed run once
        {"3": "fails"},
    ),
    "half-way, handled": Case(
        put("a", 1, more=undo(1))
        + put("b", 2)
        + put("d", 4)
        + "  c: {commit: [a, b], on_error: continue}\n  e: {commit: all, after: [c]}\n",
        "done_with_errors",
        ["1", "u1", "4"],
        {"2": "fails"},
    ),
    "sent back to work": Case(
        "  a: {llm: draft}\n"
        '  p: {tool: keyed.put, with: {n: "${a.out}"}}\n'
        "  v: {validate: size(p.out) > 1, revise: a, max: 1, on_error: continue}\n"
        "  c: {commit: all, after: [v]}\n",
        "done_with_errors",
        ["answer to This was not accepted: `size(p.out) > 1` does not hold\nAnswer again, and correct that."],
    ),
    "one after the other": Case(
        put("a", 1) + "  c: {commit: [a]}\n" + put("b", 2, more=", after: [c]") + "  d: {commit: all, after: [b]}\n",
        "done",
        ["1", "2"],
    ),
    "never released": Case(put("a", 1) + put("b", 2) + "  c: {commit: [a]}\n", "done", ["1"]),
    "a shadow run": Case(put("a", 1) + "  c: {commit: [a], approve: Do it?}\n", "done", [], mode="shadow"),
    "a shadow run with a twin": Case(
        '  a: {tool: twin.put, with: {n: "1"}}\n  r: {tool: read.get, with: {n: "2"}, after: [a]}\n',
        "done",
        ["1"],
        mode="shadow",
    ),
    "a dry run": Case(
        '  r: {tool: read.get, with: {n: "1"}}\n' + put("a", 2) + "  c: {commit: [a]}\n", "done", [], mode="dry"
    ),
}


def effects(world: FatefulWorld) -> list[str]:
    """Return what was written, in its order; a read may happen twice."""
    return [str(effect.arguments["n"]) for effect in world.effects if effect.name != "read.get"]


@pytest.mark.parametrize("name", CASES)
async def test_what_is_prepared_and_released_survives_a_kill_anywhere(name: str, tally: Counter[str]) -> None:
    case = CASES[name]
    drill = Drill(compile_text(HEAD + case.nodes), fates=case.fates, mode=case.mode)

    calm = await drill.run()

    assert (calm.final.status, effects(calm.world)) == (case.status, case.effects)
    tally["workflows"] += 1
    async for killed in drill.kills(calm):
        tally[f"commits, {killed.plan.hit}"] += 1
        assert effects(killed.world) == case.effects, killed.plan.hit


class Dying(FaultPlan):
    """Kills at one point, and everything after it: the process is gone for both runs in it."""

    def __call__(self, point: str) -> None:
        if self.hit:
            raise Killed(point)
        super().__call__(point)


TWO = compile_text(
    HEAD
    + '  a: {tool: keyed.put, with: {n: "${string(inputs.n)}a"}}\n'
    + '  b: {tool: once.send, with: {n: "${string(inputs.n)}b"}}\n'
    + "  c: {commit: [a, b], approve: Do it?}\n"
)
RUNS = (RunId("rfirst0000000"), RunId("rsecond000000"))


async def two_runs(kill_at: int) -> tuple[Dying, FatefulWorld]:
    """Let two runs prepare and release at once in one process, and go on in another one after a kill."""
    plan, clock, ids = Dying(at=kill_at), FakeClock(tick_ms=1), Ids()
    world = FatefulWorld(faults=plan)
    for name in ("keyed.put", "once.send"):
        world.on(name, None)
    store = MemoryStore(clock=clock, faults=plan)
    bench = Bench(TWO, store=store, model=ScriptedModel(), tools=ScriptedTools(world), clock=clock, ids=ids)
    try:
        await both(bench, world)
    except (Killed, BaseExceptionGroup):
        world.faults = FaultPlan()
        store = store.crashed()
        bench = Bench(TWO, store=store, model=ScriptedModel(), tools=ScriptedTools(world), clock=clock, ids=ids)
        await both(bench, world)
    for run in RUNS:
        assert not (await verify(store, run)).problems
    await store.close()
    return plan, world


async def both(bench: Bench, world: FatefulWorld) -> None:
    try:
        for number, run in enumerate(RUNS):
            if await bench.store.row(run) is None:
                await bench.start({"n": number}, run=run)
        async with asyncio.TaskGroup() as group:
            for run in RUNS:
                group.create_task(to_its_end(bench, world, run))
    finally:
        with suppress(Killed):
            await bench.engine.close()


async def to_its_end(bench: Bench, world: FatefulWorld, run: RunId) -> None:
    while await bench.settle(run, {"*": "approved"}) == "doubt":
        for path, record in (await open_questions(bench.store, run)).items():
            assert isinstance(record.body, NodeParked)
            landed = any(effect.key == record.body.effect for effect in world.effects)
            await settle_doubt(bench.store, bench.ids, run, NodePath(path), landed=landed, by="tester")


async def test_two_runs_at_once_release_each_what_it_prepared(tally: Counter[str]) -> None:
    calm, world = await two_runs(0)

    assert sorted(effects(world)) == ["0a", "0b", "1a", "1b"]
    for point in range(1, calm.passed + 1):
        plan, world = await two_runs(point)
        if not plan.hit:
            assert point > calm.passed // 2
            break
        tally[f"two runs, {plan.hit}"] += 1
        assert sorted(effects(world)) == ["0a", "0b", "1a", "1b"], (point, plan.hit)
