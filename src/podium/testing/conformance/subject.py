"""The functions that `ToolPortSuite` expects behind a port, as a Python tool.

`podium.testing.mcp_server` serves the same ones by MCP. An adapter for another protocol puts them behind a server of
that protocol.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from typing_extensions import TypedDict

from podium.effects.function import tool
from podium.effects.ports import Progress
from podium.ids import EffectKey

_seen = Counter[str]()


class Sum(TypedDict):
    """What `add` gives."""

    sum: int


class Seen(TypedDict):
    """What `seen` gives: calls of `echo` and `add` so far, and calls of `forever` that are at work."""

    received: int
    waiting: int


@tool(effect="read", delivery="repeatable")
async def echo(text: str) -> str:
    """Return the text."""
    _seen["received"] += 1
    return text


@tool(effect="read", delivery="repeatable")
async def add(a: int, b: int = 1) -> Sum:
    """Return `{sum}` of two integers."""
    _seen["received"] += 1
    return {"sum": a + b}


@tool(effect="read", delivery="repeatable")
async def seen() -> Seen:
    """Return what reached the other side."""
    return {"received": _seen["received"], "waiting": _seen["waiting"]}


@tool(effect="write", delivery="keyed")
async def which_key(key: EffectKey) -> str:
    """Return the idempotency key that came with the call."""
    return key


@tool(effect="write", delivery="once")
async def forever(progress: Progress) -> str:
    """Give one sign of life and never return."""
    _seen["waiting"] += 1
    try:
        progress("")
        await asyncio.Event().wait()
    finally:
        _seen["waiting"] -= 1
    return ""


@tool(effect="write", delivery="once")
async def fail(reason: str) -> str:
    """Fail."""
    raise ValueError(reason)
