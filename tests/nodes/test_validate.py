from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from podium.errors import ExpressionError, NodeError
from podium.ids import NodeId
from podium.node.contract import Done, Revise
from podium.nodes.validate import ValidateNode
from podium.spec.model import Revision
from podium.spec.types import parse_type
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

TWO = """
validate:
  - {check: size(x.out) < 900, message: "at most 900, not ${size(x.out)}"}
  - {check: x.out != ''}
"""


async def checked(config: Any, **values: object) -> Done | Revise:
    return await ValidateNode().run(ScriptedContext(), config, values)


async def test_what_holds_gives_true(configure: Configure) -> None:
    assert await checked(configure("{validate: x.ok}"), validate=True) == Done(out=True)
    assert await checked(
        configure(TWO), validate=[{"check": True, "message": "at most 900, not 3"}, {"check": True}]
    ) == Done(out=True)


async def test_what_does_not_hold_goes_back_with_the_message(configure: Configure) -> None:
    config = configure("{validate: size(x.out) < 9, revise: x, message: 'too long: ${size(x.out)}'}")

    assert await checked(config, validate=False, message="too long: 12") == Revise("too long: 12")


async def test_without_a_message_the_condition_speaks(configure: Configure) -> None:
    config = configure("{validate: size(x.out) < 9, revise: x}")

    assert await checked(config, validate=False) == Revise("`size(x.out) < 9` does not hold")


async def test_all_that_fails_is_told_at_once(configure: Configure) -> None:
    config = configure(TWO + "revise: x")

    outcome = await checked(config, validate=[{"check": False, "message": "at most 900, not 950"}, {"check": False}])

    assert outcome == Revise("at most 900, not 950\n`x.out != ''` does not hold")


async def test_without_anyone_to_revise_it_fails(configure: Configure) -> None:
    with pytest.raises(NodeError) as caught:
        await checked(configure("{validate: x.ok}"), validate=False)

    assert (caught.value.code, caught.value.kind, caught.value.message) == (
        "EN053",
        "invalid_output",
        "`x.ok` does not hold",
    )


@pytest.mark.parametrize("value", [1, "true", None, {}])
async def test_only_true_holds(configure: Configure, value: object) -> None:
    with pytest.raises(ExpressionError):
        await checked(configure("{validate: x.ok, revise: x}"), validate=value)


def test_says_whom_it_sends_back_and_how_often(configure: Configure) -> None:
    assert configure("{validate: x.ok, revise: x}").revision() == Revision(NodeId("x"), 2)
    assert configure("{validate: x.ok, revise: x, max: 5}").revision() == Revision(NodeId("x"), 5)
    assert configure("{validate: x.ok}").revision() is None


def test_the_result_is_boolean(configure: Configure) -> None:
    assert configure("{validate: x.ok}").result_type({}) == parse_type("boolean")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("{validate: ''}", ["validate"]),
        ("{validate: []}", ["validate"]),
        ("{validate: {check: x}}", ["validate"]),
        ("{validate: [{message: no}]}", ["validate.0.check"]),
        ("{validate: [{check: x, mesage: no}]}", ["validate.0.mesage"]),
        ("{validate: x, revise: y, max: 0}", ["max"]),
        ("{validate: x, max: 3}", [""]),
        ("{validate: [{check: x}], message: no}", [""]),
        ("{validate: x, revise: Not A Name}", ["revise"]),
    ],
)
def test_a_bad_setting_is_refused_once_and_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, places: list[str]
) -> None:
    assert [place for place, _ in complaints(text)] == places
