"""What every model behind the port must do, whoever serves it.

```python
class TestMyModel(ModelSuite):
    @pytest.fixture
    async def model(self) -> AsyncIterator[ModelPort]: ...

    @pytest.fixture
    async def slow_model(self) -> AsyncIterator[ModelPort]: ...
```

`model` is ready to answer anything; `slow_model` needs more than `SLOW_S` seconds for any answer. What it says is its
own affair; that it keeps to the port is not.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.effects.ports import ModelPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import Message, ModelCall, ModelReply
from podium.spec.types import Type, parse_type

Json = Any

SLOW_S = 0.3
"""What a slow model needs at least, in seconds."""

_KEY = EffectKey("c0ffee" + "0" * 26)
_PATIENCE_S = 100.0

SCHEMAS: dict[str, Type] = {
    "object": parse_type({"title": "text"}),
    "nested": parse_type({"themes": [{"title": "text", "commits": ["integer"]}]}),
    "list": parse_type(["integer"]),
    "choice": parse_type({"enum": ["yes", "no"]}),
    "number": parse_type({"type": "integer", "minimum": 1, "maximum": 5}),
    "bounded": parse_type({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 3}),
}


def asking(text: str, *, schema: Type | None = None, max_tokens: int = 48) -> ModelCall:
    """Return a short call."""
    return ModelCall(
        messages=(Message(role="system", text="You answer briefly."), Message(role="user", text=text)),
        schema=None if schema is None else schema.schema,
        max_tokens=max_tokens,
    )


async def answer(
    model: ModelPort, call: ModelCall, *, timeout_s: float = _PATIENCE_S, seen: list[str] | None = None
) -> ModelReply:
    """Ask once."""
    return await model.call(call, key=_KEY, timeout_s=timeout_s, progress=(seen if seen is not None else []).append)


class ModelSuite:
    """Subclass it with the two fixtures of the module's example."""

    pytestmark = pytest.mark.anyio

    async def test_an_answer_names_its_model_and_counts_its_tokens(self, model: ModelPort) -> None:
        """Text without a schema has no value."""
        reply = await answer(model, asking("Say hello."))

        assert reply.text.strip()
        assert (reply.value, reply.model) == (None, model.name)
        assert reply.usage.input_tokens > 0
        assert reply.usage.output_tokens > 0
        assert reply.usage.cached_tokens <= reply.usage.input_tokens

    async def test_the_pieces_of_the_stream_are_the_answer(self, model: ModelPort) -> None:
        """Watchers see what is recorded."""
        seen: list[str] = []

        reply = await answer(model, asking("Say hello."), seen=seen)

        assert "".join(seen).strip() == reply.text.strip()

    @pytest.mark.parametrize("form", SCHEMAS)
    async def test_with_a_schema_the_value_satisfies_it(self, model: ModelPort, form: str) -> None:
        """Whatever the adapter does for it."""
        reply = await answer(model, asking("Choose any answer.", schema=SCHEMAS[form], max_tokens=400))

        assert SCHEMAS[form].problems(reply.value) == []

    async def test_several_calls_at_once_are_all_answered(self, model: ModelPort) -> None:
        """In parallel or one after another, as the model can."""
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(answer(model, asking(f"Say {n}."))) for n in ("one", "two", "three")]

        assert all(call.result().text.strip() for call in calls)

    async def test_no_answer_in_time_is_a_timeout_in_doubt(self, slow_model: ModelPort) -> None:
        """The work may have been done."""
        with pytest.raises(EffectError) as caught:
            await answer(slow_model, asking("Say hello.", max_tokens=2000), timeout_s=SLOW_S / 2)

        assert (caught.value.code, caught.value.kind, caught.value.landed) == ("EF002", "timeout", "unknown")

    async def test_after_a_cancelled_call_the_next_one_is_answered(self, slow_model: ModelPort) -> None:
        """Cancelling breaks nothing."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SLOW_S / 2):
                await answer(slow_model, asking("Count to a thousand.", max_tokens=2000))

        assert (await answer(slow_model, asking("Say hello."))).text.strip()

    async def test_a_working_model_passes_its_check(self, model: ModelPort) -> None:
        """And the check costs no answer."""
        await model.check()
