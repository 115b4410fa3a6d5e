"""Labels: may these values do this?

Permissive: values carry no labels yet, and the decision says so by naming no label rule.
"""

from __future__ import annotations

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


async def labels(effect: Effect, proceed: Proceed) -> Reply:
    """Go on."""
    return await proceed(effect)
