from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsStr
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import ErrorKind, ExpressionError, NodeError
from podium.node.contract import Done, Fork, ItemResult
from podium.nodes.loop import LoopNode
from podium.spec.model import Body, Expression, Inner
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext
from podium.testing.running import run_workflow
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

PLAIN = "{loop: {a: {transform: 1}}, max: 3}"
UNTIL = "{loop: {a: {transform: 1}}, until: a.out > 2, max: 3}"
WHILE = "{loop: {a: {transform: 1}}, while: last < 3, start: '0', max: 3}"


def rounds(*values: object, told: bool = False) -> list[ItemResult]:
    return [
        ItemResult(index=index, status="ok", value=value, told={"until": told}) for index, value in enumerate(values)
    ]


async def collected(config: Any, items: list[ItemResult]) -> Fork | Done:
    return await LoopNode().collect(ScriptedContext(), config, {}, items)


async def refused(config: Any, items: list[ItemResult]) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await collected(config, items)
    return caught.value


async def test_the_first_round_is_given_the_start(configure: Configure) -> None:
    assert await LoopNode().run(ScriptedContext(), configure(PLAIN), {"start": "draft"}) == Fork(["draft"])
    assert await LoopNode().run(ScriptedContext(), configure(PLAIN), {}) == Fork([None])


async def test_each_further_round_is_given_the_result_of_the_one_before(configure: Configure) -> None:
    assert await collected(configure(UNTIL), rounds("first", "second")) == Fork(["second"])


async def test_it_ends_with_the_round_after_which_until_holds(configure: Configure) -> None:
    assert await collected(configure(UNTIL), rounds("first", told=True)) == Done("first")


async def test_while_is_asked_before_each_round_the_first_included(configure: Configure) -> None:
    config = configure(WHILE)

    assert await LoopNode().run(ScriptedContext(), config, {"start": 2}) == Fork([2])
    assert await LoopNode().run(ScriptedContext(), config, {"start": 3}) == Done(3)
    assert await collected(config, rounds(1, 2)) == Fork([2])
    assert await collected(config, rounds(1, 3)) == Done(3)


async def test_while_reads_what_stands_around_the_loop(configure: Configure) -> None:
    config = configure("{loop: {a: {transform: 1}}, as: n, while: n < inputs.top}")
    ctx = ScriptedContext(scope={"inputs": {"top": 5}})

    assert await LoopNode().run(ctx, config, {"start": 4}) == Fork([4])
    assert await LoopNode().run(ctx, config, {"start": 5}) == Done(5)


async def test_while_must_be_true_or_false(configure: Configure) -> None:
    config = configure("{loop: {a: {transform: 1}}, while: last}")

    with pytest.raises(ExpressionError, match="expected true or false from `last`, got `yes`"):
        await LoopNode().run(ScriptedContext(), config, {"start": "yes"})


@given(count=st.integers(1, 20))
async def test_without_a_condition_it_runs_exactly_max_times(count: int) -> None:
    result = await run_workflow(
        f"podium: 1\nname: n\nnodes:\n  n: {{loop: {{a: {{transform: '${{last + 1}}'}}}}, start: '0', max: {count}}}\n"
        "result: n.out\n"
    )

    assert (result.status, result.value) == ("done", count)
    assert [path for path in result.outs if path.endswith("/a")] == [f"n[{index}]/a" for index in range(count)]


async def test_rounds_that_were_not_enough_are_a_limit(configure: Configure) -> None:
    for text in (UNTIL, WHILE):
        error = await refused(configure(text), rounds(0, 1, 2))

        assert (error.code, error.kind, error.message) == ("EN059", "limit", "3 rounds were not enough")


async def test_the_last_result_may_do_when_rounds_were_not_enough(configure: Configure) -> None:
    assert await collected(configure(UNTIL[:-1] + ", on_max: last}"), rounds(0, 1, 2)) == Done(2)


