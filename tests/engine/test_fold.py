"""The fold: one state from one history, whoever reads it and in whichever order posts and own records met."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.clock import Millis
from podium.engine.control import signal
from podium.engine.decide import Finish, Start, decide
from podium.engine.fold import fold
from podium.engine.state import Ending, RunState
from podium.graph.model import Compiled
from podium.ids import RunId, SystemIds
from podium.ledger.record import CancelRequested, EffectIntent, Record, SignalReceived
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

WORKFLOW = """podium: 1
name: fold
tools:
  read: {python: scripted, effect: read, delivery: repeatable}
nodes:
  ask: {tool: read.get, with: {}}
  paid: {wait: {signal: paid}}
  each: {map: "[1, 2, 3]", as: x, do: {twice: {transform: "${x * 2}"}}}
  draft: {llm: draft}
  check: {validate: size(draft.out) > 10, revise: draft, max: 1, on_error: continue}
  pick: {switch: [{when: 1 > 2, then: left}], else: right}
  left: {transform: left}
  right: {transform: right}
  all: {join: [ask, paid, left, right], reduce: list}
"""


def summary(state: RunState) -> tuple[object, ...]:
    """What is decided by the state: how each node stands, what could start, how the run ends."""
    nodes = {path: (node.status, node.port, node.round, node.attempts) for path, node in state.nodes.items()}
    return nodes, set(state.ready), set(state.skips), state.ending, state.cancel, state.tolerated, state.ended


async def history() -> tuple[Compiled, RunId, list[Record]]:
    """A finished run in which a signal was awaited."""
    compiled = compile_text(WORKFLOW)
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compiled,
        store=MemoryStore(clock=clock),
        model=ScriptedModel(answer=lambda _call: "short"),
        tools=ScriptedTools({"read.get": "read"}),
        clock=clock,
        ids=SystemIds(),
    )
    run = await bench.start({})
    await signal(bench.store, bench.ids, run, "paid", by="shop", value=12)
    assert await bench.settle(run, {}) == "done_with_errors"
    records = list(await bench.history(run))
    await bench.engine.close()
    return compiled, run, records


async def test_the_same_history_gives_the_same_state() -> None:
    compiled, run, records = await history()

    assert summary(fold(run, compiled.graph, records)) == summary(fold(run, compiled.graph, records))


@given(place=st.floats(0, 1))
async def test_a_signal_may_meet_the_owners_records_at_any_point(place: float) -> None:
    compiled, run, records = await history()
    posted = next(record for record in records if isinstance(record.body, SignalReceived))
    done = next(index for index, record in enumerate(records) if record.path == "paid" and record.key == "done:paid")
    others = [record for record in records if record is not posted]

    index = 1 + round(place * (done - 2))
    moved = [*others[:index], posted, *others[index:]]

    assert summary(fold(run, compiled.graph, moved)) == summary(fold(run, compiled.graph, records))


@given(place=st.floats(0, 1))
async def test_nothing_starts_after_a_cancel_wherever_it_came(place: float) -> None:
    compiled, run, records = await history()
    index = 1 + round(place * (len(records) - 3))
    cancel = Record(
        stream=run, seq=0, at=Millis(0), body=CancelRequested(by="ada"), prev=records[0].prev, hash=records[0].hash
    )

    state = fold(run, compiled.graph, [*records[:index], cancel, *records[index:-1]])

    assert decide(state, Millis(0)) == [Finish(Ending("cancelled"))]


@given(cut=st.floats(0, 1))
async def test_every_prefix_of_a_history_leaves_something_to_do_or_to_wait_for(cut: float) -> None:
    compiled, run, records = await history()
    prefix = records[: 1 + round(cut * (len(records) - 2))]

    state = fold(run, compiled.graph, prefix)

    waiting = any(node.status == "waiting" for node in state.nodes.values())
    assert waiting or decide(state, prefix[-1].at)


async def test_a_new_worker_starts_what_the_old_one_had_under_way() -> None:
    compiled, run, records = await history()
    intent = next(index for index, record in enumerate(records) if isinstance(record.body, EffectIntent))
    begun = records[: intent + 1]

    state = fold(run, compiled.graph, begun)

    started = {command.path for command in decide(state, begun[-1].at) if isinstance(command, Start)}
    assert "ask" in started
