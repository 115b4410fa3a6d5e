"""Limits of what a run, or a part of one, may use.

A limit of 0 means that nothing may be used; a limit that is not written is none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from podium.spec.amounts import MICRO, NANO, UNLIMITED, Limits
from podium.spec.base import Duration, SpecModel
from podium.units import format_energy, parse_energy


def _to_energy(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        return parse_energy(str(value))
    except ValueError as error:
        kind = "energy"
        raise PydanticCustomError(kind, "{text}", {"text": str(error)}) from None


Energy = Annotated[
    Decimal,
    BeforeValidator(_to_energy),
    PlainSerializer(format_energy),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(mWh|Wh|kWh)$", "examples": ["0.5Wh", "20mWh"]}
    ),
]
"""`0.5Wh`, `300mWh`, `1.2kWh`."""


class CallLimits(SpecModel):
    """Limits of one single call."""

    usd: Annotated[float, Field(ge=0)] | None = None
    """Money in US dollars."""

    tokens: Annotated[int, Field(ge=0)] | None = None
    """Tokens of the answer that a model may give at most."""

    energy: Energy | None = None
    """Energy, such as `0.5Wh`."""

    @property
    def limits(self) -> Limits:
        """In the units of records."""
        return Limits(tokens=_or_none(self.tokens), nano_usd=_nano(self.usd), micro_wh=_micro(self.energy))


class SharedLimits(CallLimits):
    """Limits of all calls together."""

    tokens: Annotated[int, Field(ge=0)] | None = None
    """Input and output tokens of all model calls."""

    calls: Annotated[int, Field(ge=0)] | None = None
    """Calls of models and tools; each attempt is one, whatever becomes of it."""

    per_call: CallLimits | None = None
    """The most that a single call may use."""

    unknown_price: Literal["deny", "allow"] = "deny"
    """Whether a model may be called whose price is not known, in money where `usd` is limited, in energy where `energy`
    is. Such calls are shown as unknown, and count as nothing."""

    @property
    def limits(self) -> Limits:
        """In the units of records."""
        return Limits(
            tokens=_or_none(self.tokens),
            nano_usd=_nano(self.usd),
            calls=_or_none(self.calls),
            micro_wh=_micro(self.energy),
        )


class BudgetSpec(SharedLimits):
    """Limits of a run, or of a part of one. `wall` does not count waiting for people."""

    wall: Duration | None = None
    """Time in which it may be at work; waiting for people or for a signal, and being paused, does not count."""

    detached: bool = False
    """For a workflow: whether runs that it starts and does not wait for count as well."""

    @property
    def wall_ms(self) -> int:
        """The time at work in milliseconds, 0 for no limit."""
        return round(self.wall.total_seconds() * 1000) if self.wall is not None else 0


class CostSpec(SpecModel):
    """What one call costs at most."""

    usd: Annotated[float, Field(ge=0)] = 0.0
    """Money in US dollars."""

    energy: Energy | None = None
    """Energy, such as `20mWh`; unknown when it is left out."""

    @property
    def nano_usd(self) -> int:
        """In billionths of a US dollar."""
        return round(self.usd * NANO)

    @property
    def micro_wh(self) -> int | None:
        """In millionths of a watt-hour; None when it is unknown."""
        return None if self.energy is None else round(self.energy * MICRO)


def _or_none(limit: int | None) -> int:
    return UNLIMITED if limit is None else limit


def _nano(usd: float | None) -> int:
    return UNLIMITED if usd is None else round(usd * NANO)


def _micro(energy: Decimal | None) -> int:
    return UNLIMITED if energy is None else round(energy * MICRO)
