"""Budgets: what may still be used, under reservations that are settled by what was used.

An effect reserves the most that it can use together with its intent, and settles with its outcome. If settled spending
stands in the way, the limit is reached; if only reservations do, the effect waits until one of them is settled
(`podium.spec.amounts.room`). What an effect without a known outcome may have used is charged: nobody knows that it was
less, unless somebody says that it did not happen at all.

```python
meter = Meter.of(BudgetSpec(tokens=10_000))
most, need = Amounts(tokens=4_400), Amounts(tokens=4_000)   # with and without the prompt
meter.room(most, need).verdict                              # "ok"
meter.reserve("key", most)
meter.settle("key", Amounts(tokens=1_200), reserved=most)   # 8,800 are left
```
"""

from __future__ import annotations

from dataclasses import dataclass, field

from podium.spec.amounts import NO_LIMITS, NOTHING, UNKNOWN, Amounts, Limits, Room, room
from podium.spec.budget import BudgetSpec


@dataclass(slots=True)
class Meter:
    """What one budget allows and what of it is used.

    Attributes:
        per_call: The most of a single call.
        allow_unknown: Whether calls may be made whose cost nobody knows.
        used: Settled, or charged.
        held: Reserved by calls under way, by the key of the effect; `open` is their sum.
        charged: The part of `used` that is charged because nobody knows, by the key of the effect.
        unrecorded: Reservations whose intent is not durable yet.
        unpriced, unmetered: Settled calls whose cost, or energy, is not known.
    """

    limits: Limits
    per_call: Limits = NO_LIMITS
    allow_unknown: bool = False
    used: Amounts = NOTHING
    open: Amounts = NOTHING
    held: dict[str, Amounts] = field(default_factory=dict[str, Amounts])
    charged: dict[str, Amounts] = field(default_factory=dict[str, Amounts])
    unrecorded: set[str] = field(default_factory=set[str])
    unpriced: int = 0
    unmetered: int = 0

    @classmethod
    def of(cls, spec: BudgetSpec | None) -> Meter | None:
        """Return the meter of a budget; None when it limits nothing but time."""
        if spec is None or not (spec.limits or spec.per_call):
            return None
        per_call = spec.per_call.limits if spec.per_call else NO_LIMITS
        return cls(limits=spec.limits, per_call=per_call, allow_unknown=spec.unknown_price == "allow")

    def room(self, most: Amounts, need: Amounts) -> Room:
        """Tell whether an effect that can use `most` and needs at least `need` may go."""
        return room(self.limits, used=self.used, held=self.open, most=most, need=need)

    def too_dear(self, need: Amounts) -> Room:
        """Tell whether a single call may need so much."""
        return room(self.per_call, used=NOTHING, held=NOTHING, most=need, need=need)

    def unknown(self, most: Amounts) -> str:
        """Return the unit that is limited and of which nobody knows what the call uses, "" when there is none."""
        if self.allow_unknown:
            return ""
        limited = (*self.limits.each(), *self.per_call.each())
        return next((unit for unit, _ in limited if getattr(most, unit) == UNKNOWN), "")

    def reserve(self, key: str, amounts: Amounts, *, recorded: bool = False) -> None:
        """Set aside what an effect may use; each further attempt without a known outcome before it adds to it."""
        if recorded and key in self.unrecorded:
            self.unrecorded.discard(key)
            return
        self.held[key] = self.held.get(key, NOTHING) + amounts
        self.open = self.open + amounts
        if not recorded:
            self.unrecorded.add(key)

    def forget(self, key: str, amounts: Amounts) -> None:
        """Give back a reservation whose intent was never written."""
        if key in self.unrecorded:
            self.unrecorded.discard(key)
            self.open = self.open - amounts
            left = self.held[key] - amounts
            if left == NOTHING:
                del self.held[key]
            else:
                self.held[key] = left

    def charge(self, key: str) -> None:
        """Count a reservation as used: how its effect ended is not known."""
        amounts = self.held.pop(key, NOTHING)
        if amounts != NOTHING:
            self.open = self.open - amounts
            self.used = self.used + amounts
            self.charged[key] = self.charged.get(key, NOTHING) + amounts

    def settle(self, key: str, used: Amounts, *, reserved: Amounts) -> None:
        """Count what an attempt used in place of what it had reserved."""
        if key in self.held:
            held = self.held.pop(key)
            self.open = self.open - held
            # earlier attempts that nobody knows the outcome of stay charged
            self.used = self.used + used + (held - reserved).positive
        else:
            given_back = self.charged.pop(key, None)
            self.used = (self.used - reserved if given_back is not None else self.used) + used
        self.charged.pop(key, None)
        self.unpriced += used.nano_usd == UNKNOWN
        self.unmetered += used.micro_wh == UNKNOWN

    def release(self, key: str) -> None:
        """Give back what an effect was charged with: it did not happen."""
        self.used = self.used - self.charged.pop(key, NOTHING)
        self.open = self.open - self.held.pop(key, NOTHING)
