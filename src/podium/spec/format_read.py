"""From the text of a file to what a formatter has in hand: values, each with the comments that belong to it.

A comment on a line of its own belongs to the entry that follows, or, when it is indented like the entries of a block
that ends there, to the foot of that block. A comment at the end of a line belongs to the entry of that line. Comments
before the first entry of a file belong to the file. Each comment belongs to exactly one place.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from podium.spec.format_tree import Comment, Entry, Item, Tree
from podium.spec.positions import Written
from podium.spec.scalars import plain


def tree_of(text: str, root: Written) -> Tree:
    """Return what was read from `text` with all its comments."""
    masked = _masked(text, root)
    comments = list(_comments(masked))
    builder = _Builder(text, re.sub(r"(?<!\S)#[^\n]*", _spaces, masked))
    tree = Tree(builder.item(root, None))
    builder.link()
    for start, end in comments:
        builder.attach(tree, start, text[start:end].rstrip())
    first = tree.root.entries[0]
    tree.head, first.before = first.before, []
    return tree


def comments_of(text: str, root: Written) -> list[str]:
    """Return the comments of a file, sorted."""
    return sorted(text[start:end].rstrip() for start, end in _comments(_masked(text, root)))


def _spaces(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _masked(text: str, root: Written) -> str:
    """Return the text with every scalar replaced by as many `x`, so that what is left is structure and comments."""
    parts: list[str] = []
    position = 0
    for start, end in sorted(_scalars(text, root)):
        parts += (text[position:start], re.sub(r"[^\n]", "x", text[start:end]))
        position = end
    return "".join((*parts, text[position:]))


def _scalars(text: str, written: Written) -> Iterator[tuple[int, int]]:
    if written.span != written.source:
        return
    for span in written.keys.values():
        yield span.start, span.end
    for child in written.children.values():
        yield from _scalars(text, child)
    if written.style in {"literal", "folded"}:
        yield text.index("\n", written.span.start), written.span.end  # a comment may stand beside the `|`
    elif written.style not in {"flow", "block"}:
        yield written.span.start, written.span.end


def _comments(masked: str) -> Iterator[tuple[int, int]]:
    for found in re.finditer(r"(?<!\S)#[^\n]*", masked):
        yield found.span()


@dataclass(slots=True)
class _Spot:
    """A collection while comments are placed: where it stands, and the entry that it is the value of."""

    item: Item
    start: int
    end: int
    parent: _Spot | None
    column: int = 0


class _Builder:
    def __init__(self, text: str, structure: str) -> None:
        self.text = text
        self.structure = structure
        self.entries: list[Entry] = []
        self.starts: list[int] = []
        self.spots: list[_Spot] = []
        """The collection that each entry stands in."""
        self.by_source: dict[int, Item] = {}
        self.aliases: list[tuple[Item, Written, str]] = []

    def item(self, written: Written, parent: _Spot | None) -> Item:
        """Return a value with all it holds; entries come to be known in the order of the text."""
        if written.span != written.source:
            item = Item(written.value, written.style)
            name = self.text[written.span.start + 1 : written.span.end]
            self.aliases.append((item, written, name))
            return item
        item = Item(written.value, written.style, flow=written.style == "flow")
        self.by_source[written.source.start] = item
        if written.style == "plain" and not isinstance(written.value, str):
            text = self.text[written.span.start : written.span.end]
            # an upgrade says something else than what is written
            item.written = (text or "null") if plain(text, written.span) == written.value else ""
        if written.style in {"flow", "block"}:
            spot = _Spot(item, written.span.start, written.span.end, parent)
            for key, child in written.children.items():
                self._entry(spot, key, written, child)
        return item

    def _entry(self, spot: _Spot, key: str | int, written: Written, child: Written) -> None:
        if isinstance(key, str):
            entry = Entry(key, Item(None), start=written.keys[key].start)
        else:
            entry = Entry(None, Item(None), start=child.span.start if spot.item.flow else self._dash(child))
        line = self.text.rfind("\n", 0, entry.start) + 1
        entry.column = entry.start - line
        entry.blank = self._blank(line)
        if not spot.item.entries:
            spot.column = entry.column
        spot.item.entries.append(entry)
        self.entries.append(entry)
        self.starts.append(entry.start)
        self.spots.append(spot)
        entry.item = self.item(child, spot)

    def _dash(self, child: Written) -> int:
        """Return where the `-` of an item stands."""
        end = child.span.start
        while (found := self.structure.rfind("-", 0, end)) >= 0:
            if self.structure[found - 1 : found].strip() == "" and self.structure[found + 1 : found + 2].strip() == "":
                return found
            end = found
        return child.span.start

    def _blank(self, line: int) -> bool:
        return line > 1 and self.text[self.text.rfind("\n", 0, line - 1) + 1 : line - 1].strip() == ""

    def link(self) -> None:
        """Give aliases their values, and the values names that differ."""
        taken: dict[str, Item] = {}
        for item, written, name in self.aliases:
            target = self.by_source.get(written.source.start)
            if target is None:
                continue  # a key was named; its text stands here then
            item.target = target
            while taken.setdefault(target.name or name, target) is not target:
                name += "_"  # noqa: PLW2901 - one name may have been used twice, one after the other
            target.name = target.name or name

    def attach(self, tree: Tree, start: int, text: str) -> None:
        """Put a comment where it belongs."""
        line = self.text.rfind("\n", 0, start) + 1
        own = self.text[line:start].strip() == ""
        after = bisect_left(self.starts, start)
        flow = next(
            (spot for spot in self._around(after - 1) if spot.item.flow and spot.start < start < spot.end), None
        )
        comment = Comment(text, own and self._blank(line))
        if not own and (index := self._beside(after, start)) is not None:
            self.entries[index].beside.append(text)
        elif flow is not None:
            following = (entry for entry in flow.item.entries if entry.start > start)
            next_one = next(following, None)
            (next_one.before if next_one else flow.item.foot).append(comment)
        else:
            self._own_line(tree, after, start - line, comment)

    def _around(self, index: int) -> Iterator[_Spot]:
        """Yield the collections that an entry opens or stands in, innermost first."""
        spot = self.spots[index] if index >= 0 else None
        inner = self.entries[index].item if index >= 0 else None
        if inner is not None and inner.flow and not inner.entries:
            start = self.structure.find("{" if inner.mapping else "[", self.starts[index])
            end = self.structure.find("}" if inner.mapping else "]", start)
            yield _Spot(inner, start, end, spot)
        while spot is not None:
            yield spot
            spot = spot.parent

    def _beside(self, after: int, start: int) -> int | None:
        """Return the last entry before a comment that is not within brackets which have closed."""
        for index in range(after - 1, -1, -1):
            if all(spot.end > start for spot in self._within(index)):
                return index
        return None

    def _within(self, index: int) -> Iterator[_Spot]:
        spot: _Spot | None = self.spots[index]
        while spot is not None:
            if spot.item.flow:
                yield spot
            spot = spot.parent

    def _own_line(self, tree: Tree, after: int, column: int, comment: Comment) -> None:
        following = self.entries[after] if after < len(self.entries) else None
        if following is not None and (column <= following.column or after == 0):
            following.before.append(comment)
            return
        containing = list(self._chain(self.spots[after])) if following is not None else []
        for spot in self._chain(self.spots[after - 1]):
            if any(spot is other for other in containing) and following is not None:
                following.before.append(comment)
                return
            if not spot.item.flow and spot.column <= column:
                spot.item.foot.append(comment)
                return
        tree.root.foot.append(comment)

    def _chain(self, spot: _Spot | None) -> Iterator[_Spot]:
        while spot is not None:
            yield spot
            spot = spot.parent
