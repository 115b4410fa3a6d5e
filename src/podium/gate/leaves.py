"""What values are made of: leaves, rows, entries of a list, links in texts; however deep they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from podium.gate.forms import links

Json = Any

_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAME = re.compile(r"[\w\-]{1,64}", re.ASCII)

LINKS = ".links"
"""Behind the name of an argument or a field: the links in it, as in `body.links`."""


def leaves(value: Json) -> Iterator[Json]:
    """Yield what a value is made of, keys of mappings included: names in an answer are values, too."""
    for part in _parts(value):
        if isinstance(part, Mapping):
            yield from cast("Mapping[str, Json]", part)
        elif not isinstance(part, list | tuple):
            yield part


def rows(value: Json) -> Iterator[Mapping[str, Json]]:
    """Yield every mapping in a value."""
    return (cast("Mapping[str, Json]", part) for part in _parts(value) if isinstance(part, Mapping))


def entries(value: Json) -> Json:
    """Return the entries of a list that a tool gives as text: its lines, and what stands behind a heading in them."""
    if not isinstance(value, str):
        return value
    lines = [line.strip(" \t-*") for line in value.splitlines()]
    return [entry for line in lines for entry in (line, line.partition(": ")[2]) if entry]


def links_in(value: Json) -> Iterator[str]:
    """Yield the links in all texts of a value."""
    for leaf in leaves(value):
        yield from links(leaf) if isinstance(leaf, str) else ()


def linked(critical: Collection[str] | None, arguments: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield `(body.links, body)` for each argument of a call whose links are critical, if there are links in it."""
    for name in critical or ():
        argument = name.removesuffix(LINKS)
        if argument != name and any(links_in(arguments.get(argument))):
            yield name, argument


def words(name: str) -> str:
    """Return a name with its words apart, however they were joined: `to_Address` for `toAddress`."""
    return name if name.islower() else _APART.sub("_", name)


def inner(name: str, value: Json) -> Iterator[str]:
    """Yield the names inside an argument, `message.to`, whichever entry of a list they stand in; each at least once.

    What is no name stands as `?` in it: whoever wrote the value must not write what people and records are told.
    """
    waiting: list[tuple[str, Json]] = [(name, value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, Mapping):
            for key, below in cast("Mapping[str, Json]", part).items():
                called = f"{path}.{key if _NAME.fullmatch(key) else '?'}"
                yield called
                waiting.append((called, below))
        elif isinstance(part, list | tuple):
            waiting.extend((path, below) for below in cast("list[Json]", part))


def _parts(value: Json) -> Iterator[Json]:
    waiting: list[Json] = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Mapping):
            waiting.extend(reversed(list(cast("Mapping[str, Json]", part).values())))
        elif isinstance(part, list | tuple):
            waiting.extend(reversed(cast("list[Json]", part)))
