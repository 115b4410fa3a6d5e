"""Inserting and deleting the entries of a collection: the lines and commas that come and go with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

from podium.spec.dump_places import Edit, Places, Spot
from podium.spec.format_emit import flow_text, text_of_value
from podium.spec.format_fresh import fresh
from podium.spec.format_scalars import inline

Json = Any
Key = str | int

_COMMENT_LINE = re.compile(r"[ \t]*#")
_NEXT_COMMENT = re.compile(r"(?:[ \t]*\n)*[ \t]*#")
_COMMA = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*,")


def on_one_line(value: Json) -> str:
    """Return a value as it stands within brackets."""
    text = flow_text(fresh(value, brackets=True), set())
    assert text is not None, "everything fits in brackets when the width does not matter"
    return text


class New(NamedTuple):
    """An entry that is added behind a kept one, or first (None)."""

    key: Key
    value: Json
    previous: Key | None


class Steps(NamedTuple):
    """What becomes of the entries of a collection, in the order of the file."""

    kept: list[Key]
    gone: list[Key]
    new: list[New]


def aligned(before: list[Json], after: list[Json]) -> tuple[Steps, dict[int, int]]:
    """Return which items of a list stay, and as which of the new ones."""
    texts = [[json.dumps(one, sort_keys=True) for one in items] for items in (before, after)]
    pairs: dict[int, int] = {}
    for _, start, end, first, last in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        pairs |= dict(zip(range(start, end), range(first, last), strict=False))
    steps = Steps(list(pairs), [index for index in range(len(before)) if index not in pairs], [])
    sources = {new: old for old, new in pairs.items()}
    previous: Key | None = None
    for index, value in enumerate(after):
        if index in sources:
            previous = sources[index]
        else:
            steps.new.append(New(index, value, previous))
    return steps, pairs


class Entries:
    """Inserts and deletes entries of one collection that keeps at least one."""

    def __init__(self, places: Places, spot: Spot) -> None:
        self.places = places
        self.text = places.text
        self.at = spot.written
        self.flow = spot.flow or self.at.style == "flow"
        self.keys: list[Key] = list(self.at.children)

    def _start(self, key: Key) -> int:
        if isinstance(key, str):
            return self.at.keys[key].start
        child = self.at.children[key]
        return child.span.start if self.flow else self.places.dash(child)

    def _stop(self, key: Key) -> int:
        least = self.at.keys[key].end + (not self.flow) if isinstance(key, str) else self._start(key)
        return self.places.end(self.at.children[key], least)

    def added(self, new: New, steps: Steps) -> Edit:
        """Return the edit that adds an entry behind another, or first."""
        key, value, previous = new
        first = self._start(steps.kept[0])
        name = f"{inline(key, flow=self.flow)}:" if isinstance(key, str) else ""
        if self.flow:
            entry = f"{name}{' ' if name else ''}{on_one_line(value)}"
            return (
                Edit(first, first, f"{entry}, ") if previous is None else self._at(self._stop(previous), f", {entry}")
            )
        column = self.places.column(first)
        head, *rest = text_of_value(fresh(value), indent=column, lead=column + max(2, len(name) + 1))
        if not head and not name:
            head, *rest = (rest[0].lstrip(" "), *rest[1:])
        entry = "\n".join([f"{name or '-'}{' ' if head else ''}{head}", *rest])
        if previous is None:
            return self._at(*self._before(first, column, entry))
        position = self._next_line(previous, column)
        gap = "\n" if self._apart(previous) else ""
        if position > len(self.text):  # the file ends without a line end
            return self._at(len(self.text), f"\n{gap}{' ' * column}{entry}")
        return self._at(position, f"{gap}{' ' * column}{entry}\n")

    def _before(self, first: int, column: int, entry: str) -> tuple[int, str]:
        """Return where an entry is inserted before the first, above its comments, and the text."""
        line = self.text.rfind("\n", 0, first) + 1
        if self.text[line:first].strip():
            return first, f"{entry}\n{' ' * column}"  # it shares its line with a dash
        return self._with_comments(line, column), f"{' ' * column}{entry}\n"

    @staticmethod
    def _at(position: int, text: str) -> Edit:
        return Edit(position, position, text)

    def _next_line(self, key: Key, column: int) -> int:
        """Return the start of the line after an entry, behind comments that are indented deeper."""
        start = self.places.line_end(self._stop(key)) + 1
        while following := _NEXT_COMMENT.match(self.text, start):
            if self.places.column(following.end() - 1) <= column:
                break
            start = self.places.line_end(following.end()) + 1
        return start

    def _apart(self, key: Key) -> bool:
        """Whether an empty line stands between an entry and one of its neighbours."""
        index = self.keys.index(key)
        pairs = list(pairwise(self.keys[max(index - 1, 0) : index + 2]))
        return any("\n\n" in self.text[self._stop(one) : self._start(other)] for one, other in pairs)

    def without(self, key: Key, steps: Steps) -> Iterator[Edit]:
        """Yield the edits that delete an entry."""
        index = self.keys.index(key)
        following = self.keys[index + 1] if index + 1 < len(self.keys) else None
        if self.flow:
            yield from self._without_in_brackets(key, following, steps)
            return
        start = self._start(key)
        line = self.text.rfind("\n", 0, start) + 1
        if self.text[line:start].strip():
            yield Edit(
                start, self._start(steps.kept[0]), ""
            )  # it shares its line with a dash; the next takes its place
            return
        end = min(self._next_line(key, start - line), len(self.text))
        line = self._with_comments(line, start - line)
        if self.text[:line].endswith("\n\n") and self.text[end : end + 1] in {"", "\n"}:
            line -= 1
        yield Edit(line, end, "")

    def _with_comments(self, line: int, column: int) -> int:
        """Return the start of the lines of comments that stand directly above a line."""
        while line and (above := self._comment_above(line, column)) is not None:
            line = above
        return line

    def _comment_above(self, line: int, column: int) -> int | None:
        above = self.text.rfind("\n", 0, line - 1) + 1
        found = _COMMENT_LINE.match(self.text, above)
        return above if found and found.end() - 1 - above <= column else None

    def _without_in_brackets(self, key: Key, following: Key | None, steps: Steps) -> Iterator[Edit]:
        start, end = self._start(key), self._stop(key)
        if following is None:
            previous = self.keys[self.keys.index(key) - 1]
            if previous in steps.kept:
                start = len(self.text[:start].rstrip(" "))
            yield Edit(start, end, "")
        elif "\n" not in self.text[end : self._start(following)]:
            yield Edit(start, self._start(following), "")
            return
        else:
            yield Edit(start, end, "")
            yield from self._without_comma(end)
            return
        last = steps.kept[-1]
        if self.keys.index(last) == len(self.keys) - 1 - len(self._tail(steps)):
            yield from self._without_comma(self._stop(last))

    def _tail(self, steps: Steps) -> list[Key]:
        """Return the entries that are deleted at the end."""
        return list(takewhile(lambda key: key not in steps.kept, reversed(self.keys)))

    def _without_comma(self, position: int) -> Iterator[Edit]:
        if found := _COMMA.match(self.text, position):
            yield Edit(found.end() - 1, found.end(), "")
