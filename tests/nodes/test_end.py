from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from podium.node.contract import Stop
from podium.nodes.end import EndNode
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]


async def test_stops_the_run_with_a_result(configure: Configure) -> None:
    config = configure("{end: done, reason: nothing new, result: x}")

    assert await EndNode().run(ScriptedContext(), config, {"reason": "nothing new", "result": [1]}) == Stop(
        status="done", reason="nothing new", out=[1]
    )


async def test_a_failed_end_needs_no_result(configure: Configure) -> None:
    assert await EndNode().run(ScriptedContext(), configure("{end: failed}"), {}) == Stop(status="failed")


def test_a_run_ends_done_or_failed_and_nothing_else(complaints: Callable[[str], list[tuple[str, str]]]) -> None:
    assert complaints("{end: cancelled}") == [("end", "Input should be 'done' or 'failed'")]
