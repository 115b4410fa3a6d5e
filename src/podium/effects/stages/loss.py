"""Data loss: does something leave that must not?

Permissive: there is no detector yet.
"""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


def loss(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Go on."""
    return proceed(effect)
