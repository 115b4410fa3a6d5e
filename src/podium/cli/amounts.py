"""Money, energy and tokens as people read them; what nobody knows is `unknown`, never 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podium.observe.usage import Usage
    from podium.spec.amounts import Amounts, Unit

Json = Any
UNKNOWN = "unknown"


def amount(unit: Unit, value: int | None) -> str:
    """Return an amount with its unit: `12 340 tokens`, `$0.0123`, `7 calls`, `1.5 Wh`."""
    if value is None:
        return UNKNOWN
    match unit:
        case "nano_usd":
            return money(value)
        case "micro_wh":
            return f"{_short(value / 1_000_000)} Wh"
        case "tokens" | "calls":
            return f"{value:,}".replace(",", " ") + f" {unit}"


def money(nano_usd: int) -> str:
    """Return an amount of money: cents for dollars, more digits below."""
    usd = nano_usd / 1_000_000_000
    if nano_usd == 0:
        return "$0"
    return f"${usd:,.2f}".replace(",", " ") if usd >= 1 else f"${_short(usd)}"


def amounts_json(amounts: Amounts) -> dict[str, Json]:
    """Return amounts as scripts read them, money and energy in their own unit."""
    return {
        "tokens": amounts.tokens,
        "usd": amounts.nano_usd / 1_000_000_000,
        "calls": amounts.calls,
        "energy_wh": amounts.micro_wh / 1_000_000,
    }


def usage_json(usage: Usage) -> dict[str, Json]:
    """Return what a run has used; what is not known of every call is null."""
    return {
        **amounts_json(usage.used),
        "usd": None if usage.unpriced else usage.used.nano_usd / 1_000_000_000,
        "energy_wh": None if usage.unmetered else usage.used.micro_wh / 1_000_000,
        "calls_of_unknown_price": usage.unpriced,
        "calls_of_unknown_energy": usage.unmetered,
        "approvals": usage.approvals,
    }


def _short(number: float) -> str:
    """Return a number with the digits that matter."""
    return f"{number:.4f}".rstrip("0").rstrip(".") if number >= 0.0001 or not number else f"{number:.2g}"
