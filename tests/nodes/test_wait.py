from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from podium.engine.control import callback
from podium.errors import NodeError
from podium.ids import SystemIds
from podium.node.contract import Answer, Done, Park, Port, Question
from podium.nodes.wait import WaitNode
from podium.spec.types import Type
from podium.testing.clock import FakeClock
from podium.testing.context import NOW, ScriptedContext
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("{wait: 10s}", Question(kind="timer", expires=timedelta(seconds=10))),
        ("{wait: {time: 2d}}", Question(kind="timer", expires=timedelta(days=2))),
        ("{wait: {signal: paid}}", Question(kind="signal", signal="paid")),
        (
            "{wait: {signal: paid, expires: 3d}}",
            Question(kind="signal", signal="paid", expires=timedelta(days=3)),
        ),
        ("{wait: {callback: true}}", Question(kind="signal", callback=True)),
        (
            "{wait: {callback: true, expires: 3d}}",
            Question(kind="signal", callback=True, expires=timedelta(days=3)),
        ),
    ],
)
async def test_parks_for_a_time_or_a_signal(configure: Configure, text: str, question: Question) -> None:
    assert await WaitNode().run(ScriptedContext(), configure(text), {}) == Park(question)


async def test_a_signal_hands_on_what_it_carries(configure: Configure) -> None:
    answer = Answer(verdict="received", by="erp", value={"amount": 12})

    assert await WaitNode().resume(ScriptedContext(), configure("{wait: {signal: paid}}"), {}, answer) == Done(
        {"amount": 12}
    )


async def test_a_timer_that_is_due_is_no_failure(configure: Configure) -> None:
    due = Answer(verdict="expired")

    assert await WaitNode().resume(ScriptedContext(), configure("{wait: 10s}"), {}, due) == Done()


async def test_a_signal_that_never_came_leaves_expired(configure: Configure) -> None:
    config = configure("{wait: {signal: paid, expires: 3d}}")

    assert await WaitNode().resume(ScriptedContext(), config, {}, Answer(verdict="expired")) == Done(
        port=Port("expired"), reason="no signal `paid` came in time"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{wait: {}}", "wait"),
        ("{wait: {time: 1s, signal: paid}}", "wait"),
        ("{wait: {time: 1s, expires: 2s}}", "wait"),
        ("{wait: {until: x, expires: 2s}}", "wait"),
        ("{wait: {until: x, callback: true}}", "wait"),
        ("{wait: {callback: false}}", "wait"),
        ("{wait: for ever}", "wait.time"),
        ("{wait: {signal: Paid!}}", "wait.signal"),
    ],
)
def test_what_is_neither_a_time_nor_a_signal_is_refused(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert [found for found, _ in complaints(text)] == [place]


# ── dates ──

UNTIL = "{wait: {until: inputs.opens}}"
MOMENT = datetime.fromtimestamp(NOW / 1000, UTC)


async def left(configure: Configure, text: object) -> timedelta | None:
    parked = await WaitNode().run(ScriptedContext(), configure(UNTIL), {"wait": {"until": text}})
    assert parked.question.kind == "timer"
    return parked.question.expires


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
async def test_a_date_is_waited_for_whatever_its_offset(configure: Configure, zone: timezone) -> None:
    text = (MOMENT + timedelta(hours=3)).astimezone(zone).isoformat()

    assert await left(configure, text) == timedelta(hours=3)
    assert await left(configure, text.replace("+00:00", "Z")) == timedelta(hours=3)


async def test_a_date_that_has_passed_is_due_at_once(configure: Configure) -> None:
    assert await left(configure, (MOMENT - timedelta(days=400)).isoformat()) == timedelta(0)
    assert await left(configure, "0001-01-01T00:00:00Z") == timedelta(0)


@pytest.mark.parametrize("text", ["tomorrow", "2026-03-02", "2026-03-02T08:00:00", "", None, 1_800_000_000])
async def test_what_is_no_moment_is_a_clear_error(configure: Configure, text: object) -> None:
    with pytest.raises(NodeError) as caught:
        await left(configure, text)

    assert (caught.value.code, caught.value.kind) == ("EN063", "invalid_input")
    assert caught.value.message == f"expected a date and time with an offset from `inputs.opens`, got `{text}`"


async def test_a_run_goes_on_at_the_date() -> None:
    text = """podium: 1
name: opening
inputs: {opens: {type: text}}
nodes:
  opening: {wait: {until: inputs.opens}}
  open: {transform: open, after: [opening]}
result: open.out
"""
    clock = FakeClock(tick_ms=1)
    opens = datetime.fromtimestamp(clock.now() / 1000, UTC) + timedelta(hours=1)

    later = await run_workflow(text, inputs={"opens": opens.isoformat()}, clock=clock)

    assert (later.status, later.value) == ("done", "open")
    assert clock.now() / 1000 >= opens.timestamp()
    assert (await run_workflow(text, inputs={"opens": "2001-01-01T00:00:00Z"})).status == "done"
    assert (await run_workflow(text, inputs={"opens": "soon"})).status == "failed"


# ── callbacks ──

CALLBACK = """podium: 1
name: order
tools:
  shop: {python: scripted, effect: write, delivery: keyed}
nodes:
  order: {tool: shop.order, with: {answer_to: "${callback.delivery}"}}
  delivery: {wait: {callback: true, expires: 14d}, after: [order], on_expired: asked}
  asked: {transform: asked}
  told: {transform: "${delivery.out}"}
"""


async def test_the_holder_of_the_token_lets_the_run_go_on() -> None:
    clock, world = FakeClock(tick_ms=1), World()
    world.on("shop.order", None)
    bench = Bench(
        compile_text(CALLBACK),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(world),
        clock=clock,
        ids=SystemIds(),
    )
    run = await bench.start({})
    assert await bench.settle(run, {}) == "signal"

    token = world.calls[0].arguments["answer_to"]
    meant = await callback(bench.engine, bench.store, bench.ids, token, by="shop", value="on Monday")
    assert (meant.run, meant.path) == (run, "delivery")

    assert await bench.settle(run, {}) == "done"
    result = await bench.result(run, "done")
    await bench.engine.close()
    assert result.outs["told"] == "on Monday"


async def test_a_callback_that_never_came_leaves_expired(configure: Configure) -> None:
    config = configure("{wait: {callback: true, expires: 3d}}")

    assert await WaitNode().resume(ScriptedContext(), config, {}, Answer(verdict="expired")) == Done(
        port=Port("expired"), reason="no callback came in time"
    )


def test_only_what_is_sent_has_a_value(configure: Configure) -> None:
    assert configure("{wait: 1s}").result_type({}) == Type({"type": "null"})
    assert configure(UNTIL).result_type({}) == Type({"type": "null"})
    assert configure("{wait: {signal: paid}}").result_type({}) == Type.any()
    assert configure("{wait: {callback: true}}").result_type({}) == Type.any()
    assert configure("{wait: {callback: true}}").callback()
    assert not configure("{wait: 1s}").callback()
