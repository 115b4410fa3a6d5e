from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from dirty_equals import IsStr

from podium.errors import EffectDenied, EffectError
from podium.node.calls import ToolCall
from podium.node.contract import Done
from podium.nodes.tool import UNCLEAR, ToolNode
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]
Complaints = Callable[[str], list[tuple[str, str]]]


def double(arguments: Mapping[str, Any]) -> int:
    return arguments["n"] * 2


async def test_calls_the_function_with_the_evaluated_arguments(configure: Configure) -> None:
    ctx = ScriptedContext(tools={"math.double": double})

    done = await ToolNode().run(ctx, configure("{tool: math.double, with: {n: '${x.out}'}}"), {"with": {"n": 21}})

    assert done == Done(42)
    assert ctx.calls == [ToolCall(tool="math", function="double", arguments={"n": 21})]


async def test_the_first_dot_ends_the_grant(configure: Configure) -> None:
    config = configure("{tool: erp.orders.list}")

    assert (config.grant, config.function) == ("erp", "orders.list")


async def test_a_tool_that_is_not_granted_is_denied(configure: Configure) -> None:
    with pytest.raises(EffectDenied):
        await ToolNode().run(ScriptedContext(), configure("{tool: math.double}"), {"with": {}})


async def test_a_failing_tool_is_left_to_the_engine(configure: Configure) -> None:
    ctx = ScriptedContext(tools={"math.double": EffectError("EF015", "down", kind="unavailable")})

    with pytest.raises(EffectError, match="down"):
        await ToolNode().run(ctx, configure("{tool: math.double}"), {"with": {}})

    assert len(ctx.calls) == 1


async def test_an_answer_of_another_type_is_unclear_and_kept(configure: Configure) -> None:
    ctx = ScriptedContext(tools={"erp.total": {"total": "12,50"}})
    config = configure("{tool: erp.total, output: {total: number}}")

    assert await ToolNode().run(ctx, config, {"with": {}}) == Done(
        {"total": "12,50"},
        port=UNCLEAR,
        reason="the answer does not fit `output`: total: '12,50' is not of type 'number'",
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"hits": []}, "`size(out.hits) == 1` does not hold"),
        ({"hits": ["a", "b"]}, "`size(out.hits) == 1` does not hold"),
        ({}, IsStr(regex=r"(?s)`size\(out.hits\) == 1` failed: .+")),
        ({"hits": 3}, IsStr(regex=r"(?s)`size\(out.hits\) == 1` failed: .+")),
    ],
)
async def test_an_answer_that_misses_what_was_expected_is_unclear(
    configure: Configure, answer: object, reason: str
) -> None:
    ctx = ScriptedContext(tools={"crm.find": answer})
    config = configure("{tool: crm.find, expect: size(out.hits) == 1}")

    assert await ToolNode().run(ctx, config, {"with": {}}) == Done(answer, port=UNCLEAR, reason=reason)


async def test_an_answer_as_expected_leaves_by_out(configure: Configure) -> None:
    ctx = ScriptedContext(tools={"crm.find": {"hits": ["a"]}})
    config = configure("{tool: crm.find, expect: size(out.hits) == 1}")

    assert await ToolNode().run(ctx, config, {"with": {}}) == Done({"hits": ["a"]})


async def test_expectations_may_look_at_other_values_in_scope(configure: Configure) -> None:
    ctx = ScriptedContext(tools={"math.double": double}, scope={"inputs": {"most": 40}})
    config = configure("{tool: math.double, expect: out <= inputs.most}")

    assert (await ToolNode().run(ctx, config, {"with": {"n": 20}})).port == "out"
    assert (await ToolNode().run(ctx, config, {"with": {"n": 21}})).port == UNCLEAR


def test_the_expectation_is_told_of_the_declared_type(configure: Configure) -> None:
    declared = configure("{tool: crm.find, output: {hits: [text]}, expect: size(out.hits) == 1}")
    silent = configure("{tool: crm.find, expect: out}")

    assert declared.late_fields() == frozenset({"expect"})
    assert declared.late_names() == {"out": parse_type({"hits": ["text"]})}
    assert silent.late_names() == {"out": Type.any()}


def test_the_result_has_the_declared_type_or_any(configure: Configure) -> None:
    assert configure("{tool: crm.find}").result_type({}) == Type.any()
    assert configure("{tool: crm.find, output: text}").result_type({}) == parse_type("text")


@pytest.mark.parametrize("name", ["git_log", "git.", ".log", "git log.x", "git.log of commits", "'3git.log'"])
def test_a_function_is_named_with_its_grant(complaints: Complaints, name: str) -> None:
    assert complaints(f"{{tool: {name}}}") == [
        ("tool", f"expected a tool and its function such as `git.git_log`, got `{name.strip(chr(39))}`")
    ]


def test_arguments_have_names(complaints: Complaints) -> None:
    assert complaints("{tool: a.b, with: [1, 2]}") == [
        ("with", "expected arguments by name, such as `with: {path: notes.md}`, got `[1, 2]`")
    ]
