"""Figures and names as people read them: times, durations, counts, statuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from podium.cli import exits

if TYPE_CHECKING:
    from podium.ledger.store import RunRow

STYLES = {
    "done": "green",
    "done_with_errors": "yellow",
    "failed": "red",
    "denied": "red",
    "limit": "red",
    "cancelled": "yellow",
    "stopped": "yellow",
    "running": "cyan",
    "retrying": "yellow",
    "waiting": "magenta",
    "skipped": "dim",
    "revised": "yellow",
    "overridden": "yellow",
    "withdrawn": "dim",
    "queued": "magenta",
    "rejected": "red",
    "expired": "red",
    "error": "red",
    "unclear": "yellow",
}
"""Colours of statuses; only terminals show them."""


def status_label(status: str) -> str:
    """Return `done`, or `waiting(approval)` for the status of a run that waits."""
    waits = status != "running" and exits.for_status(status) == exits.WAITING
    return f"waiting({status})" if waits else status


def row_label(row: RunRow) -> str:
    """Return how a run of a list stands; `queued` while it waits for its turn."""
    return "queued" if row.queued and row.status == "running" else status_label(row.status)


def style(status: str) -> str:
    """Return the colour of a status, "" for none."""
    return STYLES.get(status.partition("(")[0], "")


def styled(status: str) -> str:
    """Return a status in its colour, as Rich markup."""
    colour = style(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status


def when(millis: int) -> str:
    """Return a time in UTC as ISO 8601, "" for 0."""
    if not millis:
        return ""
    at = datetime.fromtimestamp(millis / 1000, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(millis: int, now: int) -> str:
    """Return how long ago a time was, such as `3m ago`."""
    return f"{took(max(0, now - millis))} ago"


def took(ms: int) -> str:
    """Return a duration in the two figures that matter: `240ms`, `3.2s`, `4m10s`, `2h05m`, `3d4h`."""
    seconds = ms / 1000
    if ms < 1000:
        return f"{ms}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h"


def count(number: int) -> str:
    """Return a count, "" for none."""
    return f"{number:,}".replace(",", " ") if number else ""


def sized(size: int) -> str:
    """Return a size such as `1.1 GB`."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
