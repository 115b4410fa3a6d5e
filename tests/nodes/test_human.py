from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from podium.node.contract import Answer, Done, Park, Port, Question
from podium.nodes.human import HumanNode
from podium.spec.approval_rule import Rule, Voters
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

VALUES = {"human": "Publish?", "show": ["notes"]}


async def answered(config: Any, answer: Answer) -> Done:
    return await HumanNode().resume(ScriptedContext(), config, VALUES, answer)


async def test_asks_exactly_what_will_be_approved(configure: Configure) -> None:
    config = configure("{human: Publish?, show: notes.out, roles: [editor], expires: 2h}")

    assert await HumanNode().run(ScriptedContext(), config, VALUES) == Park(
        Question(text="Publish?", show=["notes"], roles=("editor",), expires=timedelta(hours=2))
    )


async def test_a_question_without_anything_to_show_waits_a_day(configure: Configure) -> None:
    assert await HumanNode().run(ScriptedContext(), configure("{human: Go on?}"), {"human": "Go on?"}) == Park(
        Question(text="Go on?", expires=timedelta(hours=24))
    )


async def test_who_must_agree_may_be_said_as_a_rule(configure: Configure) -> None:
    config = configure("{human: Q, approval: {roles: [editor], count: 2, expires: 2h}}")
    rule = Rule(stages=(Voters(roles=("editor",), count=2),), ends_ms=7_200_000)

    assert await HumanNode().run(ScriptedContext(), config, VALUES) == Park(
        Question(text="Publish?", show=["notes"], roles=("editor",), rule=rule)
    )


async def test_a_value_that_is_asked_for_is_the_result_and_has_its_type(configure: Configure) -> None:
    config = configure("{human: Q, show: x, output: {rating: integer}}")
    answer = Answer(verdict="approved", by="ada", value={"rating": 4})

    (asked,) = [(await HumanNode().run(ScriptedContext(), config, VALUES)).question]
    assert asked.schema == parse_type({"rating": "integer"}).schema
    assert await answered(config, answer) == Done({"rating": 4})
    assert config.result_type({"show": parse_type(["text"])}) == parse_type({"rating": "integer"})
    assert config.vouches() is None


async def test_approved_passes_what_was_shown_on_unchanged(configure: Configure) -> None:
    assert await answered(configure("{human: Q, show: x}"), Answer(verdict="approved", by="ada")) == Done(["notes"])


async def test_a_change_made_while_approving_is_what_is_approved(configure: Configure) -> None:
    answer = Answer(verdict="approved", by="ada", value=["better notes"])

    assert await answered(configure("{human: Q, show: x}"), answer) == Done(["better notes"])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(verdict="rejected", by="ada", reason="too early"), "rejected by ada: too early"),
        (Answer(verdict="rejected", by="ada"), "rejected by ada"),
        (Answer(verdict="rejected"), "rejected"),
    ],
)
async def test_rejected_names_who_said_no(configure: Configure, answer: Answer, reason: str) -> None:
    assert await answered(configure("{human: Q, show: x}"), answer) == Done(
        ["notes"], port=Port("rejected"), reason=reason
    )


async def test_silence_is_no_unless_the_workflow_says_otherwise(configure: Configure) -> None:
    silence = Answer(verdict="expired")

    assert await answered(configure("{human: Q, show: x}"), silence) == Done(
        ["notes"], port=Port("expired"), reason="nobody answered in time"
    )
    assert await answered(configure("{human: Q, show: x, on_expiry: approve}"), silence) == Done(["notes"])


async def test_a_no_stays_a_no_where_silence_would_be_a_yes(configure: Configure) -> None:
    config = configure("{human: Q, show: x, on_expiry: approve}")

    assert (await answered(config, Answer(verdict="rejected", by="ada"))).port == "rejected"


def test_the_result_has_the_type_of_what_is_shown(configure: Configure) -> None:
    config = configure("{human: Q, show: x}")

    assert config.result_type({"show": parse_type(["text"])}) == parse_type(["text"])
    assert config.result_type({}) == Type.any()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{human: ''}", "human"),
        ("{human: Q, expires: soon}", "expires"),
        ("{human: Q, expires: 0s}", "expires"),
        ("{human: Q, on_expiry: shrug}", "on_expiry"),
        ("{human: Q, roles: [Release Manager]}", "roles.0"),
        ("{human: Q, approval: required}", "approval"),
        ("{human: Q, approval: {roles: [a], stages: [{roles: [b]}]}}", "approval"),
        ("{human: Q, approval: {roles: [a]}, roles: [a]}", ""),
        ("{human: Q, approval: {count: 2}, output: text}", ""),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert [found for found, _ in complaints(text)] == [place]
