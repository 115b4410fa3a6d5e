"""Saying something to one question in this person's name; what is refused is told and harms no other answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.console import say

if TYPE_CHECKING:
    from podium.app.inbox import Item
    from podium.app.installation import Installation
    from podium.gate.approval import Verdict

Json = Any


async def post(installation: Installation, item: Item, verdict: Verdict, *, reason: str = "") -> bool:
    """Say it to exactly what was shown; return whether it was taken."""
    from podium.engine.control import answer
    from podium.errors import Rejected, UsageError

    run, path = item.run, item.path
    try:
        await answer(
            *(installation.store, installation.ids, run, path),
            verdict=verdict,
            by=installation.principal,
            channel="cli",
            reason=reason,
            voter=installation.voter,
            now=installation.clock.now(),
            seen=item.terms.subject if item.terms is not None else "",
        )
    except (Rejected, UsageError) as error:
        say(f"{run} {path}: {error}" + (f"\n  {error.help}" if error.help else ""))
        return False
    say(f"{verdict} `{path}` of run {run} as {installation.principal}")
    return True
