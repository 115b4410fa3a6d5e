from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsStr
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.control import signal
from podium.errors import ErrorKind, ExpressionError, NodeError
from podium.ids import SystemIds
from podium.node.contract import Done, Fork, ItemResult, Port
from podium.nodes.map import MOST_ITEMS, MapConfig, MapNode
from podium.spec.model import Body, Expression
from podium.spec.types import Type, parse_type
from podium.testing.clock import FakeClock
from podium.testing.context import ScriptedContext
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

PLAIN = "{map: xs.out, do: {a: {transform: '${item}'}}}"
COLLECT = "{map: xs.out, do: {a: {transform: '${item}'}}, on_item_error: collect}"


def ok(index: int, value: object) -> ItemResult:
    return ItemResult(index=index, status="ok", value=value)


def failed(index: int, kind: ErrorKind = "failed") -> ItemResult:
    return ItemResult(index=index, status="failed", code="EF015", kind=kind, message=f"no {index}")


async def collected(config: Any, *items: ItemResult) -> Done:
    return await MapNode().collect(ScriptedContext(), config, {}, items)


async def test_opens_one_body_per_item(configure: Configure) -> None:
    assert await MapNode().run(ScriptedContext(), configure(PLAIN), {"map": ["a", "b"]}) == Fork(["a", "b"])


async def test_nothing_to_do_is_done(configure: Configure) -> None:
    assert await MapNode().run(ScriptedContext(), configure(PLAIN), {"map": []}) == Done([])


async def test_nothing_to_do_leaves_by_empty_where_that_is_handled(configure: Configure) -> None:
    config = configure(PLAIN[:-1] + ", on_empty: idle}")

    assert await MapNode().run(ScriptedContext(), config, {"map": []}) == Done([], port=Port("empty"))


@pytest.mark.parametrize("value", [None, "abc", {"a": 1}, 3])
async def test_only_a_list_has_items(configure: Configure, value: object) -> None:
    with pytest.raises(ExpressionError, match=r"expected a list from `xs\.out`"):
        await MapNode().run(ScriptedContext(), configure(PLAIN), {"map": value})


async def test_a_list_that_is_too_long_is_a_limit_before_anything_starts(configure: Configure) -> None:
    config = configure(PLAIN[:-1] + ", max_items: 2}")

    with pytest.raises(NodeError) as caught:
        await MapNode().run(ScriptedContext(), config, {"map": [1, 2, 3]})

    assert (caught.value.code, caught.value.kind) == ("EN054", "limit")
    assert caught.value.message == "3 items are more than `max_items`, 2"


async def test_results_stand_in_the_order_of_the_items(configure: Configure) -> None:
    assert await collected(configure(PLAIN), ok(0, "a"), ok(1, None), ok(2, "c")) == Done(["a", None, "c"])


async def test_a_skipped_result_is_left_out_so_a_map_filters(configure: Configure) -> None:
    skipped = ItemResult(index=1, status="skipped")

    assert await collected(configure(PLAIN), ok(0, "a"), skipped, ok(2, "c")) == Done(["a", "c"])


@pytest.mark.parametrize("kind", ["failed", "denied", "limit", "timeout"])
async def test_one_failed_item_fails_the_map_with_its_kind(configure: Configure, kind: ErrorKind) -> None:
    with pytest.raises(NodeError) as caught:
        await collected(configure(PLAIN), ok(0, "a"), failed(1, kind), failed(2))

    assert (caught.value.code, caught.value.kind) == ("EN055", kind)
    assert caught.value.message == "2 items failed: [1] EF015: no 1; [2] EF015: no 2; 0 may fail"


async def test_collected_failures_are_counted_and_named(configure: Configure) -> None:
    assert await collected(configure(COLLECT), failed(0), ok(1, "b"), failed(2)) == Done(
        ["b"], errors=2, reason="2 items failed: [0] EF015: no 0; [2] EF015: no 2"
    )


async def test_only_the_first_failures_are_named(configure: Configure) -> None:
    done = await collected(configure(COLLECT), *(failed(index) for index in range(50)))

    named = "[0] EF015: no 0; [1] EF015: no 1; [2] EF015: no 2"
    assert done == Done([], errors=50, reason=f"50 items failed: {named}; and 47 more")


@given(ended=st.lists(st.sampled_from(["ok", "failed", "skipped"]), max_size=20), allowed=st.integers(0, 5))
async def test_a_map_fails_exactly_when_more_items_failed_than_may(ended: list[Any], allowed: int) -> None:
    config = MapConfig.model_validate(
        {"map": "xs", "do": {"a": MapConfig.model_construct()}, "on_item_error": {"max_failed": allowed}},
        context={"node_types": {}},
    )
    items = [ItemResult(index=index, status=status, value=index) for index, status in enumerate(ended)]

    if ended.count("failed") > allowed:
        with pytest.raises(NodeError):
            await collected(config, *items)
    else:
        done = await collected(config, *items)
        assert done.out == [index for index, status in enumerate(ended) if status == "ok"]
        assert done.errors == ended.count("failed")


