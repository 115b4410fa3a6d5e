from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from dirty_equals import IsStr

from podium.errors import EffectError, NodeError
from podium.node.calls import Message, ModelCall, ModelReply
from podium.node.contract import Done, Feedback
from podium.nodes.llm import LlmNode
from podium.spec.types import parse_type
from podium.testing.context import ScriptedContext
from podium.testing.scripted import Said, Scripted, ScriptedModel

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]
Complaints = Callable[[str], list[tuple[str, str]]]

URGENCY = "{llm: How urgent?, output: {urgency: {enum: [low, high]}}}"


def asked(replies: Sequence[Scripted], **others: Any) -> ScriptedContext:
    return ScriptedContext(model=ScriptedModel(replies), **others)


def dialogue(ctx: ScriptedContext, call: int) -> list[tuple[str, str]]:
    asked = ctx.calls[call]
    assert isinstance(asked, ModelCall)
    return [(message.role, message.text) for message in asked.messages]


async def test_without_output_the_result_is_the_text(configure: Configure) -> None:
    ctx = asked(["A haiku."])

    done = await LlmNode().run(ctx, configure("{llm: Write a haiku.}"), {"llm": "Write a haiku."})

    assert done == Done("A haiku.")
    assert ctx.calls == [ModelCall(messages=(Message(role="user", text="Write a haiku."),))]


async def test_with_output_the_result_is_the_value(configure: Configure) -> None:
    ctx = asked([{"urgency": "high"}])

    done = await LlmNode().run(ctx, configure(URGENCY), {"llm": "How urgent?"})

    assert done == Done({"urgency": "high"})


async def test_all_settings_reach_the_model(configure: Configure) -> None:
    ctx = asked(["yes"])
    config = configure(
        "{llm: Well?, system: Be brief., max_tokens: 7, temperature: 0.3, route: {prefer: green, quality: low}}"
    )

    await LlmNode().run(ctx, config, {"llm": "Well?", "system": "Be brief."})

    assert ctx.calls == [
        ModelCall(
            messages=(Message(role="system", text="Be brief."), Message(role="user", text="Well?")),
            max_tokens=7,
            temperature_milli=300,
            prefer="green",
            quality="low",
        )
    ]


async def test_an_unusable_answer_is_asked_again_with_what_was_wrong(configure: Configure) -> None:
    ctx = asked([{"urgency": "medium"}, {"urgency": "low"}])

    done = await LlmNode().run(ctx, configure(URGENCY), {"llm": "How urgent?"})

    assert done == Done({"urgency": "low"})
    assert [call.turn for call in ctx.calls] == [0, 1]
    assert dialogue(ctx, 1) == [
        ("user", IsStr(regex=r"(?s)How urgent\?\n\nYour answer could not be used: .*medium.*\nAnswer again.*"))
    ]


async def test_every_repair_starts_from_all_that_was_wrong_so_far(configure: Configure) -> None:
    ctx = asked([{"urgency": "medium"}, "no JSON at all", {"urgency": "low"}])

    await LlmNode().run(ctx, configure(URGENCY), {"llm": "How urgent?"})

    (last,) = dialogue(ctx, 2)
    assert "medium" in last[1]
    assert "no JSON at all" in last[1]


async def test_a_model_that_breaks_its_port_is_caught_and_shown_its_own_words(configure: Configure) -> None:
    ctx = asked([ModelReply(text="medium!", value="medium", model="careless"), {"urgency": "low"}])

    done = await LlmNode().run(ctx, configure(URGENCY), {"llm": "How urgent?"})

    assert done == Done({"urgency": "low"})
    assert [role for role, _ in dialogue(ctx, 1)] == ["user", "assistant", "user"]
    assert dialogue(ctx, 1)[1] == ("assistant", "medium!")


@pytest.mark.parametrize(("repair", "calls"), [(0, 1), (2, 3), (5, 6)])
async def test_repairs_are_bounded(configure: Configure, repair: int, calls: int) -> None:
    ctx = asked([{"urgency": "never"}] * 10)
    config = configure(f"{{llm: Q, output: {{urgency: {{enum: [low]}}}}, repair: {repair}}}")

    with pytest.raises(NodeError) as caught:
        await LlmNode().run(ctx, config, {"llm": "Q"})

    assert (caught.value.code, caught.value.kind) == ("EN052", "invalid_output")
    assert f"after {calls} tries" in caught.value.message
    assert len(ctx.calls) == calls


async def test_half_a_text_is_never_passed_on_as_a_whole_one(configure: Configure) -> None:
    ctx = asked([Said(text="Once upon a", finish="length")])

    with pytest.raises(NodeError) as caught:
        await LlmNode().run(ctx, configure("{llm: Tell., max_tokens: 3}"), {"llm": "Tell."})

    assert (caught.value.code, caught.value.kind) == ("EN051", "limit")
    assert "3 tokens" in caught.value.message


async def test_a_refusal_is_not_asked_again(configure: Configure) -> None:
    ctx = asked([ModelReply(text="I would rather not.", model="shy", finish="refused"), "yes"])

    with pytest.raises(NodeError) as caught:
        await LlmNode().run(ctx, configure("{llm: Do it.}"), {"llm": "Do it."})

    assert (caught.value.code, caught.value.kind) == ("EN050", "refused")
    assert len(ctx.calls) == 1


async def test_an_unreachable_model_is_left_to_the_engine(configure: Configure) -> None:
    ctx = asked([EffectError("EF003", "not reachable", kind="unavailable"), "yes"])

    with pytest.raises(EffectError) as caught:
        await LlmNode().run(ctx, configure("{llm: Do it.}"), {"llm": "Do it."})

    assert caught.value.kind == "unavailable"
    assert len(ctx.calls) == 1


@pytest.mark.parametrize(("previous", "said"), [("Dear all,", "Dear all,"), ({"title": "Grüße"}, '{"title": "Grüße"}')])
async def test_a_revision_shows_the_earlier_answer_and_the_reason(
    configure: Configure, previous: object, said: str
) -> None:
    ctx = asked(["Hi."], feedback=Feedback(round=1, reason="too formal", previous=previous))

    await LlmNode().run(ctx, configure("{llm: Write.}"), {"llm": "Write."})

    assert dialogue(ctx, 0) == [
        ("user", "Write."),
        ("assistant", said),
        ("user", "This was not accepted: too formal\nAnswer again, and correct that."),
    ]


async def test_streamed_words_are_signs_of_life(configure: Configure) -> None:
    ctx = asked(["one\ntwo"])

    await LlmNode().run(ctx, configure("{llm: Count.}"), {"llm": "Count."})

    assert ctx.progressed == ["one\n", "two"]


def test_the_result_has_the_declared_type_and_is_text_otherwise(configure: Configure) -> None:
    assert configure("{llm: Q}").result_type({}) == parse_type("text")
    assert configure("{llm: Q, output: [integer]}").result_type({}) == parse_type(["integer"])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{llm: ''}", "llm"),
        ("{llm: 'Hello ${'}", "llm"),
        ("{llm: Q, temperature: 3}", "temperature"),
        ("{llm: Q, max_tokens: 0}", "max_tokens"),
        ("{llm: Q, route: {prefer: nice}}", "route.prefer"),
        ("{llm: Q, output: string of pearls}", "output"),
        ("{llm: Q, repair: 6}", "repair"),
        ("{llm: Q, tempreature: 1}", "tempreature"),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(complaints: Complaints, text: str, place: str) -> None:
    assert complaints(text) == [(place, IsStr(min_length=10))]
