"""Section `[throttle]` of `podium.toml`: how many calls at once, and how many in a second, a minute or an hour."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel

Rate = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}/(s|min|h)$")]
"""Such as `10/min`."""

PERIODS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000}


class ThrottleRule(SpecModel):
    """What fits it is counted together; what is too much waits for its turn."""

    rate: Rate | None = None
    """So many calls may begin in any second, minute or hour: `5/s`, `10/min`, `100/h`."""

    concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """So many may be under way at once."""

    @property
    def calls(self) -> int:
        """How many `rate` allows in its period; 0 where it is not limited."""
        return int(self.rate.partition("/")[0]) if self.rate else 0

    @property
    def period_ms(self) -> int:
        """The period of `rate`."""
        return PERIODS_MS[self.rate.partition("/")[2]] if self.rate else 0

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.rate is None and self.concurrency is None:
            kind, message = "throttle_rule", "expected `rate`, `concurrency` or both"
            raise PydanticCustomError(kind, message)
        return self


Rules = dict[Annotated[str, StringConstraints(min_length=1, max_length=200)], ThrottleRule]


class ThrottleSettings(SpecModel):
    """Limits by what is called, or in whose name; `*` stands for any part of a name. Every rule that fits counts."""

    tool: Rules = Field(default_factory=dict)
    """By grant (`mail`), function (`mail.send`) or server."""

    model: Rules = Field(default_factory=dict)
    """By model, such as `openai/*`."""

    agent: Rules = Field(default_factory=dict)
    """By agent, in whose name a call is made."""

    workflow: Rules = Field(default_factory=dict)
    """By workflow, sub-workflows included."""

    tenant: Rules = Field(default_factory=dict)
    """By tenant."""
