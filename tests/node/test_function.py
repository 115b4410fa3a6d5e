"""An async function is a node type: its parameters are settings, its return type is the type of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from typing_extensions import Doc

import podium
from podium.errors import NodeError
from podium.node import Context, Done, ModelCall, ToolCall
from podium.node.calls import Message
from podium.node.function import node_of
from podium.node.registry import Registry
from podium.spec.load import load
from podium.testing import ScriptedContext, ScriptedModel

pytestmark = pytest.mark.anyio


@dataclass
class Card:
    """A card."""

    title: str
    day: date


@podium.node_type
async def card_of(
    ctx: Context,
    title: Annotated[str, Field(description="What it says.")],
    day: Annotated[date, Doc("When.")] = date(2026, 11, 21),
    style: Literal["plain", "grand"] = "plain",
) -> Card:
    """Make a card."""
    if style == "grand":
        reply = await ctx.call_model(ModelCall(messages=(Message(role="user", text=f"Grander: {title}"),)))
        title = reply.text
    return Card(title, day)


TYPES = Registry([node_of(card_of)]).configs()


def loaded(node: str) -> Any:
    return load(f"podium: 1\nname: x\nnodes:\n  a: {node}\n", file="x.yaml", node_types=TYPES)


async def test_the_function_stays_what_it_was() -> None:
    assert await card_of(ScriptedContext(), "Ada", date(2026, 1, 2)) == Card("Ada", date(2026, 1, 2))


async def test_settings_arrive_as_the_types_that_they_are_annotated_with() -> None:
    config = loaded("{card_of: hello, day: 2026-01-02, style: grand}").workflow.nodes["a"]
    ctx = ScriptedContext(model=ScriptedModel(["Grand hello."]))

    done = await node_of(card_of).run(ctx, config, {"card_of": "hello", "day": "2026-01-02", "style": "grand"})

    assert done == Done({"title": "Grand hello.", "day": "2026-01-02"})
    assert len(ctx.calls) == 1


async def test_what_is_left_out_has_the_default_of_the_function() -> None:
    config = loaded("{card_of: hello}").workflow.nodes["a"]

    done = await node_of(card_of).run(ScriptedContext(), config, {"card_of": "hello"})

    assert done == Done({"title": "hello", "day": "2026-11-21"})


def test_what_is_written_as_it_stands_is_checked_when_the_file_is_loaded() -> None:
    found = [(one.code, one.loc[-1]) for one in loaded("{card_of: 3, day: never, style: odd, size: 2}").diagnostics]

    assert found == [("SP013", "card_of"), ("SP013", "day"), ("SP013", "style"), ("SP010", "size")]


async def test_what_an_expression_gives_is_checked_when_it_is_there() -> None:
    config = loaded('{card_of: "${inputs.x}"}').workflow.nodes["a"]

    with pytest.raises(NodeError) as caught:
        await node_of(card_of).run(ScriptedContext(), config, {"card_of": 3})

    assert (caught.value.code, caught.value.kind) == ("EN071", "invalid_input")


@podium.node_type
async def count(text: str) -> int:
    """Count words."""
    return text.split()  # type: ignore[return-value] # that is the defect


async def test_a_result_that_is_not_what_is_declared_is_a_defect() -> None:
    node = node_of(count)
    config = node.config.model_validate({"count": "a b"}, by_alias=True)

    with pytest.raises(NodeError) as caught:
        await node.run(ScriptedContext(), config, {"count": "a b"})

    assert (caught.value.code, caught.value.kind) == ("EN070", "internal")


def test_the_help_texts_are_those_of_the_function() -> None:
    fields = node_of(card_of).config.model_fields

    assert {field.alias: field.description for field in fields.values() if field.alias} == {
        "card_of": "What it says.",
        "day": "When.",
        "style": "`style` of the function.",
    }
    assert node_of(card_of).config.__doc__ == "Make a card."


def test_the_result_has_a_type_that_others_are_checked_against() -> None:
    wf = podium.Workflow("cards")
    card = wf.node("card", card_of, "Hello.")
    wf.result = card.out.titel

    (found,) = wf.check()

    assert (found.code, found.help) == ("EX004", "did you mean `title`?")


async def plain(text: str) -> str:
    return text


def blocking(text: str) -> str:
    """Block."""
    return text


async def nothing() -> None:
    """Take nothing."""


async def untyped(text) -> str:  # noqa: ANN001 # pyright: ignore[reportUnknownParameterType, reportMissingParameterType] # it is what is wrong
    """Say no type."""
    return str(text)  # pyright: ignore[reportUnknownArgumentType]


async def several(*text: str) -> str:
    """Take several."""
    return "".join(text)


async def when(text: str) -> str:
    """Have the name of a property."""
    return text


async def taken(text: str, retry: int) -> str:
    """Take a property of every node."""
    return text * retry


async def foreign(text: ToolCall | Callable[[], None]) -> str:
    """Take what JSON has no form for."""
    return str(text)


REFUSED: list[tuple[Any, str]] = [
    (plain, "no docstring"),
    (blocking, "no `async def`"),
    (nothing, "takes nothing"),
    (untyped, "without saying its type"),
    (several, "settings of a node have names"),
    (when, "cannot be a type key"),
    (taken, "a property of every node"),
    (foreign, "no form"),
]


@pytest.mark.parametrize(("function", "says"), REFUSED)
def test_what_cannot_be_a_node_type_is_refused_where_it_is_declared(function: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        podium.node_type(function)


def test_a_type_may_have_another_key_than_the_function() -> None:
    assert node_of(podium.node_type(type="at")(card_of)).type == "at"
    podium.node_type(card_of)  # as it was


def test_what_is_no_node_type_is_no_node_type() -> None:
    with pytest.raises(TypeError, match="no node type"):
        node_of(plain)
