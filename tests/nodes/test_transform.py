from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsStr

from podium.node.contract import Done
from podium.nodes.transform import TransformNode
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]


@pytest.mark.parametrize("value", [None, 3, "text", ["a", 1.5], {"a": {"b": []}}])
async def test_hands_on_what_was_built(configure: Configure, value: object) -> None:
    assert await TransformNode().run(ScriptedContext(), configure("{transform: x}"), {"transform": value}) == Done(
        value
    )


def test_keeps_the_type_of_what_was_built(configure: Configure) -> None:
    config = configure("{transform: {title: '${x.out}'}}")

    assert config.result_type({"transform": parse_type({"title": "text"})}) == parse_type({"title": "text"})
    assert config.result_type({}) == Type.any()


def test_an_open_placeholder_is_refused(complaints: Callable[[str], list[tuple[str, str]]]) -> None:
    assert complaints("{transform: {title: 'Dear ${name'}}") == [("transform.title", IsStr(regex=".*not closed.*"))]
