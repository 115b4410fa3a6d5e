"""Sizes that a layout works with: whole cells of a terminal, or pixels of an SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from podium.graph.picture.scene import Figure

Role = Literal["id", "type", "mark", "standing", "part", "port"]
"""What a piece of text is, which decides its font and colour."""

Line = tuple[tuple[str, Role], ...]
"""A line of text in a figure: its pieces, with a space between."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """How much room things take.

    Attributes:
        text: The width of a text in a role.
        line: The height of a line of text; also of the row in which ports are written.
        space: Between two pieces of a line.
        inset_x, inset_y: From the outer edge of a box to what is in it.
        gap: Between two figures of a row.
        thread: The width of a thread.
        pin: The least distance of two lines at one edge of a box.
        near: Lines closer than this could be taken for one.
        lane: The height of one track of horizontal lines.
        air: Between the lower edge of a row and the first track.
        head: Between the last track and the next row, where heads of arrows are.
        edge: How far inside the box's rectangle its border is drawn: 1 where the border fills cells.
        narrow: A figure's id and type stand in two lines.
    """

    text: Callable[[str, Role], int]
    line: int
    space: int
    inset_x: int
    inset_y: int
    gap: int
    thread: int
    pin: int
    near: int
    lane: int
    air: int
    head: int
    edge: int
    narrow: bool

    def width(self, line: Line) -> int:
        """Return the width of a line."""
        return sum(self.text(text, role) for text, role in line) + self.space * (len(line) - 1)


def terminal_metrics(*, narrow: bool) -> Metrics:
    """Return sizes in cells."""
    return Metrics(
        text=lambda text, _: cell_len(text),
        line=1,
        space=1,
        inset_x=2,
        inset_y=1,
        gap=2,
        thread=3,
        pin=2,
        near=1,
        lane=1,
        air=0,
        head=1,
        edge=1,
        narrow=narrow,
    )


def lines_of(figure: Figure, *, narrow: bool) -> tuple[Line, ...]:
    """Return what is written in a figure."""
    what: Line = ((f"{figure.type} {figure.detail}".rstrip(), "type"),)
    first: tuple[Line, ...] = (((figure.id, "id"),), what) if narrow else (((figure.id, "id"), *what),)
    standing: tuple[Line, ...] = (((figure.standing.text, "standing"),),) if figure.standing else ()
    return (*first, *(((mark, "mark"),) for mark in figure.marks), *standing)
