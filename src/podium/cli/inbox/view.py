"""Open questions as people and scripts read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from podium.cli.words import ago, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from podium.app.inbox import Item

Json = Any
MAX_TEXT = 60
"""Characters of a question in a list."""


def item_json(item: Item) -> dict[str, Json]:
    """Return an open question; scripts build on these keys, so they only ever grow."""
    import msgspec

    standing, terms = item.standing, item.terms
    return {
        "run": item.run,
        "workflow": item.workflow,
        "node": item.path,
        "text": item.text,
        "show": item.show,
        "asked_at": when(item.asked_at),
        "due": when(item.due),
        "mine": item.mine,
        "stage": standing.stage,
        "missing": standing.missing,
        "agreed": list(standing.yes),
        "rule": msgspec.to_builtins(terms.rule) if terms is not None else None,
        "excluded": list(terms.excluded) if terms is not None else [],
        "subject": terms.subject if terms is not None else "",
        "said": [msgspec.to_builtins(said) for said in item.said],
    }


def inbox_table(items: Sequence[Item], now: int) -> Table:
    """Return one row a question."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("run", "workflow", "node", "asked", "ends", "question"):
        table.add_column(name, no_wrap=name != "question", overflow="fold")
    for item in items:
        ends = when(item.due)[:16].replace("T", " ") if item.due else ""
        text = " ".join(item.text.split())
        short = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
        cells = (item.run, item.workflow, item.path, ago(item.asked_at, now), ends, short)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def item_text(item: Item, now: int) -> str:
    """Return a question with all that one should know before one answers it."""
    from podium.app.inbox import conditions
    from podium.cli.ask import shown

    lines = [f"{item.workflow}, run {item.run}, `{item.path}`, asked {ago(item.asked_at, now)}"]
    show: Json = item.show
    if isinstance(show, dict) and item.call is not None:
        told = cast("dict[str, Json]", show)
        lines += [f"  because {why}" for why in told.get("why", [])]
        show = {key: value for key, value in told.items() if key != "why"}
    if show is not None:
        lines += [f"  | {line}" for line in shown(show).splitlines()]
    lines += [f"  {line}" for line in conditions(item, now=now)]
    return "\n".join([*lines, item.text])


def call_json(item: Item) -> str:
    """Return the arguments of a call as one who wants to change them needs them."""
    call: Json = item.call or {}
    return json.dumps({"arguments": call.get("arguments", {})}, ensure_ascii=False)
