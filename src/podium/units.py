"""Quantities with their unit, as people write them and as records carry them.

`30s 5m 24h 2d` are durations, `64KiB 10MB` sizes, `0.5Wh` is energy; they parse to exact numbers (milliseconds, bytes,
watt-hours to the millionth) and print back in the largest unit that loses nothing.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_DURATION = re.compile(r"([0-9]{1,15})(ms|s|m|h|d)")
_DURATION_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE = re.compile(r"([0-9]{1,15})\s*(B|KB|MB|GB|KiB|MiB|GiB)")
_SIZE_BYTES = {
    "B": 1,
    "KB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
_ENERGY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(mWh|Wh|kWh)")
_ENERGY_WH = {"mWh": Decimal("0.001"), "Wh": Decimal(1), "kWh": Decimal(1000)}
_MICRO = Decimal("0.000001")
MAX_DURATION = timedelta(days=3660)
"""Ten years; whatever is longer is a typing error."""


def parse_duration(text: str) -> timedelta:
    """Return the duration written as `1h30m`, `500ms`, `2d`.

    Raises:
        ValueError: when it is not one, is zero, or is longer than ten years.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        msg = f"expected a duration such as `30s`, `5m`, `24h` or `1h30m`, got `{text[:40]}`"
        raise ValueError(msg)
    millis = sum(int(number) * _DURATION_MS[unit] for number, unit in parts)
    if not 0 < millis <= MAX_DURATION // timedelta(milliseconds=1):
        msg = f"expected a duration between 1ms and {MAX_DURATION.days}d, got `{text[:40]}`"
        raise ValueError(msg)
    return timedelta(milliseconds=millis)


def format_duration(duration: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads back to the same value."""
    rest = duration // timedelta(milliseconds=1)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _DURATION_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0ms"


def parse_size(text: str) -> int:
    """Return the bytes written as `64KiB` or `10MB`.

    Raises:
        ValueError: when it is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        msg = f"expected a size such as `64KiB` or `10MB`, got `{text[:40]}`"
        raise ValueError(msg)
    return int(match[1]) * _SIZE_BYTES[match[2]]


def parse_energy(text: str) -> Decimal:
    """Return the watt-hours written as `0.5Wh`, `300mWh` or `1.2kWh`, to the millionth.

    Raises:
        ValueError: when it is not an amount of energy.
    """
    match = _ENERGY.fullmatch(text.strip())
    if match is None:
        msg = f"expected an amount of energy such as `0.5Wh` or `300mWh`, got `{text[:40]}`"
        raise ValueError(msg)
    return (Decimal(match[1]) * _ENERGY_WH[match[2]]).quantize(_MICRO)


def format_energy(watt_hours: Decimal) -> str:
    """Return a text that `parse_energy` reads back to the same value."""
    return f"{watt_hours.normalize():f}Wh"


def format_size(size: int) -> str:
    """Return the shortest text that `parse_size` reads back to the same number of bytes."""
    fitting = [f"{size // unit}{name}" for name, unit in _SIZE_BYTES.items() if size >= unit and size % unit == 0]
    return min(fitting, key=len, default="0B")
