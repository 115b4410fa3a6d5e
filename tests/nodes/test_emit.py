from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from podium.ids import SystemIds
from podium.ledger.record import FactEmitted, NodeDone
from podium.node.calls import RunCall
from podium.node.contract import Done, Fact
from podium.nodes.emit import EmitNode
from podium.spec.types import Type, parse_type
from podium.testing.clock import FakeClock
from podium.testing.context import ScriptedContext
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{emit: paid, value: 12}", "fact"),
        ("{emit: paid, value: 12, as: event}", "event"),
        ("{emit: paid, value: 12, as: notification}", "notification"),
    ],
)
async def test_what_is_said_is_recorded_with_the_result(configure: Configure, text: str, kind: Any) -> None:
    ctx = ScriptedContext()

    done = await EmitNode().run(ctx, configure(text), {"value": 12})

    assert done == Done(12, fact=Fact(kind=kind, name="paid", value=12))
    assert ctx.calls == []


async def test_without_a_value_there_is_only_the_name(configure: Configure) -> None:
    assert await EmitNode().run(ScriptedContext(), configure("{emit: paid}"), {}) == Done(
        fact=Fact(kind="fact", name="paid")
    )


async def test_an_event_for_another_run_is_sent_to_it(configure: Configure) -> None:
    ctx = ScriptedContext()

    done = await EmitNode().run(
        ctx, configure("{emit: paid, as: event, to: order.out.run, value: 12}"), {"value": 12, "to": "rabc"}
    )

    assert done == Done(12)
    assert ctx.calls == [RunCall(action="signal", run="rabc", name="paid", value=12)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{emit: paid, to: x}", ("", "expected `to` with `as: event` only, got `as: fact`")),
        (
            "{emit: paid, as: rumour}",
            ("as", "Input should be 'fact', 'event' or 'notification'"),
        ),
    ],
)
def test_a_bad_setting_is_refused_in_plain_words(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, complaint: tuple[str, str]
) -> None:
    assert complaints(text) == [complaint]


def test_a_bad_name_is_refused_where_it_stands(complaints: Callable[[str], list[tuple[str, str]]]) -> None:
    assert [place for place, _ in complaints("{emit: Paid!}")] == ["emit"]


def test_the_result_is_the_value(configure: Configure) -> None:
    config = configure("{emit: paid, value: 12}")

    assert config.result_type({"value": parse_type("integer")}) == parse_type("integer")
    assert config.result_type({}) == Type({"type": "null"})


async def test_a_fact_stands_before_the_node_that_said_it() -> None:
    result = await run_workflow("podium: 1\nname: f\nnodes:\n  a: {emit: paid, value: {n: 12}}\nresult: a.out\n")

    bodies = [record.body for record in result.records if record.path == "a"]
    assert [type(body) for body in bodies] == [FactEmitted, NodeDone]
    fact = bodies[0]
    assert isinstance(fact, FactEmitted)
    assert fact.value is not None
    assert (fact.fact, fact.name) == ("fact", "paid")
    assert msgspec.json.decode(await result.store.payload(result.run, fact.value)) == {"n": 12}
    assert result.value == {"n": 12}


@pytest.mark.parametrize("after", ["", ", after: [begin]"])
async def test_an_event_reaches_a_wait_that_is_there_and_one_that_comes(after: str) -> None:
    result = await run_workflow(f"""podium: 1
name: e
nodes:
  begin: {{transform: 1}}
  say: {{emit: go, as: event, value: 7{after}}}
  hear: {{wait: {{signal: go}}{", after: [say]" if after else ""}}}
result: hear.out
""")

    assert (result.status, result.value) == ("done", 7)


async def test_an_event_is_taken_by_one_wait() -> None:
    result = await run_workflow("""podium: 1
name: e
nodes:
  one: {wait: {signal: go}}
  two: {wait: {signal: go}}
  say: {emit: go, as: event}
""")

    assert result.status == "signal"
    assert result.ports == {"say": "out", "one": "out"}


TWO_RUNS = """podium: 1
name: two
inputs: {to: {type: text, default: ""}}
nodes:
  role: {switch: [{when: inputs.to == '', then: hear}], else: say}
  hear: {wait: {signal: go, expires: 1d}}
  say: {emit: go, as: event, to: inputs.to, value: 7, on_error: {invalid_input: deaf}}
  deaf: {transform: "${say.error.message}"}
"""


async def test_an_event_wakes_the_run_that_it_is_sent_to_and_a_run_that_is_gone_is_an_error() -> None:
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(TWO_RUNS),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
    )
    hearer = await bench.start({})
    assert await bench.settle(hearer, {}) == "signal"

    first = await bench.start({"to": hearer})
    assert await bench.settle(first, {}) == "done"
    assert await bench.settle(hearer, {}) == "done"
    assert (await bench.result(hearer, "done")).outs["hear"] == 7
    assert (await bench.result(first, "done")).ports == {"role": "else", "say": "out"}

    late = await bench.start({"to": hearer})
    assert await bench.settle(late, {}) == "done"
    assert "deaf" in (await bench.result(late, "done")).ports
    await bench.engine.close()
