"""Limits of what a run, or a part of one, may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from podium.spec.base import Duration, SpecModel


class BudgetSpec(SpecModel):
    """Limits of one run. `wall` does not count waiting for people."""

    usd: Annotated[float, Field(gt=0)] | None = None
    """Money in US dollars."""

    tokens: Annotated[int, Field(gt=0)] | None = None
    """Input and output tokens of all model calls."""

    wall: Duration | None = None
    """Time in which the run may be working."""
