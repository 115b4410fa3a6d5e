"""Labels: may these values do this?

Permissive: values carry no labels yet, and the decision says so by naming no label rule.
"""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


def labels(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Go on."""
    return proceed(effect)
