"""Going through the inbox on a terminal: one question after the other, by single letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import say
from podium.cli.inbox.view import item_text
from podium.cli.terminal import read_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.app.inbox import Item
    from podium.app.installation import Installation
    from podium.gate.approval import Verdict

PROMPT = "[y]es, [n]o, [a]sk back, [s]kip, [b]ack, [q]uit? "

_VERDICTS: dict[str, Verdict] = {"y": "approved", "yes": "approved", "n": "rejected", "no": "rejected", "a": "asked"}


async def go_through(installation: Installation, items: Sequence[Item]) -> None:
    """Show each question and take an answer; whatever is unclear is asked again, the end of the input leaves."""
    place = 0
    while place < len(items):
        say(f"\n{place + 1} of {len(items)}: {item_text(items[place], installation.clock.now())}")
        line = await read_line(PROMPT)
        choice = line.casefold() if line is not None else "q"
        if choice in ("q", "quit"):
            return
        if choice in ("b", "back"):
            place = max(0, place - 1)
        elif choice in ("s", "skip") or await _say(installation, items[place], _VERDICTS.get(choice)):
            place += 1


async def _say(installation: Installation, item: Item, verdict: Verdict | None) -> bool:
    """Answer; False when nothing was said after all."""
    if verdict is None:
        return False
    words = ""
    if verdict != "approved":
        prompt = "what do you want to know? " if verdict == "asked" else "why (optional)? "
        words = await read_line(prompt) or ""
        if verdict == "asked" and not words:
            return False
    from podium.cli.inbox.post import post

    return await post(installation, item, verdict, reason=words)
