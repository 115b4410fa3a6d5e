"""Breaker: a target that keeps failing is left alone for a while; nothing is recorded as sent."""

from __future__ import annotations

from dataclasses import dataclass

from podium.effects.breaker import Breakers
from podium.effects.effect import Effect, Proceed
from podium.errors import EffectError
from podium.node.calls import Reply

_TARGET_FAULTS = frozenset({"timeout", "unavailable", "rate_limited"})
"""Kinds of error that say something about the target, not about the request."""


@dataclass(frozen=True, slots=True)
class BreakerStage:
    """One breaker per target."""

    breakers: Breakers

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Go on while the target is not known to be down, and remember how it went."""
        breaker = self.breakers.of(effect.target)
        if (refusal := breaker.admit()) is not None:
            raise refusal
        try:
            reply = await proceed(effect)
        except EffectError as error:
            breaker.record(ok=error.kind not in _TARGET_FAULTS)
            raise
        breaker.record(ok=True)
        return reply
