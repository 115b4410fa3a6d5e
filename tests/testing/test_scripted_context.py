from __future__ import annotations

import pytest

from podium.errors import EffectDenied, EffectError, ExpressionError
from podium.node.calls import Message, ModelCall, ToolCall, ToolReply
from podium.spec.model import Expression
from podium.testing.context import NOW, ScriptedContext
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

ASK = ModelCall(messages=(Message(role="user", text="Well?"),))


def test_expressions_are_evaluated_for_real() -> None:
    ctx = ScriptedContext(scope={"inputs": {"n": 3}})

    assert ctx.evaluate(Expression("inputs.n + size(out)"), out=[1, 2]) == 5


@pytest.mark.parametrize("text", ["unknown > 3", "1 / inputs.n", "inputs.", "inputs.gone"])
def test_an_expression_that_fails_says_so(text: str) -> None:
    with pytest.raises(ExpressionError):
        ScriptedContext(scope={"inputs": {"n": 0}}).evaluate(Expression(text))


async def test_a_tool_answers_by_value_function_or_error() -> None:
    ctx = ScriptedContext(
        tools={
            "a.value": [1],
            "a.function": lambda arguments: arguments["x"] + 1,
            "a.error": EffectError("EF015", "down", kind="unavailable"),
        }
    )

    assert await ctx.call_tool(ToolCall(tool="a", function="value", arguments={})) == ToolReply(value=[1])
    assert await ctx.call_tool(ToolCall(tool="a", function="function", arguments={"x": 1})) == ToolReply(value=2)
    with pytest.raises(EffectError, match="down"):
        await ctx.call_tool(ToolCall(tool="a", function="error", arguments={}))


async def test_what_is_not_granted_is_denied_and_remembered() -> None:
    ctx = ScriptedContext()
    call = ToolCall(tool="a", function="b", arguments={})

    with pytest.raises(EffectDenied):
        await ctx.call_tool(call)
    with pytest.raises(EffectError):
        await ctx.call_model(ASK)

    assert ctx.calls == [call, ASK]


async def test_a_model_streams_into_progress() -> None:
    ctx = ScriptedContext(model=ScriptedModel(["one\ntwo"]))

    assert (await ctx.call_model(ASK)).text == "one\ntwo"
    assert ctx.progressed == ["one\n", "two"]


def test_the_clock_stands_still() -> None:
    assert ScriptedContext().now() == ScriptedContext().now() == NOW
