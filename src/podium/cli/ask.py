"""Asking a person at the terminal what a run waits for.

An approval shows exactly what will be recorded as approved. A doubt asks whether an effect happened. Anything but a
clear yes or no, also the end of the input, leaves the run waiting.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from podium.cli.terminal import read_line

if TYPE_CHECKING:
    from podium.app.overview import Ask
    from podium.cli.screen import Screen

Json = Any
Choice = Literal["yes", "no", "later"]
TRIES = 5
"""Unclear answers that are asked again; after them it is `later`."""

_CHOICES: dict[str, Choice] = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "l": "later", "later": "later"}


class Answered(NamedTuple):
    """What the person said."""

    choice: Choice
    reason: str = ""


def shown(value: Json) -> str:
    """Return a value as people read it: text as it stands, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def wording(ask: Ask) -> str:
    """Return what is asked and what it is about."""
    lines: list[str] = []
    if ask.show is not None:
        lines += [f"  | {line}" for line in shown(ask.show).splitlines()]
    if ask.node.wait and ask.node.wait.reason == "doubt":
        lines.append(f"{ask.path}: it is not known whether `{ask.effect}` happened. Did it?")
    else:
        lines.append(f"{ask.path}: {ask.text}")
    return "\n".join(lines)


async def put_question(ask: Ask, screen: Screen) -> Answered:
    """Ask until the answer is clear."""
    screen.close()
    screen.tell("")
    screen.tell(wording(ask))
    for _ in range(TRIES):
        line = await read_line("[y]es, [n]o or [l]ater? ")
        if line is None:
            return Answered("later")
        choice = _CHOICES.get(line.casefold())
        if choice == "no":
            return Answered("no", await read_line("why (optional)? ") or "")
        if choice:
            return Answered(choice)
    return Answered("later")
