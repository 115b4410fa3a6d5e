"""Replies: what comes back passes the filters too, before it is recorded as an answer.

1. A model's answer that does not pass is kind `refused`, as if the model had declined; so is that of a tool that only
   reads. Its tokens count.
2. A tool that changed something has done so: its answer is withheld, `{"withheld": filter}`, and that is recorded.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from podium.effects.effect import Effect, Proceed
from podium.effects.filtering import filters_of, refusal
from podium.effects.safeguards import Safeguards
from podium.errors import EffectError
from podium.gate.redact.texts import Text, texts_of
from podium.node.calls import ModelCall, ModelReply, Reply, ToolCall, ToolReply


@dataclass(frozen=True, slots=True)
class Replies:
    """See the module's rules."""

    safeguards: Safeguards

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Let the effect happen, then ask the filters about its answer."""
        names = filters_of(effect, self.safeguards) if isinstance(effect.call, ModelCall | ToolCall) else ()
        return self._checked(effect, proceed, names) if names else proceed(effect)

    async def _checked(self, effect: Effect, proceed: Proceed, names: tuple[str, ...]) -> Reply:
        reply = await proceed(effect)
        if isinstance(reply, ModelReply):
            texts = [Text("", reply.text)]
        elif isinstance(reply, ToolReply):
            texts = list(texts_of(reply.value))
        else:
            return reply
        for name in names:
            if not await refusal(self.safeguards.loss.filters[name], texts, direction="reply"):
                continue
            if isinstance(reply, ToolReply) and effect.effect_class in ("write", "irreversible"):
                return ToolReply(value={"withheld": name})
            raise _refused(effect, reply, name)
        return reply


def _refused(effect: Effect, reply: Reply, name: str) -> EffectError:
    error = EffectError(
        "GA025",
        f"what `{effect.target}` answered does not pass filter `{name}`",
        kind="refused",
        help="ask for something else, or change the filter",
    )
    if isinstance(reply, ModelReply):
        error.tokens = (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cached_tokens)
    return error
