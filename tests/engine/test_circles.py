"""Circles in a run: a loop that repeats itself ends early, and what the governor knows survives a new worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from podium.engine.control import retry
from podium.engine.fold import fold
from podium.gate.governor import Circle, Limits, Trail
from podium.ids import SystemIds
from podium.ledger.record import EffectDenied, EffectIntent, EffectOutcome, RunEnded
from podium.testing import FakeClock, MemoryStore, ScriptedModel, ScriptedTools
from podium.testing.running import Bench, RunResult, compile_text, run_workflow
from podium.testing.tools import Behaviour

pytestmark = pytest.mark.anyio

Json = Any

LOOP = """podium: 1
name: polling
tools:
  jobs: {python: scripted, effect: read, delivery: repeatable}
nodes:
  work:
    loop:
      look: {tool: jobs.status, with: {job: one}}
    until: look.out == 'ready'
    max: 50
    result: look.out
result: work.out
"""


def numbered() -> Behaviour:
    numbers: Iterator[int] = count()

    def answer(_arguments: Mapping[str, Json]) -> str:
        return f"{next(numbers)} left"

    return answer


def calls(result: RunResult) -> int:
    return sum(isinstance(record.body, EffectIntent) for record in result.records)


async def test_a_loop_that_asks_the_same_and_hears_the_same_is_stopped() -> None:
    result = await run_workflow(LOOP, tools={"jobs.status": "busy"})

    assert (result.status, calls(result)) == ("limit", 3)
    (denied,) = [record.body for record in result.records if isinstance(record.body, EffectDenied)]
    assert denied.decision.reasons[-1] == "GA060"
    ended = result.records[-1].body
    assert isinstance(ended, RunEnded)
    assert (ended.code, ended.node) == ("EN058", "work")


async def test_a_loop_that_hears_something_else_each_time_goes_on() -> None:
    result = await run_workflow(LOOP, tools={"jobs.status": numbered()})

    assert (result.status, calls(result)) == ("limit", 50)
    assert not any(isinstance(record.body, EffectDenied) for record in result.records)


async def test_a_loop_that_waits_between_its_looks_goes_on() -> None:
    waiting = LOOP.replace("job: one}}\n", "job: one}}\n      rest: {wait: 60s, after: [look]}\n")

    result = await run_workflow(waiting, tools={"jobs.status": "busy"})

    assert (result.status, calls(result)) == ("limit", 50)


async def test_a_map_over_equal_items_is_no_circle() -> None:
    flow = """podium: 1
name: equal
tools:
  jobs: {python: scripted, effect: read, delivery: repeatable}
nodes:
  all:
    map: "[1, 1, 1, 1, 1, 1, 1, 1]"
    as: item
    do:
      look: {tool: jobs.status, with: {job: "${item}"}}
    result: look.out
"""
    result = await run_workflow(flow, tools={"jobs.status": "busy"})

    assert (result.status, calls(result)) == ("done", 8)


async def test_a_workflow_may_say_that_it_means_to_repeat_itself() -> None:
    result = await run_workflow(LOOP + "governor: {repeats: 0}\n", tools={"jobs.status": "busy"})

    assert (result.status, calls(result)) == ("limit", 50)


async def test_a_loop_is_stopped_when_its_calls_are_too_many_for_a_minute() -> None:
    result = await run_workflow(LOOP + "governor: {per_minute: 10}\n", tools={"jobs.status": numbered()})

    assert (result.status, calls(result)) == ("limit", 10)


async def test_a_person_who_lets_it_go_on_gets_three_more() -> None:
    clock = FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock)
    tools = ScriptedTools({"jobs.status": "busy"})
    bench = Bench(compile_text(LOOP), store=store, model=ScriptedModel(), tools=tools, clock=clock, ids=SystemIds())
    run = await bench.start({})
    assert await bench.settle(run, {}) == "limit"

    await retry(store, bench.ids, run, by="ada")

    assert await bench.settle(run, {}) == "limit"
    assert len(tools.world.calls) == 6
    await bench.engine.close()


async def test_what_the_governor_knows_is_in_the_records_and_tells_nothing_of_the_arguments() -> None:
    """Another worker that folds them stops the same call; another run asks the same under another number."""
    one, other = [await run_workflow(LOOP, tools={"jobs.status": "busy"}) for _ in range(2)]

    known = fold(one.run, compile_text(LOOP).graph, one.records[:-1]).trajectory

    ((asked, heard), (elsewhere, _)) = (prints(one), prints(other))
    assert known.verdict(Trail("work", "work/look"), "tool.jobs.status", asked, Limits(), now=0) == Circle("repeat", 3)
    assert len({asked, heard, elsewhere}) == 3
    assert all(0 < number < 2**48 for number in (asked, heard))


def prints(result: RunResult) -> tuple[int, int]:
    bodies = [record.body for record in result.records]
    (asked,) = {body.fingerprint for body in bodies if isinstance(body, EffectIntent)}
    (heard,) = {body.fingerprint for body in bodies if isinstance(body, EffectOutcome)}
    return asked, heard
