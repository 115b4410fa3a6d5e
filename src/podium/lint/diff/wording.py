"""What is said of a difference: one line, and for longer texts the lines that differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any, cast

from podium.lint.diff.change import Change
from podium.spec.types import Type

Json = Any

LONG = 60
"""Characters of a text from which it is shown line by line."""

MOST_LINES = 40
_CUT = 160

_NOTHING = {
    "only": "all functions",
    "roles": "anyone",
    "autonomy": "nothing said",
    **dict.fromkeys(("usd", "tokens", "calls", "energy", "wall", "total", "idle", "max_tokens", "timeout"), "no bound"),
}
"""What it means that a key is not there, where that is something."""


def sentence(change: Change) -> str:
    """Return what is different, in one line without its place."""
    before, after = change.before, change.after
    match change.aspect:
        case "":
            return _thing(change)
        case "name":
            return f"renamed, was `{before}`"
        case "calls":
            return _call(before, after)
        case "asked before":
            return _asked(before or [], after or [])
        case "reached by":
            return _listed("data reaches it from", "no data reaches it any more from", before or [], after or [])
        case "default" if change.place.startswith("inputs."):
            return f"default: {_default(before)} → {_default(after)}"
        case "type" if isinstance(before, dict) and isinstance(after, dict):
            return _type(cast("dict[str, Json]", before), cast("dict[str, Json]", after))
        case aspect if after is True and before is None:
            return f"link added: {aspect}"
        case aspect if before is True and after is None:
            return f"link removed: {aspect}"
        case aspect:
            return _setting(aspect, before, after)


def lines(change: Change) -> tuple[str, ...]:
    """Return the lines that differ, each behind `-` or `+`, where the value is or has a longer text."""
    found = [_cut(line) for line in _lines(change.before, change.after)]
    more = [f"… {len(found) - MOST_LINES} more lines"] if len(found) > MOST_LINES else []
    return (*found[:MOST_LINES], *more)


def _lines(before: Json, after: Json) -> Iterator[str]:
    if _is_long(before, after):
        one, other = (cast("str", text or "").splitlines() for text in (before, after))
        found = list(unified_diff(one, other, n=0, lineterm=""))[2:]  # without the names of files
        yield from (f"{line[0]} {line[1:]}" for line in found if not line.startswith("@@"))
    elif isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Json]", before), cast("dict[str, Json]", after)
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                yield from _lines(old.get(key), new.get(key))


def _type(before: dict[str, Json], after: dict[str, Json]) -> str:
    """Return the shorthands of two types; where they are alike, what differs in their schemas."""
    one, other = str(Type(before)), str(Type(after))
    return f"type: {one} → {other}" if one != other else _setting("type", before, after)


def _default(value: Mapping[str, Json] | None) -> str:
    return "nothing" if value is None else _shown(value["value"], "null")


def _thing(change: Change) -> str:
    there = change.after is not None
    if change.place.rpartition("tools.")[1] and "nodes." not in change.place:
        return f"{'granted' if there else 'no longer granted'}: {change.words}"
    return f"{'added' if there else 'removed'}: {change.words}"


def _call(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> str:
    one, other = (f"`{call['function']}` ({call['effect']})" if call else "" for call in (before, after))
    if not other:
        return f"no longer calls {one}"
    return f"calls {other}" + (f", before {one}" if one else "")


def _asked(before: Sequence[str], after: Sequence[str]) -> str:
    text = _listed("asked before it:", "not asked before it any more:", before, after)
    return text if after else f"{text}; nobody is"


def _listed(more: str, less: str, before: Sequence[str], after: Sequence[str]) -> str:
    new, gone = ([one for one in this if one not in other] for this, other in ((after, before), (before, after)))
    said = ((words, ", ".join(f"`{one}`" for one in those)) for words, those in ((more, new), (less, gone)))
    return "; ".join(f"{words} {those}" for words, those in said if those)


def _setting(aspect: str, before: Json, after: Json) -> str:
    if _is_long(before, after):
        return f"{aspect} changed"
    if isinstance(before, dict) and isinstance(after, dict):
        one, other = cast("dict[str, Json]", before), cast("dict[str, Json]", after)
        keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        return "; ".join(_setting(f"{aspect}.{key}", one.get(key), other.get(key)) for key in keys)
    nothing = _NOTHING.get(aspect.rpartition(".")[2], "nothing")
    return f"{aspect}: {_shown(before, nothing)} → {_shown(after, nothing)}"


def _shown(value: Json, nothing: str = "nothing") -> str:
    if value is None:
        return nothing
    if isinstance(value, list) and all(isinstance(one, str) for one in cast("list[Json]", value)):
        return _cut(", ".join(cast("list[str]", value)))
    if isinstance(value, dict):
        return _cut(", ".join(f"{key} {_shown(one)}" for key, one in cast("dict[str, Json]", value).items()))
    return _cut(value.replace("\n", "\\n") if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _is_long(before: Json, after: Json) -> bool:
    texts = [one for one in (before, after) if one is not None]
    return all(isinstance(one, str) for one in texts) and any(len(one) > LONG or "\n" in one.strip() for one in texts)


def _cut(text: str) -> str:
    line = "".join(one if one.isprintable() else " " for one in text)
    return line if len(line) <= _CUT else line[: _CUT - 1] + "…"
