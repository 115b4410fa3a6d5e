"""A picture as SVG: one file without script, font or link, for light and dark screens, with a description in words.

The kinds of lines differ by their strokes, not by colour alone. A figure's `<title>` (its place, and all its text) is
what browsers show beside the pointer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from xml.etree import ElementTree as ET

from podium.graph.picture.layout import Box, Sheet, Wire, arranged
from podium.graph.picture.listing import listing
from podium.graph.picture.metrics import Role
from podium.graph.picture.scene import MEANS, LinkKind, Scene, kinds_of, shown
from podium.graph.picture.svg_style import STYLE, colour
from podium.graph.picture.widths import SIZES, pixel_metrics, text_width

MARGIN = 24
HEADING = 34
LEGEND = 34
_ROUND = 6
_SAMPLE = 30
"""Length of the sample of a line in the legend."""


def svg(scene: Scene, *, name: str) -> str:
    """Return a picture under the name of its workflow.

    Raises:
        UsageError: AP030 when there are too many lines to be drawn.
    """
    sheet = arranged(scene, pixel_metrics())
    kinds = kinds_of(scene)
    wanted = sum(_SAMPLE + text_width(MEANS[kind], "mark") + 28 for kind in kinds)
    width = max(sheet.width, wanted, text_width(name, "id")) + 2 * MARGIN
    height = HEADING + sheet.height + (LEGEND if kinds else 0) + 2 * MARGIN
    root = _root(name, scene, width, height)
    _text(root, MARGIN, MARGIN + 14, name, "id")
    _sheet(root, sheet, (width - sheet.width) // 2, MARGIN + HEADING)
    _legend(root, kinds, height - MARGIN)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _root(name: str, scene: Scene, width: int, height: int) -> ET.Element:
    labels = {"role": "img", "aria-labelledby": f"{name}-title {name}-words"}
    size = {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height)}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, **labels})
    ET.SubElement(root, "title", {"id": f"{name}-title"}).text = f"Workflow {name}"
    ET.SubElement(root, "desc", {"id": f"{name}-words"}).text = _words(scene)
    ET.SubElement(root, "style").text = STYLE
    ET.SubElement(root, "rect", {"class": "page", "width": str(width), "height": str(height)})
    return root


def _words(scene: Scene) -> str:
    entries = ((f"{entry.id}, {entry.what}" if entry.what else entry.id, *entry.comes) for entry in listing(scene))
    return "".join("; ".join(entry) + ". " for entry in entries).strip()


def _text(parent: ET.Element, x: int, y: int, text: str, role: Role) -> None:
    ET.SubElement(parent, "text", {"class": role, "x": str(x), "y": str(y)}).text = text


def _sheet(parent: ET.Element, sheet: Sheet, x: int, y: int) -> None:
    group = ET.SubElement(parent, "g", {"transform": f"translate({x} {y})"})
    for wire in sheet.wires:
        _wire(group, wire)
    for box in sheet.boxes:
        _box(group, box)


def _box(parent: ET.Element, box: Box) -> None:
    figure, metrics = box.figure, pixel_metrics()
    status = f"node {colour(figure.standing.status)}" if figure.standing else "node"
    group = ET.SubElement(parent, "g", {"class": status, "transform": f"translate({box.x} {box.y})"})
    ET.SubElement(group, "title").text = "\n".join([figure.place, *(_plain(line) for line in box.lines[1:])])
    size = {"width": str(box.width), "height": str(box.height), "rx": "6"}
    ET.SubElement(group, "rect", {"class": "box", **size})
    y = metrics.inset_y
    for line in box.lines:
        x = metrics.inset_x
        for text, role in line:
            _text(group, x, y + (metrics.line + SIZES[role]) // 2 - 2, text, role)
            x += text_width(text, role) + metrics.space
        y += metrics.line
    for panel in box.panels:
        if panel.name:
            _text(group, panel.x, panel.y - 6, panel.name, "part")
        _sheet(group, panel.sheet, panel.x, panel.y)


def _plain(line: Iterable[tuple[str, str]]) -> str:
    return " ".join(text for text, _ in line)


def _wire(parent: ET.Element, wire: Wire) -> None:
    kind = wire.net.kind
    group = ET.SubElement(parent, "g", {"class": f"wire {kind}"})
    for way in wire.ways:
        ET.SubElement(group, "path", {"class": "line", "d": _rounded(way)})
    if wire.net.back:
        x, y = wire.ways[0][0]
        heads = {f"M{x} {y}l-5 9h10z"}
    else:
        heads = {f"M{x} {y}l-5 -9h10z" for x, y in (way[-1] for way in wire.ways)}
    for head in sorted(heads):
        ET.SubElement(group, "path", {"class": "head", "d": head})
    if wire.label:
        x, y = wire.label
        _text(group, x - 8, y + 10, shown(wire.net.port), "port")


def _rounded(way: Sequence[tuple[int, int]]) -> str:
    """Return a path through the corners, each rounded as far as the lines at it are long enough."""
    path = f"M{way[0][0]} {way[0][1]}"
    for (before, corner), (_, after) in pairwise(pairwise(way)):
        reach = min(_ROUND, _length(before, corner) // 2, _length(corner, after) // 2)
        start, end = _towards(corner, before, reach), _towards(corner, after, reach)
        path += f"L{start[0]} {start[1]}Q{corner[0]} {corner[1]} {end[0]} {end[1]}"
    return f"{path}L{way[-1][0]} {way[-1][1]}"


def _length(one: tuple[int, int], other: tuple[int, int]) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[int, int], end: tuple[int, int], reach: int) -> tuple[int, int]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    return start[0] + reach * ((dx > 0) - (dx < 0)), start[1] + reach * ((dy > 0) - (dy < 0))


def _legend(root: ET.Element, kinds: Sequence[LinkKind], y: int) -> None:
    x = MARGIN
    for kind in kinds:
        group = ET.SubElement(root, "g", {"class": f"wire {kind}"})
        ET.SubElement(group, "path", {"class": "line", "d": f"M{x} {y - 4}h{_SAMPLE - 8}"})
        tip = f"M{x} {y - 4}l9 -5v10z" if kind == "revise" else f"M{x + _SAMPLE} {y - 4}l-9 -5v10z"
        ET.SubElement(group, "path", {"class": "head", "d": tip})
        _text(root, x + _SAMPLE + 6, y, MEANS[kind], "mark")
        x += _SAMPLE + text_width(MEANS[kind], "mark") + 28
