"""`@tool`: what a function declares, and what cannot be a tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from podium import EffectKey, Progress, ToolSettings, tool
from podium.effects.function import function_of, functions_of
from podium.effects.ports import FunctionInfo
from podium.spec.types import Type


class Settings(ToolSettings):
    """Settings of these functions."""

    site: str


@dataclass
class Order:
    number: int
    due: date


@tool(effect="write", delivery="keyed")
async def order(
    article: str,
    pieces: Annotated[int, Field(ge=1, description="How many.")] = 1,
    *,
    schema: str = "",
    k: EffectKey,
    p: Progress,
    s: Settings,
) -> Order:
    """Order pieces."""
    p(f"{article} {pieces} {schema} {k} {s.site}")
    return Order(number=pieces, due=date(2026, 11, 21))


def nobody(_text: str) -> None:
    """Progress that nobody watches."""


def test_a_function_says_everything_by_its_signature() -> None:
    assert function_of(order).info == FunctionInfo(
        name="order",
        about="Order pieces.",
        parameters={
            "type": "object",
            "properties": {
                "article": {"title": "Article", "type": "string"},
                "pieces": {
                    "title": "Pieces",
                    "type": "integer",
                    "minimum": 1,
                    "description": "How many.",
                    "default": 1,
                },
                "schema": {"title": "Schema", "type": "string", "default": ""},
            },
            "required": ["article"],
            "additionalProperties": False,
        },
        result=Type(
            {
                "type": "object",
                "title": "Order",
                "properties": {
                    "number": {"title": "Number", "type": "integer"},
                    "due": {"title": "Due", "type": "string", "format": "date"},
                },
                "required": ["number", "due"],
            }
        ),
        effect="write",
        delivery="keyed",
    )


def test_what_podium_fills_goes_by_type_and_is_no_argument() -> None:
    bound = function_of(order).bind({"article": "x"}, key=EffectKey("k1"), progress=nobody, settings=Settings(site="n"))

    assert bound == {"article": "x", "k": "k1", "p": nobody, "s": Settings(site="n")}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"article": 3}, {"article": "x", "pieces": "2"}, {"article": "x", "pieces": 0}, {"article": "x", "k": "mine"}],
    ids=["missing", "type", "no coercion", "bound", "filled by podium"],
)
def test_arguments_are_strict(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        function_of(order).bind(arguments, key=EffectKey("k"), progress=nobody, settings=None)


def test_arguments_may_be_what_json_has_a_form_for() -> None:
    @tool(effect="none", delivery="repeatable")
    def plan(when: date, where: Path) -> None:
        """Plan."""

    bound = function_of(plan).bind(
        {"when": "2026-11-21", "where": "a/b"}, key=EffectKey("k"), progress=nobody, settings=None
    )

    assert bound == {"when": date(2026, 11, 21), "where": Path("a/b")}


def test_the_mark_leaves_the_function_as_it_is() -> None:
    def plain() -> None:
        """Do nothing."""

    assert tool(effect="none", delivery="repeatable")(plain) is plain


def test_only_marked_functions_exist_and_a_trailing_underscore_is_dropped() -> None:
    @tool(effect="none", delivery="repeatable")
    def list_() -> None:
        """List."""

    def hidden() -> None:
        """Stay hidden."""

    assert list(functions_of({"list_": list_, "hidden": hidden, "x": 3})) == ["list"]


def undocumented() -> None: ...


def anything(*args: int) -> None:
    """Take anything."""


def untyped(x) -> None:  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType] # noqa: ANN001 - the claim
    """Take something."""


def unknown(x: Nowhere) -> None:  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType] # noqa: F821 - the claim
    """Take something."""


def unspeakable(x: Callable[[], int]) -> None:
    """Take something that JSON has no form for."""


def two_keys(a: EffectKey, b: EffectKey) -> None:
    """Take two keys."""


WRONG: list[tuple[Any, Any, str]] = [
    (undocumented, "once", "`undocumented` has no docstring"),
    (anything, "once", r"`anything` takes `\*args: .*`; arguments of a tool have names"),
    (untyped, "once", "`untyped` takes `x` without saying its type"),
    (unknown, "once", "`unknown` has an annotation that is not defined at run time"),
    (unspeakable, "once", "`unspeakable` has a type that JSON has no form for"),
    (two_keys, "once", "`two_keys` takes two parameters for its key"),
    (nobody, "keyed", "`nobody` is declared keyed but takes no parameter of type `EffectKey`"),
]


@pytest.mark.parametrize(("function", "delivery", "found"), WRONG)
def test_what_cannot_be_a_tool_is_told_what_to_change(function: Any, delivery: Any, found: str) -> None:
    tool(effect="read", delivery=delivery)(function)

    with pytest.raises(TypeError, match=found):
        function_of(function)


def test_a_function_without_a_mark_is_no_tool() -> None:
    with pytest.raises(TypeError, match="`print` is not marked `@tool`"):
        function_of(print)