@pytest.mark.parametrize("kind", ["failed", "denied", "timeout"])
async def test_a_round_that_fails_fails_the_loop_with_its_kind(configure: Configure, kind: ErrorKind) -> None:
    failed = ItemResult(index=1, status="failed", code="EF021", kind=kind, message="not there")

    error = await refused(configure(PLAIN), [*rounds("fine"), failed])

    assert (error.code, error.kind, error.message) == ("EN058", kind, "round 2 failed: EF021: not there")


def test_tells_the_engine_of_its_body(configure: Configure) -> None:
    config = configure("{loop: {a: {transform: 1}}, as: x, until: a.out > 2, result: a.out}")

    assert config.bodies() == {
        "": Body(
            nodes=config.loop,
            loc=("loop",),
            variable="x",
            variable_loc=("as",),
            result=Expression("a.out"),
            result_loc=("result",),
            each=True,
            max_failed=0,
            tells={"until": Inner(Expression("a.out > 2"), ("until",))},
        )
    }
    assert configure(PLAIN).bodies()[""].tells == {}
    assert config.late_fields() == frozenset({"while"})
    assert config.late_names() == {"x": Type.any()}


def test_the_result_is_what_a_round_gives(configure: Configure) -> None:
    text = parse_type("text")

    assert configure(PLAIN).result_type({"result": text}) == text
    assert configure(WHILE).result_type({"result": text, "start": text}) == text
    assert configure(WHILE).result_type({"result": text, "start": parse_type("integer")}) == Type.any()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{loop: {}}", ("loop", IsStr())),
        ("{loop: {a: {transform: 1}}, max: 0}", ("max", IsStr())),
        ("{loop: {a: {transform: 1}}, max: 10001}", ("max", IsStr())),
        ("{loop: {a: {transform: 1}}, on_max: first}", ("on_max", IsStr())),
        ("{loop: {a: {transform: 1}}, as: Last}", ("as", IsStr())),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, complaint: tuple[str, str]
) -> None:
    assert complaints(text) == [complaint]


POLISH = """podium: 1
name: polish
nodes:
  refine:
    loop:
      draft: {llm: "Better than: ${last}"}
      length: {transform: "${size(draft.out)}"}
    start: "'none yet'"
    until: length.out < 10
    max: 3
    result: draft.out
result: refine.out
"""


async def test_rounds_follow_one_another_and_see_the_one_before() -> None:
    model = ScriptedModel(["a long first draft", "short"])

    result = await run_workflow(POLISH, model=model)

    assert (result.status, result.value) == ("done", "short")
    assert model.prompts == ("Better than: none yet", "Better than: a long first draft")
    assert result.outs["refine[0]/draft"] == "a long first draft"
    assert result.outs["refine[1]/length"] == 5


async def test_unhandled_a_loop_without_end_ends_the_run_with_status_limit() -> None:
    result = await run_workflow(POLISH, model=ScriptedModel(["a long draft"] * 3))

    assert (result.status, result.value) == ("limit", None)


async def test_another_node_may_go_on_when_rounds_were_not_enough() -> None:
    text = POLISH.replace("max: 3", "max: 3\n    on_limit: plan_b").replace(
        "result: refine.out\n", "  plan_b: {transform: by hand}\nresult: plan_b.out\n"
    )

    result = await run_workflow(text, model=ScriptedModel(["a long draft"] * 3))

    assert (result.status, result.value) == ("done", "by hand")


async def test_a_loop_in_a_loop_has_rounds_of_its_own() -> None:
    result = await run_workflow("""podium: 1
name: nested
nodes:
  outer:
    loop:
      inner:
        loop: {add: {transform: "${n + 1}"}}
        as: n
        start: last
        max: 2
    start: "0"
    max: 3
result: outer.out
""")

    assert (result.status, result.value) == ("done", 6)
    assert result.outs["outer[2]/inner[1]/add"] == 6
