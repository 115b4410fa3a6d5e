"""A notice as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

from podium.effects.notices import Notice
from podium.errors import PodiumError

_WHAT = {
    "asked": "waits for your answer",
    "reminder": "still waits for your answer",
    "escalated": "waits, and now for your answer as well",
    "delegated": "was left to you and waits for your answer",
}


def subject(notice: Notice) -> str:
    """Return the first line."""
    return f"Podium: {notice.workflow} {_WHAT[notice.what]}"


def text(notice: Notice) -> str:
    """Return the whole text; what is asked is not in it."""
    lines = [f"{notice.workflow}, run {notice.run}, node {notice.node} {_WHAT[notice.what]}.", ""]
    if notice.due:
        at = datetime.fromtimestamp(notice.due / 1000, tz=UTC)
        lines.append(f"The question ends at {at:%Y-%m-%d %H:%M} UTC.")
    lines.append(f"See what is asked: podium inbox show {notice.run} {notice.node}")
    if notice.link:
        lines.append(f"Or here: {notice.link}")
    return "\n".join(lines) + "\n"


def not_taken(by: str, why: str) -> PodiumError:
    """Return the error of a channel that did not take a notice."""
    return PodiumError("AP092", f"{by} did not take a notice: {why}", help="the next channel is tried")
