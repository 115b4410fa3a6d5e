"""Values that stand in no file yet, as a formatter takes them: brackets for what is small, blocks for the rest."""

from __future__ import annotations

from typing import Any, cast

from podium.spec.format_tree import Entry, Item

Json = Any
_SMALL = 60
"""Characters of a text that still reads well within brackets."""

_SMALL_ALL = 90
"""Characters of all values within brackets."""


def fresh(value: Json, *, brackets: bool = False) -> Item:
    """Return a value with its layout; `brackets` when it must stand on one line, as within other brackets."""
    item = Item(value, flow=brackets or _small(value))
    if isinstance(value, dict):
        entries = cast("dict[str, Json]", value).items()
        item.entries = [Entry(key, fresh(inner, brackets=brackets)) for key, inner in entries]
    elif isinstance(value, list):
        item.entries = [Entry(None, fresh(inner, brackets=brackets)) for inner in cast("list[Json]", value)]
    return item


def _small(value: Json) -> bool:
    """Whether a collection holds only short single values and lists of them."""
    if isinstance(value, dict):
        inner: list[Json] = list(cast("dict[str, Json]", value).values())
        return all(not isinstance(one, dict) and _small(one) for one in inner) and len(str(inner)) <= _SMALL_ALL
    if isinstance(value, list):
        inner = cast("list[Json]", value)
        return not any(isinstance(one, dict | list) for one in inner) and all(_small(one) for one in inner)
    return not isinstance(value, str) or (len(value) <= _SMALL and "\n" not in value)
