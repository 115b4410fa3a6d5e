"""Nothing in a picture lies on anything else, whatever the workflow is: on random scenes, in cells and in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.graph.picture.layers import layered
from podium.graph.picture.layout import Box, Sheet, Wire, arranged
from podium.graph.picture.metrics import Metrics, terminal_metrics
from podium.graph.picture.scene import Figure, Link, LinkKind, Scene
from podium.graph.picture.widths import pixel_metrics, text_width

Rectangle = tuple[int, int, int, int]
KINDS: tuple[LinkKind, ...] = ("data", "after", "choice", "handled", "revise")


@st.composite
def scenes(draw: st.DrawFn, depth: int = 1, around: str = "") -> Scene:
    count = draw(st.integers(1, 8))
    ids = [f"n{number}" for number in range(count)]
    figures = tuple(
        Figure(
            place=f"{around}{one}",
            id=one,
            type=draw(st.sampled_from(["llm", "transform"])),
            marks=tuple(draw(st.lists(st.just("when x"), max_size=2))),
            parts=tuple(draw(st.lists(scenes(depth=depth - 1, around=f"{around}{one}/"), max_size=1)) if depth else ()),
        )
        for one in ids
    )
    pairs = [(one, other) for number, one in enumerate(ids) for other in ids[number + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=14, unique=True)) if pairs else []
    links = [_link(draw(st.sampled_from(KINDS)), one, other) for one, other in chosen]
    return Scene(figures=figures, links=tuple(links))


def _link(kind: LinkKind, one: str, other: str) -> Link:
    if kind == "revise":
        return Link(other, one, kind, "revise")
    return Link(one, other, kind, {"choice": "case_1", "handled": "error"}.get(kind, ""))


METRICS = pytest.mark.parametrize(
    "metrics",
    [terminal_metrics(narrow=False), terminal_metrics(narrow=True), pixel_metrics()],
    ids=["wide", "narrow", "pixels"],
)


def sheets(sheet: Sheet) -> Iterator[Sheet]:
    yield sheet
    for box in sheet.boxes:
        for panel in box.panels:
            yield from sheets(panel.sheet)


def rectangle(box: Box) -> Rectangle:
    return box.x, box.y, box.x + box.width, box.y + box.height


def label(wire: Wire, metrics: Metrics) -> Rectangle | None:
    if wire.label is None:
        return None
    x, y = wire.label
    return x, y, x + metrics.text(wire.net.port, "port"), y + metrics.line


def apart(one: Rectangle, other: Rectangle) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def pieces(wire: Wire) -> set[Rectangle]:
    """Return the straight pieces of a wire, each with its lesser corner first."""
    return {(*min(a, b), *max(a, b)) for way in wire.ways for a, b in pairwise(way)}


@METRICS
@given(scene=scenes())
def test_boxes_and_ports_lie_apart_and_on_the_sheet(metrics: Metrics, scene: Scene) -> None:
    for sheet in sheets(arranged(scene, metrics)):
        labels = [found for wire in sheet.wires if (found := label(wire, metrics))]
        areas = [*(rectangle(box) for box in sheet.boxes), *labels]

        assert [pair for pair in combinations(areas, 2) if not apart(*pair)] == []
        assert all(min(x1, y1) >= 0 and x2 <= sheet.width and y2 <= sheet.height for x1, y1, x2, y2 in areas)


@METRICS
@given(scene=scenes())
def test_what_is_inside_a_box_is_inside_its_rectangle(metrics: Metrics, scene: Scene) -> None:
    for sheet in sheets(arranged(scene, metrics)):
        for box in sheet.boxes:
            text = max(metrics.width(line) for line in box.lines)
            panels = [(panel.x + panel.sheet.width, panel.y + panel.sheet.height) for panel in box.panels]

            assert text + 2 * metrics.inset_x <= box.width
            assert all(x + metrics.inset_x <= box.width and y + metrics.inset_y <= box.height for x, y in panels)


@METRICS
@given(scene=scenes())
def test_lines_cross_no_box_and_no_port(metrics: Metrics, scene: Scene) -> None:
    for sheet in sheets(arranged(scene, metrics)):
        boxes = [rectangle(box) for box in sheet.boxes]
        ports = [(wire, found) for wire in sheet.wires if (found := label(wire, metrics))]
        for wire in sheet.wires:
            for x1, y1, x2, y2 in pieces(wire):
                inner = [
                    box for box in boxes if x2 > box[0] and x1 < box[2] - 1 and y2 > box[1] + 1 and y1 < box[3] - 1
                ]
                written = [
                    port for _, port in ports if x2 >= port[0] and x1 < port[2] and y2 > port[1] and y1 < port[3]
                ]

                assert inner == []
                assert written == []


@METRICS
@given(scene=scenes())
def test_two_lines_never_run_along_each_other(metrics: Metrics, scene: Scene) -> None:
    for sheet in sheets(arranged(scene, metrics)):
        found = [(number, piece) for number, wire in enumerate(sheet.wires) for piece in pieces(wire)]
        for (one, a), (other, b) in combinations(found, 2):
            upright = a[0] == a[2] == b[0] == b[2] and a[1] < b[3] and b[1] < a[3]
            flat = a[1] == a[3] == b[1] == b[3] and a[0] < b[2] and b[0] < a[2]

            assert one == other or not (upright or flat), (a, b)


@METRICS
@given(scene=scenes())
def test_every_link_is_drawn_from_its_source_down_to_its_target(metrics: Metrics, scene: Scene) -> None:
    sheet = arranged(scene, metrics)
    boxes = {box.figure.id: box for box in sheet.boxes}

    drawn = {(wire.net.source, target, wire.net.kind) for wire in sheet.wires for target in wire.net.targets}
    assert drawn == {
        (link.target, link.source, link.kind) if link.kind == "revise" else (link.source, link.target, link.kind)
        for link in scene.links
    }
    for wire in sheet.wires:
        source = boxes[wire.net.source]
        for way, target in zip(wire.ways, (boxes[target] for target in wire.net.targets), strict=True):
            assert source.x < way[0][0] < source.x + source.width
            assert way[0][1] == source.y + source.height - metrics.edge
            assert target.x < way[-1][0] < target.x + target.width
            assert way[-1][1] == target.y - metrics.edge


@given(scene=scenes())
def test_the_same_scene_gives_the_same_picture(scene: Scene) -> None:
    assert arranged(scene, pixel_metrics()) == arranged(scene, pixel_metrics())


@given(scene=scenes(depth=0))
def test_a_figure_stands_below_all_that_leads_to_it(scene: Scene) -> None:
    row = {key: number for number, keys in enumerate(layered(scene).rows) for key in keys}

    assert all(
        row[link.target] < row[link.source] if link.kind == "revise" else row[link.source] < row[link.target]
        for link in scene.links
    )


def test_two_chains_side_by_side_are_drawn_without_a_crossing() -> None:
    figures = tuple(Figure(place=one, id=one, type="llm") for one in ("a", "b", "c", "d"))
    scene = Scene(figures=figures, links=(Link("a", "d", "data"), Link("b", "c", "data")))

    rows = layered(scene).rows

    assert [row.index(one) for row, one in zip(rows, ("a", "d"), strict=True)] in ([0, 0], [1, 1])


@METRICS
def test_five_hundred_branches_that_meet_again_can_be_drawn(metrics: Metrics) -> None:
    names = ("first", *(f"n{number}" for number in range(500)), "last")
    links = [link for one in names[1:-1] for link in (Link("first", one, "data"), Link(one, "last", "data"))]
    scene = Scene(figures=tuple(Figure(place=one, id=one, type="llm") for one in names), links=tuple(links))

    sheet = arranged(scene, metrics)

    assert len({way[-1] for wire in sheet.wires for way in wire.ways if wire.net.targets == ("last",)}) == 500


def test_a_picture_with_too_many_lines_is_refused() -> None:
    figures = tuple(Figure(place=f"n{n}", id=f"n{n}", type="llm") for n in range(260))
    chain = [Link(f"n{n}", f"n{n + 1}", "data") for n in range(259)]
    far = [Link(f"n{n}", "n259", "after") for n in range(258)]

    with pytest.raises(UsageError) as refused:
        layered(Scene(figures=figures, links=(*chain, *far)))

    assert refused.value.code == "AP030"


@given(text=st.text(st.characters(codec="ascii", min_codepoint=32), max_size=40))
def test_a_bold_text_is_as_wide_as_the_table_says_and_never_less_than_its_parts(text: str) -> None:
    whole = text_width(text, "id")

    assert whole <= sum(text_width(one, "id") for one in text)
    assert whole >= text_width(text[:-1], "id")
