"""A model that says what it was told to say: the public double of a language model.

```python
model = ScriptedModel(["First answer.", {"title": "Second"}, Said(text="Third", after_s=5)])
model = ScriptedModel(when={"themes": {"themes": []}, "paragraph": "A paragraph."})
model = ScriptedModel(answer=lambda call: call.messages[-1].text.upper())
```

Where an answer comes from, in this order:

1. the first key of `when` that stands in the conversation's text: its answer, every time; of a tuple one after
   another, the last for ever;
2. `replies`, one after another;
3. `answer`, a function of the call;
4. when nothing is scripted at all (`auto`): a small value that satisfies the call's schema, or `scripted answer`.

Text, a JSON value, a `Said`, a whole `ModelReply` or an exception may stand for an answer. A model is asked many
things at once when branches run side by side; there `when` is the form that does not depend on their order.

It keeps the rules of the port, as the conformance suite verifies: text is read against the schema exactly like a
real model's, a delay beyond the timeout is a timeout, and every call is remembered in `calls`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from podium.clock import Clock, SystemClock
from podium.effects.answer import invalid_answer, read_answer
from podium.effects.ports import Progress
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ModelCall, ModelReply, Usage
from podium.testing.example import example_value

Json = Any


class Said(Struct, frozen=True, kw_only=True):
    """One scripted answer with its circumstances.

    Attributes:
        text: The answer as it comes, piece by piece.
        usage: Its tokens; None counts words.
        after_s: Seconds of the model's clock before it is there.
    """

    text: str
    finish: Literal["stop", "length", "refused"] = "stop"
    usage: Usage | None = None
    after_s: float = 0


Scripted = Said | ModelReply | Exception | str | dict[str, Json] | list[Json] | int | float | bool | None


class ScriptedModel:
    """See the module's rules. It is also an installation's only model: `choose` returns itself.

    Attributes:
        calls: Every call that came, in order.
        keys: Their idempotency keys.
    """

    def __init__(
        self,
        replies: Iterable[Scripted] = (),
        *,
        when: Mapping[str, Scripted | tuple[Scripted, ...]] | None = None,
        answer: Callable[[ModelCall], Scripted] | None = None,
        name: str = "scripted/model",
        clock: Clock | None = None,
    ) -> None:
        self._replies = list(replies)
        self._when = {mark: list(said) if isinstance(said, tuple) else [said] for mark, said in (when or {}).items()}
        self._answer = answer
        self._auto = not self._replies and not self._when and answer is None
        self._name = name
        self._clock: Clock = clock or SystemClock()
        self.calls: list[ModelCall] = []
        self.keys: list[EffectKey] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def prompts(self) -> tuple[str, ...]:
        """The last message of every call, in order."""
        return tuple(call.messages[-1].text for call in self.calls)

    async def choose(self, call: ModelCall) -> ScriptedModel:  # noqa: ARG002 - there is no other
        """Return this model, whatever the call."""
        return self

    def say(self, call: ModelCall) -> Said | ModelReply:
        """Remember the call and return what the script says to it, not yet read against the schema.

        Raises:
            Exception: when the script says so.
        """
        self.calls.append(call)
        scripted = self._next(call)
        match scripted:
            case Exception():
                raise scripted
            case Said() | ModelReply():
                return scripted
            case str():
                return Said(text=scripted)
            case _:
                return Said(text=json.dumps(scripted, ensure_ascii=False))

    async def call(self, call: ModelCall, *, key: EffectKey, timeout_s: float, progress: Progress) -> ModelReply:
        self.keys.append(key)
        said = self.say(call)
        if isinstance(said, ModelReply):
            return said
        await self._wait(said.after_s, timeout_s)
        for line in said.text.splitlines(keepends=True):
            progress(line)
        return self._reply(call, said)

    async def check(self) -> None:
        return

    async def close(self) -> None:
        return

    def _next(self, call: ModelCall) -> Scripted:
        conversation = "\n".join(message.text for message in call.messages)
        for mark, script in self._when.items():
            if mark in conversation:
                return script.pop(0) if len(script) > 1 else script[0]
        if self._replies:
            return self._replies.pop(0)
        if self._answer is not None:
            return self._answer(call)
        if self._auto:
            return "scripted answer" if call.schema is None else _example(call.schema)
        raise EffectError(
            "EF049",
            f"the script has no answer for call {len(self.calls)}, `{call.messages[-1].text[:80]}`",
            kind="internal",
            help="give the scripted model one more reply, or a `when` that matches",
        )

    async def _wait(self, after_s: float, timeout_s: float) -> None:
        if after_s <= 0:
            return
        await self._clock.sleep(min(after_s, timeout_s))
        if after_s > timeout_s:
            raise EffectError(
                "EF002", f"`{self._name}` did not answer within {timeout_s:g} s", kind="timeout", landed="unknown"
            )

    def _reply(self, call: ModelCall, said: Said) -> ModelReply:
        if said.finish == "refused":
            raise EffectError("EF008", f"`{self._name}` declined to answer", kind="refused")
        if not said.text:
            raise invalid_answer("the answer is empty")
        usage = said.usage or counted(call, said.text)
        value = None if call.schema is None else read_answer(said.text, call.schema, finish=said.finish)
        return ModelReply(text=said.text, value=value, model=self._name, finish=said.finish, usage=usage)


def counted(call: ModelCall, text: str) -> Usage:
    """Return a usage that takes words for tokens."""
    words = sum(len(message.text.split()) for message in call.messages)
    return Usage(input_tokens=words, output_tokens=len(text.split()))


def _example(schema: Mapping[str, Json]) -> str:
    return json.dumps(example_value(schema), ensure_ascii=False)
