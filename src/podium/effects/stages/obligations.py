"""Obligations: redact, stage, and whatever else a decision demands.

Nothing to carry out: no policy obliges anybody yet.
"""

from __future__ import annotations

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


async def obligations(effect: Effect, proceed: Proceed) -> Reply:
    """Go on."""
    return await proceed(effect)
