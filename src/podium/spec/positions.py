"""Where things stand in a file: from keys (`("nodes", "draft", "llm")`) to line and columns.

The tree of what was written is kept beside the plain values, and a place is looked up by walking it. What is not
written (a missing key, a default) gives the nearest thing around it, so a lookup never fails. Columns count
characters, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.spec.diagnostic import Loc, Place

Json = Any
Style = Literal["plain", "quoted", "literal", "folded", "flow", "block"]
START = Place(1, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, as offsets from 0."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A value as it stands in a file.

    Attributes:
        value: The plain value.
        span: Where it stands; for an alias, where the alias stands.
        source: Where its own characters stand; for an alias, at the anchor.
        keys: Where the keys of a mapping stand.
        children: The values of a mapping by key, or of a list by index.
        size: Values in it, itself included, aliases counted each time.
        height: Levels of mappings and lists in it.
    """

    value: Json
    style: Style
    span: Span
    source: Span
    keys: Mapping[str, Span] = field(default_factory=dict[str, Span])
    children: Mapping[str | int, Written] = field(default_factory=dict[str | int, "Written"])
    size: int = 1
    height: int = 0


class Positions:
    """Looks up places; `Positions()` knows none and answers with the start of the file."""

    def __init__(self, text: str = "", root: Written | None = None, *, line_starts: Sequence[int] = (0,)) -> None:
        self._text = text
        self._root = root
        self._line_starts = line_starts

    def key(self, loc: Loc) -> Place:
        """Return where the last key of `loc` is written; for an item of a list, where the item is."""
        raise NotImplementedError

    def value(self, loc: Loc) -> Place:
        """Return where the value at `loc` is written: its first line; for an indented block, its key."""
        raise NotImplementedError

    def inside(self, loc: Loc, offset: int, length: int) -> Place:
        """Return where `length` characters at `offset` of the text at `loc` are written.

        Exact for plain and quoted text on one line and for block literals (`|`); elsewhere the start of the text.
        """
        raise NotImplementedError
