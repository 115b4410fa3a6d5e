"""Obligations: redact, stage, and whatever else a decision demands.

Nothing to carry out: no policy obliges anybody yet.
"""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, Proceed
from podium.node.calls import Reply


def obligations(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Go on."""
    return proceed(effect)
