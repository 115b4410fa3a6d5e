"""The geometry of a picture: boxes in rows, lines at right angles between them, nothing on top of anything.

It is the same for a terminal and for an SVG; only the sizes differ (`Metrics`). Lines run in channels between the
rows: down from a figure, along a track, down to the next row. The port of a line is written beside its beginning,
above all tracks, so no line crosses text. A scene inside a figure is laid out first and its size is the figure's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from podium.errors import UsageError
from podium.graph.picture.layers import Hop, Layered, Net, is_thread, layered
from podium.graph.picture.metrics import Line, Metrics, lines_of
from podium.graph.picture.pins import Crowded, Pins, Span, least_width, pinned
from podium.graph.picture.placing import placed
from podium.graph.picture.scene import Figure, Scene
from podium.graph.picture.tracks import Run, tracks

SLACKS = (0, 1, 2, 4, 8, 16)


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A scene inside a box: its name above it (nothing for the main one), and its sheet, by its upper left corner."""

    name: str
    x: int
    y: int
    sheet: Sheet


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A figure with its text and what is inside; all places are those of the sheet it lies on."""

    figure: Figure
    lines: tuple[Line, ...]
    x: int
    y: int
    width: int
    height: int
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """A net as it is drawn.

    Attributes:
        ways: One a target: its corners, from the source to the target.
        label: Where the port is written (left, top of its line), None when there is nothing to write.
    """

    net: Net
    ways: tuple[tuple[tuple[int, int], ...], ...]
    label: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A scene as it is drawn."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def arranged(scene: Scene, metrics: Metrics) -> Sheet:
    """Return where everything of a scene stands.

    Raises:
        UsageError: AP030 when there are too many lines to be drawn.
    """
    layers = layered(scene)
    inside = {figure.id: _panels(figure, metrics) for figure in scene.figures}
    for slack in SLACKS:
        try:
            return _Plan(scene, layers, inside, metrics, slack).sheet()
        except Crowded:
            continue
    message = "so many lines lead to one node that the picture cannot be drawn"
    raise UsageError("AP030", message, help="use `--format mermaid` or `--format dot`")


def _panels(figure: Figure, metrics: Metrics) -> tuple[Panel, ...]:
    """Return the scenes inside a figure, one below the other; places count from the box's corner."""
    y = metrics.inset_y + metrics.line * len(lines_of(figure, narrow=metrics.narrow)) + metrics.air
    panels: list[Panel] = []
    for part in figure.parts:
        sheet = arranged(part, metrics)
        y += metrics.line if part.name else 0
        panels.append(Panel(name=part.name, x=metrics.inset_x, y=y, sheet=sheet))
        y += sheet.height + metrics.air
    return tuple(panels)


class _Plan:
    """One attempt at a sheet."""

    def __init__(
        self, scene: Scene, layers: Layered, inside: Mapping[str, tuple[Panel, ...]], metrics: Metrics, slack: int
    ) -> None:
        self._layers, self._inside, self._metrics = layers, inside, metrics
        self._figures = {figure.id: figure for figure in scene.figures}
        self._lines = {figure.id: lines_of(figure, narrow=metrics.narrow) for figure in scene.figures}
        self._number = {key: number for number, row in enumerate(layers.rows) for key in row}
        widths = {
            key: metrics.thread if is_thread(key) else self._width(key, slack) for row in layers.rows for key in row
        }
        lefts = placed(layers, widths, metrics.gap)
        self._spans = {key: Span(lefts[key], widths[key]) for key in lefts}
        self._pins: Pins = pinned(layers, self._spans, metrics)
        self._runs = [self._runs_of(hops) for hops in layers.hops]
        self._tracks = [tracks(runs, metrics.near) for runs in self._runs]
        self._tops, self._bottoms = self._rows()

    def sheet(self) -> Sheet:
        boxes = tuple(self._box(figure) for figure in self._figures.values())
        wires = tuple(self._wire(number, net) for number, net in enumerate(self._layers.nets))
        return Sheet(
            width=max((span.left + span.width for span in self._spans.values()), default=0),
            height=self._bottoms[-1] if self._bottoms else 0,
            boxes=boxes,
            wires=wires,
        )

    def _width(self, key: str, slack: int) -> int:
        metrics, panels = self._metrics, self._inside[key]
        names = [metrics.text(panel.name, "part") for panel in panels]
        inside = [*(metrics.width(line) for line in self._lines[key]), *names, *(p.sheet.width for p in panels)]
        return max(max(inside) + 2 * metrics.inset_x, least_width(self._layers, key, metrics, slack))

    def _height(self, key: str) -> int:
        metrics, panels = self._metrics, self._inside[key]
        if panels:
            return panels[-1].y + panels[-1].sheet.height + metrics.inset_y
        return metrics.line * len(self._lines[key]) + 2 * metrics.inset_y

    def _runs_of(self, hops: Sequence[Hop]) -> list[Run]:
        pins = self._pins
        return [Run(hop.net, pins.top(hop), tuple(pins.entries[hop.net, end] for end in hop.bottoms)) for hop in hops]

    def _rows(self) -> tuple[list[int], list[int]]:
        """Return the upper and lower edges of the rows."""
        metrics, tops, bottoms, y = self._metrics, list[int](), list[int](), 0
        for number, row in enumerate(self._layers.rows):
            tops.append(y)
            bottoms.append(y + max((self._height(key) for key in row if not is_thread(key)), default=0))
            y = bottoms[-1]
            if number < len(self._tracks):
                found = self._tracks[number]
                y += metrics.air + self._ports(number) + metrics.lane * (max(found.values(), default=-1) + 1)
                y += metrics.head
        return tops, bottoms

    def _ports(self, row: int) -> int:
        """Return the height of the line in which ports are written below a row."""
        written = any(not is_thread(hop.top) and self._layers.nets[hop.net].port for hop in self._layers.hops[row])
        return self._metrics.line if written else 0

    def _row_of(self, key: str) -> int:
        return self._number[key]

    def _box(self, figure: Figure) -> Box:
        span = self._spans[figure.id]
        return Box(
            figure=figure,
            lines=self._lines[figure.id],
            x=span.left,
            y=self._tops[self._row_of(figure.id)],
            width=span.width,
            height=self._height(figure.id),
            panels=self._inside[figure.id],
        )

    def _wire(self, number: int, net: Net) -> Wire:
        exit_, row, metrics = self._pins.exits[number], self._row_of(net.source), self._metrics
        label = (exit_ + metrics.pin, self._bottoms[row] + metrics.air) if net.port else None
        return Wire(net=net, ways=tuple(self._way(number, net, target) for target in net.targets), label=label)

    def _way(self, number: int, net: Net, target: str) -> tuple[tuple[int, int], ...]:
        metrics, row = self._metrics, self._row_of(net.source)
        x = self._pins.exits[number]
        corners = [(x, self._tops[row] + self._height(net.source) - metrics.edge)]
        for channel in range(row, self._row_of(target)):
            end = target if channel + 1 == self._row_of(target) else f"{number}@{channel + 1}"
            column = self._pins.entries[number, end]
            if column != x:
                y = self._bottoms[channel] + metrics.air + self._ports(channel)
                y += metrics.lane * self._tracks[channel][number] + metrics.lane // 2
                corners += [(x, y), (column, y)]
            x = column
        corners.append((x, self._tops[self._row_of(target)] - metrics.edge))
        return _without_doubles(corners)


def _without_doubles(corners: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return (corners[0], *(after for before, after in pairwise(corners) if after != before))
