"""What a formatter has in hand: values with the comments that stand at them, free of where they stood in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(slots=True)
class Comment:
    """A comment with its `#`; `blank` when an empty line stands before it."""

    text: str
    blank: bool = False


@dataclass(slots=True)
class Item:
    """A value.

    Attributes:
        written: A number or word as it was written, "" for texts and collections.
        flow: A collection that may stay in brackets.
        entries: What a collection holds.
        foot: Comments after the last entry.
        target: For an alias, the value that it stands for.
        name: The name of an anchor that is used.
    """

    value: Json
    style: str = "plain"
    written: str = ""
    flow: bool = False
    entries: list[Entry] = field(default_factory=list["Entry"])
    foot: list[Comment] = field(default_factory=list[Comment])
    target: Item | None = None
    name: str = ""

    @property
    def text(self) -> bool:
        """Whether it is a text."""
        return isinstance(self.value, str)

    @property
    def mapping(self) -> bool:
        """Whether it is a mapping."""
        return isinstance(self.value, dict)

    @property
    def collection(self) -> bool:
        """Whether it is a mapping or a list."""
        return isinstance(self.value, dict | list)


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list (`key` is None).

    Attributes:
        blank: An empty line stands before it, below its comments.
        start: Where it begins in the text, column included; 0 for what was not read.
    """

    key: str | None
    item: Item
    before: list[Comment] = field(default_factory=list[Comment])
    beside: list[str] = field(default_factory=list[str])
    blank: bool = False
    start: int = 0
    column: int = 0


@dataclass(slots=True)
class Tree:
    """A file: its root, and the comments at its head."""

    root: Item
    head: list[Comment] = field(default_factory=list[Comment])


def settle(item: Item) -> None:
    """Move comments that have no line to stand beside to the lines before; what stays in brackets is known by now."""
    for entry in item.entries:
        settle(entry.item)
        moved: list[Comment] = []
        inner = entry.item
        if inner.entries and entry.key is None and not inner.flow:
            moved += [Comment(text) for text in entry.beside]
            entry.beside = []
            moved += inner.entries[0].before
            inner.entries[0].before = []
        moved += [Comment(text) for text in entry.beside[1:]]
        del entry.beside[1:]
        if not inner.entries:
            moved += inner.foot
            inner.foot = []
        if moved:
            moved[0].blank, entry.blank = entry.blank, False
            entry.before += moved
