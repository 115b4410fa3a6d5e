"""Budgets: what may still be used, under reservations that are settled by what was used.

An effect reserves the most that it can use together with its intent, and settles with its outcome. If settled spending
stands in the way, the limit is reached; if only reservations do, the effect waits until one of them is settled. What
an effect without a known outcome may have used stays reserved: nobody knows that it was less.

```python
meter = Meter.of(BudgetSpec(tokens=10_000))
meter.verdict(4_000)                # "ok"
meter.reserve("key", 4_000)
meter.settle("key", tokens=1_200)   # 8,800 are left
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from podium.spec.model import BudgetSpec

Verdict = Literal["ok", "wait", "limit"]
NANO = 1_000_000_000


@dataclass(slots=True)
class Meter:
    """What one budget allows and what of it is used.

    Attributes:
        tokens, nano_usd: Limits; 0 for none.
        used_tokens, used_nano_usd: Settled.
        held: Tokens reserved and not settled, by the key of the effect.
        unrecorded: Reservations whose intent is not durable yet.
    """

    tokens: int = 0
    nano_usd: int = 0
    used_tokens: int = 0
    used_nano_usd: int = 0
    held: dict[str, int] = field(default_factory=dict[str, int])
    unrecorded: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, spec: BudgetSpec | None) -> Meter | None:
        """Return the meter of a budget that limits tokens or money; None when it limits neither."""
        if spec is None or not (spec.tokens or spec.usd):
            return None
        return cls(tokens=spec.tokens or 0, nano_usd=round((spec.usd or 0) * NANO))

    def verdict(self, tokens: int, key: str = "") -> Verdict:
        """Tell whether an effect that may use so many tokens can go on; what it lost before counts as used."""
        if self.nano_usd and self.used_nano_usd >= self.nano_usd:
            return "limit"
        if not self.tokens:
            return "ok"
        lost = self.held.get(key, 0)
        if self.used_tokens >= self.tokens or self.used_tokens + lost + tokens > self.tokens:
            return "limit"
        return "ok" if self.used_tokens + sum(self.held.values()) + tokens <= self.tokens else "wait"

    def reserve(self, key: str, tokens: int, *, recorded: bool = False) -> None:
        """Set aside what an effect may use; each further attempt without a known outcome before it adds to it."""
        if recorded and key in self.unrecorded:
            self.unrecorded.discard(key)
            return
        self.held[key] = self.held.get(key, 0) + tokens
        if not recorded:
            self.unrecorded.add(key)

    def forget(self, key: str, tokens: int) -> None:
        """Give back a reservation whose intent was never written."""
        if key in self.unrecorded:
            self.unrecorded.discard(key)
            self.held[key] -= tokens
            if not self.held[key]:
                del self.held[key]

    def charge(self, key: str) -> None:
        """Count a reservation as used: nobody will ever say what it came to."""
        self.used_tokens += self.held.pop(key, 0)

    def settle(self, key: str, *, tokens: int, nano_usd: int, reserved: int) -> None:
        """Count what an attempt used in place of what it had reserved."""
        left = self.held.pop(key, 0) - reserved
        self.used_tokens += tokens + max(left, 0)  # earlier attempts that nobody knows the outcome of stay charged
        self.used_nano_usd += max(nano_usd, 0)
