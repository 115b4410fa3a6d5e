from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from podium.node.contract import Answer, Done, Park, Port, Question
from podium.nodes.wait import WaitNode
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("{wait: 10s}", Question(kind="timer", expires=timedelta(seconds=10))),
        ("{wait: {time: 2d}}", Question(kind="timer", expires=timedelta(days=2))),
        ("{wait: {signal: paid}}", Question(kind="signal", signal="paid")),
        (
            "{wait: {signal: paid, expires: 3d}}",
            Question(kind="signal", signal="paid", expires=timedelta(days=3)),
        ),
    ],
)
async def test_parks_for_a_time_or_a_signal(configure: Configure, text: str, question: Question) -> None:
    assert await WaitNode().run(ScriptedContext(), configure(text), {}) == Park(question)


async def test_a_signal_hands_on_what_it_carries(configure: Configure) -> None:
    answer = Answer(verdict="received", by="erp", value={"amount": 12})

    assert await WaitNode().resume(ScriptedContext(), configure("{wait: {signal: paid}}"), {}, answer) == Done(
        {"amount": 12}
    )


async def test_a_timer_that_is_due_is_no_failure(configure: Configure) -> None:
    due = Answer(verdict="expired")

    assert await WaitNode().resume(ScriptedContext(), configure("{wait: 10s}"), {}, due) == Done()


async def test_a_signal_that_never_came_leaves_expired(configure: Configure) -> None:
    config = configure("{wait: {signal: paid, expires: 3d}}")

    assert await WaitNode().resume(ScriptedContext(), config, {}, Answer(verdict="expired")) == Done(
        port=Port("expired"), reason="no signal `paid` came in time"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{wait: {}}", "wait"),
        ("{wait: {time: 1s, signal: paid}}", "wait"),
        ("{wait: {time: 1s, expires: 2s}}", "wait"),
        ("{wait: for ever}", "wait.time"),
        ("{wait: {signal: Paid!}}", "wait.signal"),
    ],
)
def test_what_is_neither_a_time_nor_a_signal_is_refused(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert [found for found, _ in complaints(text)] == [place]
