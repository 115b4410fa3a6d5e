"""The port to standing approvals: who has agreed beforehand, and that it counts for this call."""

from __future__ import annotations

from typing import Protocol

from podium.effects.effect import Effect
from podium.gate.roles import Directory
from podium.spec.approval_rule import Terms


class StandingApprovals(Protocol):
    """Knows what people have agreed to beforehand."""

    async def agree(self, effect: Effect, terms: Terms, people: Directory) -> str:
        """Use up standing approvals that together fulfil the rule of a call; return the key of a use, "" if none do.

        A call that is asked about again, after a crash or a retry, uses nothing up a second time.
        """
        ...


class NoStandingApprovals:
    """Nobody agrees to anything beforehand."""

    async def agree(self, effect: Effect, terms: Terms, people: Directory) -> str:  # noqa: ARG002 - the port
        """Return ""."""
        return ""
