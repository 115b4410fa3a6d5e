"""From a tree to text: two spaces a level, comments where they belong, brackets only where they were and fit.

Between the keys of the file stands an empty line where one of the two takes several lines, between nodes always;
elsewhere the author's empty lines stay, never two in a row. A value that is used again under a name (`&name`, `*name`)
is written out where it comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from podium.spec.format_scalars import bare, folded, inline, literal
from podium.spec.format_tree import Comment, Entry, Item, Tree, settle

WIDTH = 120
_SPACED = "nodes"


def text_of(tree: Tree) -> str:
    """Return the file."""
    tree.root.flow = False
    for entry in tree.root.entries:
        if entry.item.mapping and entry.key in {"inputs", "tools", _SPACED}:
            entry.item.flow = False
    _lay(tree.root, 0, set())
    settle(tree.root)
    lines = [*_comments(tree.head, 0)]
    lines = lines[1:] if lines[:1] == [""] else lines
    body = _Emitter().block(tree.root, 0, top=True)
    lines += ["", *body] if lines and tree.root.entries[0].blank else body
    return "\n".join(lines) + "\n"


def text_of_value(item: Item, *, indent: int, lead: int) -> list[str]:
    """Return a value as it stands behind a key: the rest of the key's line, and further lines, indented.

    `indent` is that of the entry, `lead` the width of what stands before the value on its line.
    """
    _lay_value(item, indent, lead, set())
    settle(item)
    first, rest = _Emitter().value(item, indent, lead)
    return [first, *rest]


def flow_text(item: Item, defined: set[int]) -> str | None:
    """Return a value on one line, within or without brackets, None when it cannot be; `defined` learns the names."""
    named = item.target or item
    if id(named) in defined:
        return f"*{named.name}"
    prefix = ""
    if named.name:
        defined.add(id(named))
        prefix = f"&{named.name} "
    if named.collection:
        inner = _brackets(named, defined)
        return None if inner is None else prefix + inner
    if named.style in {"literal", "folded"}:
        return None
    return prefix + _scalar(named, flow=True)


def _scalar(item: Item, *, flow: bool) -> str:
    if item.text:
        return inline(item.value, flow=flow)
    return item.written or bare(item.value)


def _brackets(item: Item, defined: set[int]) -> str | None:
    if (item.entries and not item.flow) or item.foot:
        return None
    parts: list[str] = []
    for entry in item.entries:
        value = flow_text(entry.item, defined)
        if value is None or entry.before or entry.beside:
            return None
        parts.append(value if entry.key is None else f"{inline(entry.key, flow=True)}: {value}")
    inside = ", ".join(parts)
    return f"{{{inside}}}" if item.mapping else f"[{inside}]"


def _lay(item: Item, indent: int, defined: set[int]) -> None:
    for entry in item.entries:
        lead = indent + (2 if entry.key is None else len(inline(entry.key, flow=False)) + 2)
        _lay_value(entry.item, indent, lead, defined)


def _lay_value(item: Item, indent: int, lead: int, defined: set[int]) -> None:
    """Take brackets away where they do not fit; walks as the emitter does, so that names are defined alike."""
    named = item.target or item
    if id(named) in defined or not named.collection or not named.entries:
        if named.name:
            defined.add(id(named))
        return
    attempt = set(defined)
    text = flow_text(named, attempt) if named.flow else None
    if text is not None and lead + len(text) <= WIDTH:
        defined |= attempt
        return
    named.flow = False
    if named.name:
        defined.add(id(named))
    _lay(named, indent + 2, defined)


def _comments(comments: list[Comment], indent: int) -> Iterator[str]:
    for comment in comments:
        if comment.blank:
            yield ""
        yield " " * indent + comment.text


class _Emitter:
    def __init__(self) -> None:
        self._defined: set[int] = set()

    def block(self, item: Item, indent: int, *, top: bool = False, spaced: bool = False) -> list[str]:
        """Return the lines of a collection; `top` for the file itself, `spaced` for its nodes."""
        lines: list[str] = []
        long_before = False
        for number, entry in enumerate(item.entries):
            before = list(_comments(entry.before, indent))
            own = self._entry(entry, indent, spaced=top and entry.key == _SPACED)
            if not number:
                lines += before[1:] if before[:1] == [""] else before
                lines += ["", *own] if entry.blank and before else own
            else:
                block = [*before, *([""] if entry.blank else []), *own]
                apart = spaced or (top and (long_before or len(own) > 1))
                lines += ["", *block] if apart and block[0] else block
            long_before = len(own) > 1
        return [*lines, *_comments(item.foot, indent)]

    def _entry(self, entry: Entry, indent: int, *, spaced: bool) -> list[str]:
        head = "-" if entry.key is None else f"{inline(entry.key, flow=False)}:"
        lead = indent + len(head) + 1
        compact = entry.key is None and not (entry.item.target or entry.item).name
        first, rest = self.value(entry.item, indent, lead, spaced=spaced)
        if not first and rest and compact:
            # the first entry of a block stands on the line of the dash
            return [" " * indent + "- " + rest[0][indent + 2 :], *rest[1:]]
        beside = f"  {entry.beside[0]}" if entry.beside else ""
        return [f"{' ' * indent}{head}{' ' if first else ''}{first}{beside}", *rest]

    def value(self, item: Item, indent: int, lead: int, *, spaced: bool = False) -> tuple[str, list[str]]:
        """Return what stands behind a key, and the lines below."""
        named = item.target or item
        if id(named) in self._defined:
            return f"*{named.name}", []
        if named.collection and named.entries and not named.flow:
            if named.name:
                self._defined.add(id(named))
            return f"&{named.name}" if named.name else "", self.block(named, indent + 2, spaced=spaced)
        if named.text and (lines := _block_text(named, indent, lead)) is not None:
            if named.name:
                self._defined.add(id(named))
            header = f"&{named.name} {lines[0]}" if named.name else lines[0]
            return header, [" " * (indent + 2) + line if line else "" for line in lines[1:]]
        if named.text and not named.name:
            return _scalar(named, flow=False), []
        text = flow_text(item, self._defined)
        assert text is not None, "what does not fit on a line was laid out as a block"
        return text, []


def _block_text(item: Item, indent: int, lead: int) -> list[str] | None:
    """Return the lines of a text that is written as a block, None when it stands on the line of its key."""
    text = str(item.value)
    if item.style == "folded" and (lines := folded(text, width=WIDTH - indent - 2)):
        return lines
    if item.style in {"literal", "folded"}:
        return literal(text, tidy=False)
    if "\n" in text:
        return literal(text, tidy=True)
    if lead + len(inline(text, flow=False)) > WIDTH:
        return folded(text, width=WIDTH - indent - 2)
    return None
