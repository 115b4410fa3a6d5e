"""Budget: is there enough left for the most that this effect can use?

It reserves in the meters of all scopes around the node; the intent makes the reservation durable, the outcome settles
it. Where only other reservations stand in the way, the node waits and asks again.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended, refuse
from podium.errors import EffectError
from podium.node.calls import ModelCall, Reply

ASK_AGAIN_MS = 2_000
"""How long a node waits for others to settle before it asks again."""


@dataclass(frozen=True, slots=True)
class Budget:
    """See the module's rules."""

    clock: Clock

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Reserve, then go on."""
        if not effect.meters or not isinstance(effect.call, ModelCall):
            return proceed(effect)
        return self._within(effect, proceed, effect.call.max_tokens)

    async def _within(self, effect: Effect, proceed: Proceed, tokens: int) -> Reply:
        verdicts = {meter.verdict(tokens, effect.id) for meter in effect.meters}
        if "limit" in verdicts:
            await refuse(effect, "GA005", at=self.clock.now())
            raise EffectError(
                "GA005",
                f"the budget is used up: `{effect.name}` may need {tokens} tokens",
                kind="limit",
                help="raise `budget`, lower `max_tokens`, or handle it with `on_limit`",
            )
        if "wait" in verdicts:
            raise Suspended(effect.id, EffectQuestion(reason="budget", text="", show=None, not_before=self._later()))
        for meter in effect.meters:
            meter.reserve(effect.id, tokens)
        try:
            return await proceed(effect)
        finally:
            for meter in effect.meters:
                meter.forget(effect.id, tokens)

    def _later(self) -> int:
        return self.clock.now() + ASK_AGAIN_MS