def test_tells_the_engine_of_its_body(configure: Configure) -> None:
    config = configure(
        "{map: xs, as: x, do: {a: {transform: '${x}'}}, result: a.out, concurrency: 9, on_item_error: {max_failed: 3}}"
    )

    assert config.bodies() == {
        "": Body(
            nodes=config.do,
            loc=("do",),
            variable="x",
            variable_loc=("as",),
            result=Expression("a.out"),
            result_loc=("result",),
            each=True,
            concurrency=9,
            max_failed=3,
        )
    }
    assert config.do["a"] == configure("{transform: '${x}'}")


def test_the_defaults_are_bounds(configure: Configure) -> None:
    config = configure(PLAIN)

    body = config.bodies()[""]

    assert (body.variable, body.result, body.concurrency, body.max_failed) == ("item", None, 4, 0)
    assert (body.enough, body.signal) == (0, "")
    assert config.max_items == 10_000
    assert configure(COLLECT).bodies()[""].max_failed == MOST_ITEMS


def test_the_result_is_a_list_of_what_one_item_gives(configure: Configure) -> None:
    config = configure(PLAIN)

    assert config.result_type({"map": parse_type(["integer"]), "result": parse_type("text")}) == parse_type(["text"])
    assert config.result_type({}) == Type.list_of(Type.any())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{map: xs, do: {}}", ("do", IsStr())),
        ("{map: xs}", ("do", "Field required")),
        ("{map: xs, do: {a: {llm: ''}}}", ("do.a.llm", IsStr(regex="expected text.*"))),
        (
            "{map: xs, do: {a: {transform: 1}}, on_item_error: ignore}",
            ("on_item_error", "expected `fail`, `collect` or `{max_failed: 3}`, got `ignore`"),
        ),
        ("{map: xs, do: {a: {transform: 1}}, on_item_error: {max_failed: -1}}", ("on_item_error.max_failed", IsStr())),
        ("{map: xs, do: {a: {transform: 1}}, concurrency: 257}", ("concurrency", IsStr())),
        ("{map: xs, do: {a: {transform: 1}}, as: Item}", ("as", IsStr())),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, complaint: tuple[str, str]
) -> None:
    assert complaints(text) == [complaint]


# ── enough, more ──


async def test_the_results_of_enough_items_are_its_result(configure: Configure) -> None:
    config = configure(PLAIN[:-1] + ", enough: 1}")
    withdrawn = ItemResult(index=1, status="skipped")

    assert config.bodies()[""].enough == 1
    assert await collected(config, ok(0, "a"), withdrawn) == Done(["a"])


async def test_too_few_items_are_a_failure(configure: Configure) -> None:
    config = configure(COLLECT[:-1] + ", enough: 2}")

    with pytest.raises(NodeError) as caught:
        await collected(config, ok(0, "a"), failed(1, "timeout"), failed(2))

    assert (caught.value.code, caught.value.kind) == ("EN064", "timeout")
    assert caught.value.message == "1 of 3 items went well, and `enough` is 2"


async def test_a_list_that_cannot_be_enough_is_a_failure() -> None:
    result = await run_workflow("""podium: 1
name: none
nodes:
  some: {map: "[]", do: {a: {transform: 1}}, enough: 2, on_error: {failed: why}}
  why: {transform: "${some.error.code}: ${some.error.message}"}
result: why.out
""")

    assert (result.status, result.value) == ("done", "EN064: 0 of 0 items went well, and `enough` is 2")


def test_what_a_signal_brings_may_be_anything(configure: Configure) -> None:
    config = configure(PLAIN[:-1] + ", more: {signal: one_more}}")
    types = {"map": parse_type(["integer"])}

    assert config.bodies()[""].signal == "one_more"
    assert config.variable_type("", types) == Type.any()
    assert configure(PLAIN).variable_type("", types) == parse_type("integer")


async def test_enough_items_withdraw_the_others() -> None:
    result = await run_workflow("""podium: 1
name: enough
nodes:
  some:
    map: "[0, 1, 2, 3]"
    as: n
    concurrency: 4
    do:
      rest: {wait: 1h, when: n > 1}
      pick: {join: [rest, now], wait: any, reduce: first}
      now: {transform: "${n}", when: n <= 1}
    enough: 2
    result: pick.out
result: some.out
""")

    assert (result.status, result.value) == ("done", [0, 1])
    assert "some[2]/rest" not in result.ports


MORE = """podium: 1
name: more
nodes:
  each:
    map: "['a']"
    do:
      asked: {human: "${item}"}
      said: {transform: "${item}!", after: [asked]}
    more: {signal: one_more}
    result: said.out
result: each.out
"""


async def test_a_signal_adds_an_item_while_the_map_is_open() -> None:
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(MORE),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
    )
    run = await bench.start({})
    await bench.settle(run, {})
    await signal(bench.store, bench.ids, run, "one_more", by="ada", value="b")
    assert await bench.settle(run, {}) == "approval"

    status = await bench.settle(run, {"*": "approved"})

    result = await bench.result(run, status)
    await bench.engine.close()
    assert (result.status, result.value) == ("done", ["a!", "b!"])
