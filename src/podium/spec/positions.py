"""Where things stand in a file: from keys (`("nodes", "draft", "llm")`) to line and columns.

The tree of what was written is kept beside the plain values, and a place is looked up by walking it. What is not
written (a missing key, a default) gives the nearest thing around it, so a lookup never fails. Columns count
characters, from 1.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from podium.spec.diagnostic import Loc, Place

Json = Any
Style = Literal["plain", "quoted", "literal", "folded", "flow", "block"]
_SINGLE = re.compile(r"''")
_DOUBLE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")


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
    """Looks up places; `Positions()` knows none and answers with the start of the file.

    `line_starts` are the offsets in `text` at which its lines begin.
    """

    def __init__(self, text: str = "", root: Written | None = None, *, line_starts: Sequence[int] = (0,)) -> None:
        self._text = text
        self._root = root
        self._line_starts = line_starts

    def of(self, root: Written) -> Positions:
        """Return the places of the same text under other keys, as after an upgrade."""
        return Positions(self._text, root, line_starts=self._line_starts)

    def at(self, span: Span) -> Place:
        """Return the part of a span that stands on its first line, at least one character wide."""
        line = bisect_right(self._line_starts, span.start)
        start = self._line_starts[line - 1]
        written = self._text[span.start : span.end].partition("\n")[0].rstrip()
        column = span.start - start + 1
        return Place(line, column, column + max(1, len(written)))

    def key(self, loc: Loc) -> Place:
        """Return where the last key of `loc` is written; for an item of a list, where the item is."""
        if not loc:
            return self.at(Span(start=0, end=0))
        parent = self._find(loc[:-1])
        if parent is not None and isinstance(loc[-1], str) and (span := parent.keys.get(loc[-1])):
            return self.at(span)
        if parent is not None and loc[-1] in parent.children:
            return self.at(parent.children[loc[-1]].span)
        return self.key(loc[:-1])

    def value(self, loc: Loc) -> Place:
        """Return where the value at `loc` is written: its first line; for an indented block, its key."""
        written = self._find(loc)
        if written is None or written.style == "block" or written.span.start == written.span.end:
            return self.key(loc)
        return self.at(written.span)

    def inside(self, loc: Loc, offset: int, length: int) -> Place:
        """Return where `length` characters at `offset` of the text at `loc` are written.

        Exact for plain and quoted text on one line and for block literals (`|`); for text that YAML folds, exact when
        the characters stand on one line, else the start of the text.
        """
        written = self._find(loc)
        if written is None or written.style in {"block", "flow"}:
            return self.value(loc)
        source = self._text[written.source.start : written.source.end]
        start = self._offset_in(written, source, offset)
        if start is None:
            return self.value(loc)
        end = self._offset_in(written, source, offset + length)
        return self.at(Span(start=start, end=max(start + 1, start + length if end is None else end)))

    def _offset_in(self, written: Written, source: str, offset: int) -> int | None:
        """Return where character `offset` of a value stands in the text of the file."""
        text = written.value if isinstance(written.value, str) else source
        base = written.source.start
        if written.style == "literal":
            return _in_literal(text, source, offset, base)
        if "\n" in source:
            return _in_folded(text, source, offset, base)
        if written.style == "plain":
            return base + offset
        return base + _in_quoted(source, offset)

    def _find(self, loc: Loc) -> Written | None:
        written = self._root
        for part in loc:
            if written is None:
                return None
            written = written.children.get(part)
        return written


def _in_literal(text: str, source: str, offset: int, base: int) -> int | None:
    """Line `n` of a block literal is line `n` below its indicator, without the indentation."""
    before, _, rest = text[:offset].rpartition("\n")
    number = before.count("\n") + 2 if _ else 1
    column = len(rest)
    lines = source.split("\n")
    if number >= len(lines):
        return None
    wanted = text.split("\n")[number - 1]
    indent = len(lines[number]) - len(wanted)
    if indent < 0 or not lines[number].endswith(wanted):
        return None
    return base + sum(len(line) + 1 for line in lines[:number]) + indent + column


def _in_folded(text: str, source: str, offset: int, base: int) -> int | None:
    """Find the word at `offset` again: the same number of equal words must stand in the value and in the file."""
    end = offset
    while end < len(text) and not text[end].isspace():
        end += 1
    word = text[offset:end]
    if not word or text.count(word) != source.count(word):
        return None
    position = -1
    for _ in range(text.count(word, 0, offset) + 1):
        position = source.find(word, position + 1)
    return base + position


def _in_quoted(source: str, offset: int) -> int:
    """Walk a quoted text on one line: each escape is one character of the value."""
    escape = _SINGLE if source[0] == "'" else _DOUBLE
    position = 1
    for _ in range(offset):
        match = escape.match(source, position)
        position = match.end() if match else position + 1
    return position
