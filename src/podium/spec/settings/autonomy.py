"""Section `[autonomy]` of `podium.toml`: how far workflows may go by themselves."""

from __future__ import annotations

from podium.spec.autonomy import Autonomy
from podium.spec.base import SpecModel


class AutonomySettings(SpecModel):
    """How far workflows may go by themselves, whatever their files say."""

    default: Autonomy = "autonomous"
    """The furthest that a workflow may go for which nobody has said anything else with `podium autonomy`."""
