"""Prices: what a model's tokens cost, in money and in energy.

Rates are integers: billionths of a US dollar, and millionths of a watt-hour, for a million tokens. Costs are rounded
up, so that a sum of costs is never less than what is billed.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.spec.amounts import UNKNOWN

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What the tokens of one model cost.

    Attributes:
        input, output: Billionths of a US dollar for a million tokens of the prompt, and of the answer.
        energy: Millionths of a watt-hour for a million tokens of either; None when nobody knows.
    """

    input: int = 0
    output: int = 0
    energy: int | None = None

    def nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost, in billionths of a US dollar."""
        return -(-(self.input * input_tokens + self.output * output_tokens) // _MILLION)

    def micro_wh(self, tokens: int) -> int:
        """Return what so many tokens use, in millionths of a watt-hour; `UNKNOWN` when nobody knows."""
        return UNKNOWN if self.energy is None else -(-(self.energy * tokens) // _MILLION)
