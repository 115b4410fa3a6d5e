"""Throttle: too many calls at once, or too fast? Permissive until it is built."""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


def throttle(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Go on."""
    return proceed(effect)
