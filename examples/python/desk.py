"""Functions that act on the world: the tools of `triage.py`.

They stand in a module of their own, so that a run that goes on in another process tomorrow still finds them.
"""

from __future__ import annotations

import podium
from podium import EffectKey

TICKETS: dict[EffectKey, str] = {}


@podium.tool(effect="read", delivery="repeatable")
async def team_of(area: str) -> str:
    """Return the team that looks after an area."""
    return {"printer": "facilities", "network": "infrastructure"}.get(area, "first level")


@podium.tool(effect="write", delivery="keyed")
async def open_ticket(team: str, text: str, key: EffectKey) -> str:
    """Open a ticket and return its number; a second call with the same key opens no second one."""
    TICKETS.setdefault(key, f"{team}: {text}")
    return f"T-{list(TICKETS).index(key) + 1}"
