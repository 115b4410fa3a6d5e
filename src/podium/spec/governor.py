"""What a workflow, or an installation, lets the governor pass."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from podium.spec.base import SpecModel


class GovernorSpec(SpecModel):
    """When repeated calls are taken for a circle; what is left out stays as the installation has it."""

    repeats: Annotated[int, Field(ge=0, le=1_000)] | None = None
    """So often may the same call bring the same answer while nothing new comes of the rounds; 0 for no such limit."""

    per_minute: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """So many calls may one node make in a minute, all rounds of its loops together; 0 for no such limit."""
