"""The texts inside a JSON value: to look at them, and to put something else in their place.

A text is looked at together with the name under which it stands: `{"phone": "5403926876"}` says more than its figures.
What is under the name of a secret is one, whatever it looks like and however deep it stands there. Whole numbers count
as texts from seven figures on, because a card number may be written as a number, under the name of a secret from four
on; keys of mappings count too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from podium.gate.redact.secrets import is_secret_name

Json = Any

LEAST_FIGURES = 7
"""Figures of a whole number that may be something."""

SECRET_FIGURES = 4
"""Likewise, under the name of a secret."""

_WHOLE = 1e22
"""Below it a number with a point is exact enough to be a whole one."""

MAX_DEPTH = 200
"""How deep values are looked into; JSON that is deeper is refused by whoever reads it."""


class Text(NamedTuple):
    """A text, and the name under which it stands, "" for none."""

    name: str
    text: str


def texts_of(value: Json, name: str = "", depth: int = 0) -> Iterator[Text]:
    """Yield the texts of a value, in its order.

    Raises:
        RecursionError: beyond `MAX_DEPTH`.
    """
    if isinstance(value, str):
        if value:
            yield Text(name, value)
    elif isinstance(value, Mapping):
        _check(depth)
        for key, inner in cast("Mapping[str, Json]", value).items():
            yield Text("", key)
            yield from texts_of(inner, _called(name, key), depth + 1)
    elif isinstance(value, list | tuple):
        _check(depth)
        for inner in cast("list[Json]", value):
            yield from texts_of(inner, name, depth + 1)
    elif figures := _figures(value, name):
        yield Text(name, figures)


def rewritten(value: Json, change: Callable[[Text], str], name: str = "", depth: int = 0) -> Json:
    """Return a value with its texts changed; what nothing changed in is the same object as before."""
    if isinstance(value, str):
        changed = change(Text(name, value)) if value else value
        return value if changed == value else changed
    if isinstance(value, Mapping):
        _check(depth)
        given = cast("Mapping[str, Json]", value)
        made = {
            change(Text("", key)): rewritten(inner, change, _called(name, key), depth + 1)
            for key, inner in given.items()
        }
        same = len(made) == len(given) and all(key in made and made[key] is inner for key, inner in given.items())
        return given if same else made
    if isinstance(value, list | tuple):
        _check(depth)
        items = cast("list[Json]", value)
        made_items = [rewritten(inner, change, name, depth + 1) for inner in items]
        return items if all(one is other for one, other in zip(made_items, items, strict=True)) else made_items
    if figures := _figures(value, name):
        changed = change(Text(name, figures))
        return value if changed == figures else changed
    return value


def _called(name: str, key: str) -> str:
    """Return the name under which the value of a key stands: that of a secret holds for all that is below it."""
    return name if name and is_secret_name(name) else key


def _figures(value: Json, name: str) -> str:
    """Return a whole number that is long enough to be something, "" for anything else."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    least = SECRET_FIGURES if name and is_secret_name(name) else LEAST_FIGURES
    return str(value) if abs(value) >= 10 ** (least - 1) else ""


def _check(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
