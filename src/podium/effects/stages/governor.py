"""Governor: is this run going in circles? Permissive until it is built."""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


def governor(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Go on."""
    return proceed(effect)
