"""What the formats make of a scene: golden pictures of the examples, and what must hold of any."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from podium.app.nodes import shipped_nodes
from podium.app.publish import check_file
from podium.graph.compile import compile_workflow
from podium.graph.model import Graph
from podium.graph.picture.dot import dot, quoted
from podium.graph.picture.listing import listing
from podium.graph.picture.mermaid import escaped, mermaid
from podium.graph.picture.scene import MAX_TEXT, Figure, Link, Scene, Standing, kinds_of, scene_of, shown
from podium.graph.picture.svg import svg
from podium.graph.picture.svg_style import STYLE, colour
from podium.graph.picture.terminal import legend, terminal
from podium.spec.load import load

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "pictures"
NODE_TYPES = shipped_nodes().configs()
SVG = "{http://www.w3.org/2000/svg}"

EVERYTHING = """
podium: 1
name: everything
tools:
  files: {python: podium.tools.files, root: ., effect: write, delivery: keyed}
nodes:
  first: {transform: "1"}
  way:
    switch:
      - {when: first.out == '1', then: one}
    else: other
  one: {human: Go on?, show: first.out, on_rejected: said_no}
  said_no: {transform: no}
  other: {transform: x, when: first.out != '', on_error: continue, after: [said_no]}
  each:
    map: "[1, 2]"
    as: number
    do:
      write: {transform: "${number}"}
      check: {validate: write.out > 0, revise: write}
    result: write.out
  save: {tool: files.write, with: {path: a, text: "${each.out}"}}
