"""`wall` limits the time at work: waiting for people or for a signal, and being paused, does not count."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from podium.engine.control import pause, resume_paused
from podium.engine.fold import fold
from podium.engine.worktime import worked
from podium.ids import SystemIds
from podium.ledger.record import RunEnded
from podium.ledger.verify import verify
from podium.spec.diagnostic import SpecError
from podium.testing import FakeClock, FaultPlan, Killed, MemoryStore, ScriptedModel, ScriptedTools, run_workflow
from podium.testing.running import Bench, compile_text

pytestmark = pytest.mark.anyio

SLOW = """podium: 1
name: slow
budget: {wall: 10m}
nodes:
  first: {wait: 4m}
  second: {wait: %s, after: [first]}
  last: {transform: done, after: [second]}
result: last.out
"""


@pytest.mark.parametrize(("second", "status"), [("5m", "done"), ("7m", "limit")])
async def test_a_run_that_is_at_work_for_longer_ends_at_its_limit(second: str, status: str) -> None:
    result = await run_workflow(SLOW % second)

    assert result.status == status
    ended = result.records[-1].body
    assert isinstance(ended, RunEnded)
    assert ended.code == ("GA052" if status == "limit" else "")


ASKS = """podium: 1
name: asks
budget: {wall: 10m}
nodes:
  first: {wait: 4m}
  ask: {human: Go on?, after: [first], expires: 30d}
  second: {wait: 4m, after: [ask]}
"""


async def test_waiting_for_people_does_not_count() -> None:
    clock = FakeClock(tick_ms=1)
    world = _world(ASKS, clock)
    run = await world.start({})
    assert await world.settle(run, {}) == "approval"

    clock.advance(timedelta(days=3))

    assert await world.settle(run, {"*": "approved"}) == "done"
    await _close(world)


WORKS = """podium: 1
name: works
budget: {wall: 10m}
tools: {slow: {python: scripted, effect: read, delivery: repeatable}}
nodes:
  ask: {human: Well?, expires: 30d}
  long: {loop: {turn: {tool: slow.get, with: {}}}, max: 3}
"""


@pytest.mark.parametrize(("minutes", "status"), [(3, "approval"), (4, "limit")])
async def test_what_works_beside_a_question_counts(minutes: int, status: str) -> None:
    clock = FakeClock(tick_ms=1)

    def slow(_: object) -> str:
        clock.advance(timedelta(minutes=minutes))
        return "got"

    result = await run_workflow(WORKS, tools={"slow.get": slow}, clock=clock)

    assert result.status == status


async def test_a_signal_is_waited_for_outside_of_the_time_at_work() -> None:
    clock = FakeClock(tick_ms=1)
    world = _world(
        """podium: 1
name: signals
budget: {wall: 10m}
nodes:
  told: {wait: {signal: go, expires: 7d}, on_expired: late}
  late: {transform: late}
""",
        clock,
    )
    run = await world.start({})
    assert await world.settle(run, {}) == "signal"

    clock.advance(timedelta(days=8))

    assert await world.settle(run, {}) == "done"
    await _close(world)


async def test_being_paused_does_not_count() -> None:
    clock = FakeClock(tick_ms=1)
    world = _world(SLOW % "5m", clock)
    run = await world.start({})
    assert await world.engine.advance(run) == "timer"
    await pause(world.store, SystemIds(), run, by="ann")
    clock.advance(timedelta(hours=9))
    await resume_paused(world.store, SystemIds(), run, by="ann")

    assert await world.settle(run, {}) == "done"
    await _close(world)


async def test_the_time_between_a_dead_worker_and_the_next_one_does_not_count() -> None:
    clock, plan = FakeClock(tick_ms=1), FaultPlan(at=16)
    store = MemoryStore(clock=clock, faults=plan)
    world = _world(SLOW % "5m", clock, store)
    run = await world.start({})
    with pytest.raises((Killed, BaseExceptionGroup)):
        await world.settle(run, {})
    with suppress(Killed):
        await world.engine.close()
    clock.advance(timedelta(hours=9))

    again = _world(SLOW % "5m", clock, store.crashed())

    assert await again.settle(run, {}) == "done"
    assert plan.hit
    await _close(again)


INSIDE = """podium: 1
name: inside
nodes:
  part:
    scope:
      first: {wait: 4m}
      second: {wait: 4m, after: [first]}
    result: "'all of it'"
    budget: {wall: %s}
    catch: [{on: [limit], do: {short: {transform: "${error.code}"}}}]
result: part.out
"""


@pytest.mark.parametrize(("wall", "value"), [("10m", "all of it"), ("5m", "GA052")])
async def test_a_node_with_nodes_inside_may_have_its_own(wall: str, value: str) -> None:
    result = await run_workflow(INSIDE % wall)

    assert (result.status, result.value) == ("done", value)


async def test_a_sub_workflow_keeps_its_own() -> None:
    result = await run_workflow("""podium: 1
name: outer
flows:
  inner:
    podium: 1
    name: inner
    budget: {wall: 5m}
    nodes: {first: {wait: 9m}}
nodes:
  part: {subflow: inner, on_limit: late}
  late: {transform: too late}
result: late.out
""")

    assert (result.status, result.value) == ("done", "too late")


def test_a_node_with_nothing_inside_has_a_timeout_instead() -> None:
    with pytest.raises(SpecError, match="`wall` is for nodes with nodes inside"):
        compile_text("podium: 1\nname: a\nnodes: {a: {transform: a, budget: {wall: 5m}}}\n")


async def test_every_process_counts_the_same() -> None:
    clock = FakeClock(tick_ms=1)
    world = _world(ASKS, clock)
    run = await world.start({})
    assert await world.settle(run, {}) == "approval"
    clock.advance(timedelta(hours=1))
    records = await world.history(run)

    state = fold(run, world.compiled.graph, records)

    assert state.resting
    assert timedelta(minutes=4) <= timedelta(milliseconds=worked(state, clock.now())) < timedelta(minutes=4, seconds=5)
    assert (await verify(world.store)).intact
    await _close(world)


def _world(text: str, clock: FakeClock, store: MemoryStore | None = None) -> Bench:
    return Bench(
        compile_text(text),
        store=store or MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
    )


async def _close(world: Bench) -> None:
    await world.engine.close()
    await world.store.close()
