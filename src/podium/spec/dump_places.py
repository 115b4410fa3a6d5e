"""Where entries and values begin and end in the text of a file."""

from __future__ import annotations

import re
from typing import NamedTuple

from podium.spec.positions import Written


class Edit(NamedTuple):
    """Characters `start` to `end` become `text`."""

    start: int
    end: int
    text: str


class Spot(NamedTuple):
    """Where a value stands.

    Attributes:
        intro: The end of what introduces it, `:` or `-`.
        column: That of its entry, from 0.
        flow: Whether it stands within brackets.
    """

    written: Written
    intro: int
    column: int
    flow: bool


class Places:
    """Looks up places in one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def column(self, position: int) -> int:
        """Return the column of a position, from 0."""
        return position - self.text.rfind("\n", 0, position) - 1

    def dash(self, child: Written) -> int:
        """Return where the `-` of an item stands."""
        lines = re.finditer(r"(?<!\S)-(?=\s)", self.text[: child.span.start + 1])
        return max((found.start() for found in lines), default=child.span.start)

    def line_end(self, position: int) -> int:
        """Return where the line of a position ends."""
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found

    def end(self, written: Written, least: int) -> int:
        """Return where the last character of a value stands, line ends, comments and empty lines left out."""
        if written.style == "block" and written.span == written.source:
            children = [self.end(child, least) for child in written.children.values()]
            return max([least, *children, *(span.end + 1 for span in written.keys.values())])
        inside = self.text[written.span.start : written.span.end].rstrip("\n")
        return max(least, written.span.start + len(inside)) if inside else least
