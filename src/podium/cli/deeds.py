"""How effects of a run are shown: a table, what they would change, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Group

    from podium.app.effect_diff import Deed, Deeds, Difference

Json = Any

MAX_CALL_CHARS = 120
"""Characters of the arguments that a table shows; JSON has all."""

FATES = {
    "done": "done",
    "failed": "failed",
    "doubt": "not known whether it happened",
    "denied": "denied",
    "prepared": "prepared",
    "dropped": "dropped",
    "left": "prepared, never released",
    "would": "would be done",
}


def deeds_json(deeds: Deeds) -> list[dict[str, Json]]:
    """Return effects for scripts; these keys only ever grow."""
    return [deed_json(deed) for deed in deeds.deeds]


def deed_json(deed: Deed) -> dict[str, Json]:
    """Return one effect."""
    act = deed.act
    return {
        "id": act.id,
        "node": act.node,
        "effect": act.effect,
        "target": act.target,
        "fate": act.fate,
        "why": act.why,
        "twin": act.twin,
        "call": deed.call,
        "preview": deed.preview,
    }


def deeds_page(deeds: Deeds) -> Group:
    """Return the effects of one run, for people."""
    return _page([("", deed) for deed in deeds.deeds], deeds.unknown)


def differences_page(differences: Sequence[Difference]) -> Group:
    """Return how two runs differ, for people."""
    return _page([(difference.side, difference.deed) for difference in differences], ())


def _page(rows: Sequence[tuple[str, Deed]], unknown: Iterable[str]) -> Group:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    sides = any(side for side, _ in rows)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in (*(("run",) if sides else ()), "effect", "what becomes of it", "node", "with"):
        table.add_column(name, overflow="fold")
    for side, deed in rows:
        cells = (deed.act.effect, _fate(deed), deed.act.node, _call(deed.call))
        table.add_row(*((side,) if sides else ()), *(escape(cell) for cell in cells))
    parts: list[Table | Text] = [table] if rows else [Text("nothing was done, and nothing would be")]
    for _, deed in rows:
        if deed.preview:
            parts += [Text(""), Text(f"{deed.act.effect} at {deed.act.node}:"), Text(deed.preview.rstrip("\n"))]
    for node in unknown:
        parts.append(Text(f"not known from `{node}` on: nobody can say what it would be told"))
    return Group(*parts)


def _fate(deed: Deed) -> str:
    act = deed.act
    told = FATES[act.fate] + (f": {act.why}" if act.why else "")
    return f"{told} (twin: {act.twin})" if act.twin else told


def _call(call: Json) -> str:
    text = json.dumps(call, ensure_ascii=False)
    return text if len(text) <= MAX_CALL_CHARS else text[: MAX_CALL_CHARS - 1] + "…"
