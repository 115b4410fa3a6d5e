"""Saying something to one question in this person's name; what is refused is told and harms no other answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.gate.approval import Verdict
    from podium.ids import NodePath, RunId

Json = Any


async def post(installation: Installation, run: RunId, path: NodePath, verdict: Verdict, *, reason: str = "") -> bool:
    """Say it; return whether it was taken."""
    from podium.engine.control import answer
    from podium.errors import Rejected, UsageError

    try:
        await answer(
            *(installation.store, installation.ids, run, path),
            verdict=verdict,
            by=installation.principal,
            channel="cli",
            reason=reason,
            voter=installation.voter,
            now=installation.clock.now(),
        )
    except (Rejected, UsageError) as error:
        say(f"{run} {path}: {error}" + (f"\n  {error.help}" if error.help else ""))
        return False
    say(f"{verdict} `{path}` of run {run} as {installation.principal}")
    return True
