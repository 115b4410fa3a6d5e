from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot

from podium.clock import Millis
from podium.effects.ports import ModelPort, Models
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import Message, ModelCall, ModelReply, Usage
from podium.testing.scripted import Said, ScriptedModel

pytestmark = pytest.mark.anyio

KEY = EffectKey("0" * 32)
TITLE: dict[str, Any] = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


class SleepingClock:
    """Remembers how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> Millis:
        return Millis(0)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def asking(text: str, schema: dict[str, Any] | None = None) -> ModelCall:
    return ModelCall(messages=(Message(role="user", text=text),), schema=schema)


async def ask(model: ModelPort, call: ModelCall, seen: list[str] | None = None, timeout_s: float = 10) -> ModelReply:
    return await model.call(call, key=KEY, timeout_s=timeout_s, progress=(seen if seen is not None else []).append)


async def test_replies_come_in_order_as_text_or_value() -> None:
    model = ScriptedModel(["one", {"title": "two"}])

    first = await ask(model, asking("a"))
    second = await ask(model, asking("b", TITLE))

    assert first == ModelReply(text="one", model="scripted/model", usage=Usage(input_tokens=1, output_tokens=1))
    assert (second.text, second.value) == ('{"title": "two"}', {"title": "two"})
    assert model.prompts == ("a", "b")
    assert model.keys == [KEY, KEY]


async def test_what_stands_in_the_prompt_decides_whatever_the_order() -> None:
    model = ScriptedModel(["else"], when={"alpha": "A", "beta": ("B1", "B2")})

    said = [(await ask(model, asking(text))).text for text in ("beta?", "alpha?", "beta?", "beta?", "gamma?")]

    assert said == ["B1", "A", "B2", "B2", "else"]


async def test_a_function_answers_from_the_call() -> None:
    model = ScriptedModel(answer=lambda call: call.messages[0].text[::-1])

    assert (await ask(model, asking("abc"))).text == "cba"


async def test_an_exception_in_the_script_is_raised() -> None:
    busy = EffectError("EF004", "come back later", kind="rate_limited", retry_after_s=3)
    model = ScriptedModel([busy, "now"])

    with pytest.raises(EffectError) as caught:
        await ask(model, asking("a"))

    assert caught.value is busy
    assert (await ask(model, asking("a"))).text == "now"


async def test_without_a_script_the_answer_fits_the_schema() -> None:
    model = ScriptedModel()

    assert (await ask(model, asking("a"))).text == "scripted answer"
    assert (await ask(model, asking("a", TITLE))).value == {"title": "example"}


async def test_a_script_that_ran_out_is_an_error_of_the_test() -> None:
    model = ScriptedModel(["only"])
    await ask(model, asking("a"))

    with pytest.raises(EffectError) as caught:
        await ask(model, asking("and then?"))

    assert (caught.value.kind, str(caught.value)) == snapshot(
        ("internal", "EF049: the script has no answer for call 2, `and then?`")
    )


async def test_text_is_read_against_the_schema_like_a_real_answer() -> None:
    model = ScriptedModel(['```json\n{"title": "a"}\n```', "no JSON"])

    assert (await ask(model, asking("a", TITLE))).value == {"title": "a"}
    with pytest.raises(EffectError) as caught:
        await ask(model, asking("a", TITLE))
    assert caught.value.kind == "invalid_output"


async def test_a_delay_passes_on_the_model_s_clock() -> None:
    clock = SleepingClock()
    model = ScriptedModel([Said(text="late", after_s=7)], clock=clock)

    assert (await ask(model, asking("a"))).text == "late"
    assert clock.slept == [7]


async def test_a_delay_beyond_the_timeout_is_a_timeout_after_the_timeout() -> None:
    clock = SleepingClock()
    model = ScriptedModel([Said(text="late", after_s=70)], clock=clock)

    with pytest.raises(EffectError) as caught:
        await ask(model, asking("a"), timeout_s=10)

    assert (caught.value.kind, caught.value.landed, clock.slept) == ("timeout", "unknown", [10])


async def test_an_answer_is_streamed_by_the_line() -> None:
    seen: list[str] = []

    await ask(ScriptedModel(["one\ntwo"]), asking("a"), seen)

    assert seen == ["one\n", "two"]


async def test_usage_and_finish_are_what_the_script_says() -> None:
    usage = Usage(input_tokens=100, output_tokens=4096, cached_tokens=90)
    model = ScriptedModel([Said(text="cut o", finish="length", usage=usage)])

    reply = await ask(model, asking("a"))

    assert reply == ModelReply(text="cut o", model="scripted/model", finish="length", usage=usage)


async def test_a_refusal_is_an_error_of_its_own_kind() -> None:
    with pytest.raises(EffectError) as caught:
        await ask(ScriptedModel([Said(text="no", finish="refused")]), asking("a"))

    assert (caught.value.code, caught.value.kind) == ("EF008", "refused")


async def test_it_is_an_installation_s_only_model() -> None:
    models: Models = (model := ScriptedModel())

    assert await models.choose(asking("a")) is model
