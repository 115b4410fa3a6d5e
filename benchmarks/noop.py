"""A tool that does nothing, so that what is measured is Podium."""

from __future__ import annotations

from podium import tool


@tool(effect="read", delivery="repeatable")
async def noop() -> int:
    """Return zero."""
    return 0
