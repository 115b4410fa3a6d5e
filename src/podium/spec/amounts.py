"""Amounts: what effects use, in the units of budgets, and whether there is room for one more.

All are exact integers: tokens, billionths of a US dollar, calls, millionths of a watt-hour. One rule answers for every
budget, that of a node in one run and that of a team for a month:

1. Spending that is settled and leaves too little for what a call needs at least is the `limit`.
2. Otherwise the call may go when the most that it can use fits beside what other calls hold; or when no other call
   holds anything. So a budget is passed by less than the most that one single call can use, however many run at once.
3. Otherwise it must `wait` until another call is settled.

```python
room(Limits(tokens=1_000), used=Amounts(tokens=700), held=Amounts(), most=Amounts(tokens=350), need=Amounts(tokens=250))
# ("ok", "")
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

_MAX = 2**53 - 1
_Int = Annotated[int, Meta(ge=-_MAX, le=_MAX)]

Unit = Literal["tokens", "nano_usd", "calls", "micro_wh"]
UNITS: tuple[Unit, ...] = ("tokens", "nano_usd", "calls", "micro_wh")

Verdict = Literal["ok", "wait", "limit"]

UNKNOWN = -1
"""Stands for an amount that nobody knows, such as the cost of a model without a price."""

UNLIMITED = -1
"""Stands for no limit; 0 means that nothing may be used."""

NANO = 1_000_000_000
MICRO = 1_000_000


class Amounts(Struct, frozen=True, omit_defaults=True, gc=False):
    """How much of each unit; `UNKNOWN` where nobody knows.

    Attributes:
        nano_usd: Billionths of a US dollar.
        calls: Attempts, whatever became of them.
        micro_wh: Millionths of a watt-hour.
    """

    tokens: _Int = 0
    nano_usd: _Int = 0
    calls: _Int = 0
    micro_wh: _Int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Return the sum; what is unknown adds nothing."""
        return Amounts(
            self.tokens + max(other.tokens, 0),
            self.nano_usd + max(other.nano_usd, 0),
            self.calls + max(other.calls, 0),
            self.micro_wh + max(other.micro_wh, 0),
        )

    def __sub__(self, other: Amounts) -> Amounts:
        """Return the difference; what is unknown takes nothing away."""
        return Amounts(
            self.tokens - max(other.tokens, 0),
            self.nano_usd - max(other.nano_usd, 0),
            self.calls - max(other.calls, 0),
            self.micro_wh - max(other.micro_wh, 0),
        )

    @property
    def known(self) -> Amounts:
        """With nothing where it is unknown."""
        return Amounts() + self

    @property
    def positive(self) -> Amounts:
        """With nothing where it is less than that."""
        return Amounts(max(self.tokens, 0), max(self.nano_usd, 0), max(self.calls, 0), max(self.micro_wh, 0))


NOTHING = Amounts()


class Limits(Struct, frozen=True, omit_defaults=True, gc=False):
    """The most of each unit; `UNLIMITED` where there is none."""

    tokens: _Int = UNLIMITED
    nano_usd: _Int = UNLIMITED
    calls: _Int = UNLIMITED
    micro_wh: _Int = UNLIMITED

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return self != NO_LIMITS

    def each(self) -> Iterator[tuple[Unit, int]]:
        """Yield what is limited, `(unit, limit)`."""
        for unit in UNITS:
            limit: int = getattr(self, unit)
            if limit >= 0:
                yield unit, limit

    def left(self, used: Amounts) -> dict[Unit, int]:
        """Return what is left of each unit that is limited, never less than 0."""
        return {unit: max(0, limit - getattr(used, unit)) for unit, limit in self.each()}


NO_LIMITS = Limits()


class Room(Struct, frozen=True, gc=False):
    """Whether there is room; `unit` is what is short."""

    verdict: Verdict
    unit: Unit | Literal[""] = ""


_ROOM = Room("ok")


def room(limits: Limits, *, used: Amounts, held: Amounts, most: Amounts, need: Amounts) -> Room:
    """Tell whether a call may go; see the module's rules.

    Args:
        used: Settled, or charged because nobody knows.
        held: By other calls that are under way.
        most: What the call can use at most; `UNKNOWN` needs no more than that something is left.
        need: What must be left for it.
    """
    found = _ROOM
    for unit, limit in limits.each():
        wanted: int = getattr(most, unit)
        if wanted == 0:
            continue  # what costs nothing is stopped by nothing
        spent: int = getattr(used, unit)
        others: int = getattr(held, unit)
        least = 1 if wanted < 0 else max(1, getattr(need, unit))
        if spent + least > limit:
            return Room("limit", unit)
        if others and spent + others + wanted > limit:
            found = Room("wait", unit)
    return found
