"""Data loss: does something leave that must not?

Permissive: there is no detector yet.
"""

from __future__ import annotations

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


async def loss(effect: Effect, proceed: Proceed) -> Reply:
    """Go on."""
    return await proceed(effect)
