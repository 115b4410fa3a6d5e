"""A picture for a terminal: boxes and lines of Unicode, in rows of spans that whoever prints them may colour.

Lines differ by more than colour: light for data, dashed for `after`, heavy for the choice of a switch, double where a
port that is no success is handled, dotted for what is sent back to work. Where two lines cross, the vertical one
passes over the other; a line splits only at a corner of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from rich.cells import cell_len

from podium.errors import UsageError
from podium.graph.picture.layout import Box, Sheet, Wire, arranged
from podium.graph.picture.metrics import Role, terminal_metrics
from podium.graph.picture.scene import MEANS, LinkKind, Scene, kinds_of

Tag = Role | LinkKind | Literal["", "box"]


class Span(NamedTuple):
    """A piece of a row; `status` is that of the node whose box it belongs to, "" for none."""

    text: str
    tag: Tag
    status: str = ""


Rows = tuple[tuple[Span, ...], ...]

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_ACROSS = LEFT | RIGHT

# by the directions in which a line leaves the cell, from 1 to 15
_STROKES: dict[LinkKind, str] = {
    "data": " │││─╯╮┤─╰╭├─┴┬┼",
    "after": " ┆┆┆┄╯╮┤┄╰╭├┄┴┬┼",
    "choice": " ┃┃┃━┛┓┫━┗┏┣━┻┳╋",
    "handled": " ║║║═╝╗╣═╚╔╠═╩╦╬",
    "revise": " ╎╎╎╌╯╮┤╌╰╭├╌┴┬┼",
}
_HEADS: dict[LinkKind, str] = {"data": "▼", "after": "▽", "choice": "▼", "handled": "▼", "revise": "▲"}
_FEET: dict[LinkKind, str] = {"data": "┬", "after": "┬", "choice": "┰", "handled": "╥", "revise": "─"}


def terminal(scene: Scene, *, width: int) -> Rows | None:
    """Return a picture no wider than `width` cells; None when there is none."""
    for narrow in (False, True):
        try:
            sheet = arranged(scene, terminal_metrics(narrow=narrow))
        except UsageError:  # too many lines: then a list says more
            return None
        if sheet.width <= width:
            canvas = _Canvas(sheet.width, sheet.height)
            canvas.draw(sheet, 0, 0)
            return canvas.rows()
    return None


def legend(scene: Scene) -> tuple[Span, ...]:
    """Return what the lines of a picture mean, only those that it has."""
    pairs = [
        (Span(f"{_STROKES[kind][DOWN]}{_HEADS[kind]}", kind), Span(f" {MEANS[kind]}   ", "mark"))
        for kind in kinds_of(scene)
    ]
    return tuple(span for pair in pairs for span in pair)


class _Canvas:
    def __init__(self, width: int, height: int) -> None:
        blank = Span(" ", "")
        self._cells = [[blank] * width for _ in range(height)]

    def rows(self) -> Rows:
        """Return the rows, cells of one kind together, without space at the end."""
        return tuple(_spans(row) for row in self._cells)

    def draw(self, sheet: Sheet, x: int, y: int) -> None:
        for box in sheet.boxes:
            self._box(box, x + box.x, y + box.y)
        self._wires(sheet.wires, x, y)

    def _put(self, x: int, y: int, text: str, tag: Tag, status: str = "") -> None:
        for one in text:
            wide = cell_len(one)
            if wide:
                self._cells[y][x] = Span(one, tag, status)
            if wide > 1:
                self._cells[y][x + 1] = Span("", tag, status)
            x += wide

    def _box(self, box: Box, x: int, y: int) -> None:
        status = box.figure.standing.status if box.figure.standing else ""
        right, low = x + box.width - 1, y + box.height - 1
        self._put(x, y, f"┌{'─' * (box.width - 2)}┐", "box", status)
        self._put(x, low, f"└{'─' * (box.width - 2)}┘", "box", status)
        for row in range(y + 1, low):
            self._put(x, row, "│", "box", status)
            self._put(right, row, "│", "box", status)
        for row, line in enumerate(box.lines, y + 1):
            column = x + 2
            for text, role in line:
                self._put(column, row, text, role, status)
                column += cell_len(text) + 1
        for panel in box.panels:
            if panel.name:
                self._put(x + panel.x, y + panel.y - 1, panel.name, "part")
            self.draw(panel.sheet, x + panel.x, y + panel.y)

    def _wires(self, wires: Sequence[Wire], x: int, y: int) -> None:
        strokes: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for number, wire in enumerate(wires):
            for way in wire.ways:
                for cell, mask in _masks(way):
                    strokes[cell][number] |= mask
        for (column, row), found in strokes.items():
            number = max(found, key=lambda one: (bool(found[one] & ~_ACROSS), one))
            kind = wires[number].net.kind
            self._put(x + column, y + row, _STROKES[kind][found[number]], kind)
        for wire in wires:
            self._ends(wire, x, y)

    def _ends(self, wire: Wire, x: int, y: int) -> None:
        kind, (column, row) = wire.net.kind, wire.ways[0][0]
        status = self._cells[y + row][x + column - 1].status
        self._put(x + column, y + row, _FEET[kind], "box", status)
        if wire.label:
            self._put(x + wire.label[0], y + wire.label[1], wire.net.port, kind)
        heads = {(column, row + 1)} if wire.net.back else {way[-1] for way in wire.ways}
        for at, below in heads:
            self._put(x + at, y + below, _HEADS[kind], kind)


def _masks(way: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """Return the cells of a way with the directions in which it leaves them; its first and last go up or down."""
    found: list[tuple[tuple[int, int], int]] = [(way[0], UP), (way[-1], DOWN)]
    for (x1, y1), (x2, y2) in pairwise(way):
        dx, dy = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
        ahead, behind = (RIGHT, LEFT) if dx > 0 else (LEFT, RIGHT) if dx else (DOWN, UP) if dy > 0 else (UP, DOWN)
        x, y = x1, y1
        while (x, y) != (x2, y2):
            found += [((x, y), ahead), ((x + dx, y + dy), behind)]
            x, y = x + dx, y + dy
    return found


def _spans(row: Sequence[Span]) -> tuple[Span, ...]:
    merged = [
        Span("".join(cell.text for cell in cells), tag, status)
        for (tag, status), cells in groupby(row, key=lambda cell: (cell.tag, cell.status))
    ]
    while merged and not merged[-1].text.strip():
        merged.pop()
    return tuple(merged)
