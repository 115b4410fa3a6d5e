"""What is withdrawn, because another node is done or other items are enough, is undone like what is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from podium.engine.control import signal
from podium.ids import RunId
from podium.ledger.record import NodeDone, NodeSkipped
from podium.testing.clock import FakeClock
from podium.testing.drill import Drill, Ids
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, RunResult, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

HEAD = """podium: 1
name: withdrawn
inputs: {n: {type: integer, default: 1}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
nodes:
"""

TRIP = """  trip:
    scope:
      hotel: {transform: booked, compensate: {transform: "gave back ${hotel.out}"}}
      car: {transform: hired, after: [hotel], compensate: {transform: "gave back ${car.out}"}}
      fly: {wait: {signal: fly}, after: [car]}
    cancels: [stop]
  stop: {wait: {signal: stop}, cancels: [trip]}
  told: {transform: told, after: [stop]}
  after_trip: {transform: home, after: [trip]}
"""

ITEMS = """  quotes:
    map: "['a', 'b', 'c']"
    as: maker
    do:
      ask: {transform: "asked ${maker}", compensate: {transform: "thanked ${maker}"}}
      hear: {wait: {signal: quote}, after: [ask]}
    enough: 1
    result: maker
"""


async def play(nodes: str, *signals: str) -> RunResult:
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(HEAD + nodes),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=Ids(),
    )
    run: RunId = await bench.start({})
    status = await bench.settle(run, {})
    for name in signals:
        await signal(bench.store, bench.ids, run, name, by="tester")
        status = await bench.settle(run, {})
    result = await bench.result(run, status)
    await bench.engine.close()
    return result


def ends(result: RunResult) -> list[tuple[str, str]]:
    """What became of each node, in order."""
    kinds: dict[type, Any] = {NodeDone: "done", NodeSkipped: "skipped"}
    return [(record.path, kinds[type(record.body)]) for record in result.records if type(record.body) in kinds]


async def test_a_scope_that_is_withdrawn_is_undone_and_then_skipped() -> None:
    result = await play(TRIP, "stop")

    assert result.status == "done"
    undone = [end for end in ends(result) if end[0].startswith("trip") or end[0] == "after_trip"]
    assert undone[-4:] == [
        ("trip/car.compensate", "done"),
        ("trip/hotel.compensate", "done"),
        ("trip", "skipped"),
        ("after_trip", "skipped"),
    ]
    assert result.outs["trip/hotel.compensate"] == "gave back booked"


async def test_a_scope_that_is_done_is_withdrawn_no_more() -> None:
    result = await play(TRIP, "fly")

    assert (result.status, result.ports["trip"]) == ("done", "out")
    assert "trip/hotel.compensate" not in result.ports


async def test_items_that_are_not_needed_any_more_are_undone_before_the_map_is_done() -> None:
    result = await play(ITEMS, "quote")

    assert (result.status, result.outs["quotes"]) == ("done", ["a"])
    assert [end for end in ends(result) if "compensate" in end[0] or end[0] == "quotes"] == [
        ("quotes[1]/ask.compensate", "done"),
        ("quotes[2]/ask.compensate", "done"),
        ("quotes", "done"),
    ]


KILLED = (
    TRIP.replace("stop: {wait: {signal: stop}", "stop: {wait: 1s"),
    TRIP.replace("{transform: hired, ", '{tool: keyed.put, with: {n: "1"}, ').replace(
        "stop: {wait: {signal: stop}", "stop: {wait: 1s"
    ),
    """  quotes:
    map: "[1, 2, 3]"
    as: n
    do:
      ask: {tool: keyed.put, with: {n: "${string(n)}"}, compensate: {tool: keyed.undo, with: {n: "u${string(n)}"}}}
      rest: {wait: 1h, when: n > 1, after: [ask]}
    enough: 1
    result: n
""",
)


@pytest.mark.parametrize("nodes", KILLED)
async def test_what_is_withdrawn_survives_a_kill_anywhere(nodes: str) -> None:
    subject = Drill(compile_text(HEAD + nodes))
    calm = await subject.run()
    assert calm.final.status == "done"

    for point in range(1, calm.plan.passed + 1):
        killed = await subject.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