result: save.out
"""


def graph_of(text: str) -> Graph:
    loaded = load(text, file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, loaded.diagnostics
    compiled, found = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert compiled is not None, found
    return compiled.graph


def everything() -> Scene:
    return scene_of(
        graph_of(EVERYTHING), {"first": Standing("done", "done"), "each/write": Standing("failed", "1 of 2")}
    )


def text_of(scene: Scene) -> str:
    rows = terminal(scene, width=80)
    assert rows is not None
    return "".join("".join(span.text for span in row).rstrip() + "\n" for row in (*rows, (), legend(scene)))


def listed(scene: Scene) -> str:
    return "".join(
        f"{'  ' * entry.depth}{entry.id}: {entry.what}: {'; '.join(entry.comes)}\n" for entry in listing(scene)
    )


FORMATS: dict[str, Callable[[Scene], str]] = {
    "txt": text_of,
    "mmd": mermaid,
    "dot": lambda scene: dot(scene, name="everything"),
    "svg": lambda scene: svg(scene, name="everything"),
    "list.txt": listed,
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_workflow_with_everything_is_drawn_as_its_golden_picture(form: str) -> None:
    drawn = FORMATS[form](everything())

    golden = GOLDEN / f"everything.{form}"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(drawn, encoding="utf-8")

    assert drawn == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", ["release-notes", "triage-ticket", "second-opinion"])
def test_an_example_reads_well_in_eighty_columns(example: str) -> None:
    drawn = text_of(scene_of(graph_of((ROOT / "examples" / f"{example}.yaml").read_text(encoding="utf-8"))))

    golden = GOLDEN / f"{example}.txt"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(drawn, encoding="utf-8")

    assert drawn == golden.read_text(encoding="utf-8")


def test_each_kind_of_line_has_a_look_and_a_word_of_its_own() -> None:
    scene = everything()

    assert kinds_of(scene) == ("data", "after", "choice", "handled", "revise")
    assert len({span.text for span in legend(scene)}) == 10


def test_what_does_not_fit_the_width_has_no_boxes() -> None:
    figures = tuple(Figure(place=f"n{n}", id=f"n{n}", type="llm") for n in range(30))
    wide = Scene(figures=figures, links=())

    assert terminal(wide, width=80) is None
    assert len(list(listing(wide))) == 30


def test_a_narrow_terminal_gets_narrow_boxes_before_it_gets_none() -> None:
    figures = tuple(Figure(place=one, id=one, type="transform") for one in ("alpha", "gamma"))
    scene = Scene(figures=figures, links=())

    heights = [len(rows) for width in (80, 32) if (rows := terminal(scene, width=width)) is not None]

    assert heights == [3, 4]


@given(name=st.text(max_size=80))
def test_whatever_a_text_holds_one_printable_bounded_line_is_shown(name: str) -> None:
    line = shown(name)

    assert line.isprintable()
    assert cell_len(line) <= MAX_TEXT  # what combines with the letter before it takes no room
    assert len(line) <= 4 * MAX_TEXT
    assert shown(line) == line


HOSTILE = '"]\n end; <script>alert(1)</script> --> x #35; %%{init}%% `&amp;\x00\x1b[31m\u202e'
WITH_HOSTILE = Scene(
    figures=(
        Figure(place="a", id="a", type="tool", detail=shown(HOSTILE), marks=(shown(HOSTILE),)),
        Figure(place="b", id="b", type="llm"),
    ),
    links=(Link("a", "b", "choice", shown(HOSTILE)),),
)


def mermaid_lines(text: str) -> list[str]:
    """Return the kind of each line; a line that is none of those we write is an error."""
    shapes = {
        "head": r"flowchart TD",
        "node": r'n\d+\["(?P<label>[^"\[\]<>|`]|<br/>)*"\]',
        "open": r'subgraph n\d+\["([^"\[\]<>|`]|<br/>)*"\]',
        "close": r"end",
        "edge": r'n\d+ (-->|-\.->|==>)(\|"[^"|<>\[\]`]*"\|)? n\d+',
        "class": r"class(Def)? \w+ [\w:#,\- ]+",
    }
    found: list[str] = []
    for line in text.splitlines():
        kinds = [kind for kind, shape in shapes.items() if re.fullmatch(shape, line.strip())]
        assert len(kinds) == 1, line
        found += kinds
    return found


@pytest.mark.parametrize("scene", [everything(), WITH_HOSTILE], ids=["everything", "hostile"])
def test_mermaid_is_well_formed_and_no_id_comes_twice(scene: Scene) -> None:
    text = mermaid(scene)
    kinds = mermaid_lines(text)
    ids = re.findall(r"^\s*(?:subgraph )?(n\d+)\[", text, re.MULTILINE)

    assert kinds[0] == "head"
    assert kinds.count("open") == kinds.count("close")
    assert len(ids) == len(set(ids))
    linked = re.findall(r"^\s*(n\d+) [-=]\S* (n\d+)$", text, re.MULTILINE)
    assert {one for pair in linked for one in pair} <= set(ids)


@given(text=st.text(max_size=30))
def test_a_mermaid_label_says_the_same_and_holds_nothing_that_means_more(text: str) -> None:
    label = escaped(text)

    assert not set(label) & set('"<>[]{}|`&\\\n')
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) == text


@given(text=st.text(max_size=30))
def test_a_dot_id_ends_where_its_quote_ends(text: str) -> None:
    inner = quoted(text)[1:-1]

    assert re.fullmatch(r'(?:[^"\\\n]|\\.)*', inner, re.DOTALL)


@pytest.mark.parametrize("scene", [everything(), WITH_HOSTILE], ids=["everything", "hostile"])
def test_an_svg_stands_alone_and_says_in_words_what_it_shows(scene: Scene) -> None:
    text = svg(scene, name="w")
    root = ET.fromstring(text)

    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "g", "text", "path",
    }  # fmt: skip
    assert not re.search(r"url\(|@import|@font-face|href|<script", text)
    named = (root.get("aria-labelledby") or "").split()
    assert [root.find(f"{SVG}*[@id='{one}']") is not None for one in named] == [True, True]
    words = root.findtext(f"{SVG}desc") or ""
    assert all(figure.id in words for figure in scene.figures)


def test_every_status_has_a_colour_on_light_and_on_dark_screens() -> None:
    light, _, dark = STYLE.partition("@media (prefers-color-scheme: dark)")
    statuses = ("done", "failed", "waiting", "running", "skipped", "retrying", "rejected", "stopped", "revised")

    assert {colour(status) for status in statuses} == {"done", "failed", "waiting", "running", "skipped", "partly"}
    assert all(f".{colour(status)} > .box" in half for status in statuses for half in (light, dark))


def luminance(hex_colour: str) -> float:
    parts = [int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("half", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_background(half: int) -> None:
    css = STYLE.split("@media (prefers-color-scheme: dark)")[half]
    grounds = re.findall(r"(?:\.page|\.box) \{ fill: (#\w+)", css)
    texts = re.findall(r"(?:text|\.id|\.port) \{[^}]*?fill: (#\w+)", css)
    assert len(grounds) == 8
    assert len(texts) == 5

    for ground in grounds:
        for text in texts:
            one, other = sorted((luminance(ground), luminance(text)))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (ground, text)


def test_whatever_is_shipped_as_an_example_can_be_drawn() -> None:
    files = sorted((ROOT / "examples").rglob("*.yaml"))
    graphs = [checked.compiled.graph for file in files if (checked := check_file(file, shipped_nodes())).compiled]

    for graph in graphs:
        scene = scene_of(graph)
        rows = terminal(scene, width=120)
        assert rows is None or max(len("".join(span.text for span in row)) for row in rows) <= 120
        assert mermaid_lines(mermaid(scene))[0] == "head"
        assert ET.fromstring(svg(scene, name="w")).tag == f"{SVG}svg"
    assert len(graphs) >= 7
