from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from podium.spec.diagnostic import Loc, Place
from podium.spec.positions import Positions, Written
from podium.spec.source import Source, read

Json = Any

FILE = dedent("""\
    # a comment
    name: notes
    'quoted key': {flow: [a, "b c", {d: e}]}
    nodes:
      draft:
        llm: |
          First line.

          Now ${history.out}, please.
        after:
        - one
        - two: 2
      fold: >-
        folded ${a.b} text
        goes on ${c.d} here
      single: 'it''s ${x.y} and ''${z}'''
      double: "tab\\t${x.y} \\u00e4${z}"
      alias: &anchor some ${text}
      again: *anchor
      empty:
    """)
SOURCE = read(FILE)
POSITIONS = SOURCE.positions


def shown(place: Place, text: str = FILE) -> str:
    """Return what stands at a place."""
    return text.split("\n")[place.line - 1][place.column - 1 : place.end_column - 1]


@pytest.mark.parametrize(
    ("loc", "key", "value"),
    [
        (("name",), "name", "notes"),
        (("quoted key",), "'quoted key'", '{flow: [a, "b c", {d: e}]}'),
        (("quoted key", "flow", 1), '"b c"', '"b c"'),
        (("quoted key", "flow", 2, "d"), "d", "e"),
        (("nodes",), "nodes", "nodes"),
        (("nodes", "draft", "llm"), "llm", "|"),
        (("nodes", "draft", "after", 0), "one", "one"),
        (("nodes", "draft", "after", 1), "two: 2", "two: 2"),
        (("nodes", "fold"), "fold", ">-"),
        (("nodes", "again"), "again", "*anchor"),
        (("nodes", "empty"), "empty", "empty"),
        (("nodes", "draft", "missing"), "draft", "draft"),
        (("nodes", "draft", "after", 7), "after", "after"),
        (("nodes", "nowhere", "at", 3, "all"), "nodes", "nodes"),
    ],
)
def test_keys_and_values_are_found_or_what_is_around_them(loc: Loc, key: str, value: str) -> None:
    assert (shown(POSITIONS.key(loc)), shown(POSITIONS.value(loc))) == (key, value)


@pytest.mark.parametrize(
    ("loc", "expression"),
    [
        (("nodes", "draft", "llm"), "history.out"),
        (("nodes", "fold"), "${a.b}"),
        (("nodes", "fold"), "${c.d}"),
        (("nodes", "single"), "x.y"),
        (("nodes", "single"), "z"),
        (("nodes", "double"), "x.y"),
        (("nodes", "double"), "z"),
        (("nodes", "alias"), "text"),
        (("nodes", "again"), "text"),
    ],
)
def test_an_expression_within_a_text_is_found(loc: Loc, expression: str) -> None:
    text = value_at(SOURCE, loc)

    place = POSITIONS.inside(loc, text.index(expression), len(expression))

    assert shown(place) == expression


def test_what_yaml_folds_apart_is_placed_at_the_start_of_the_text() -> None:
    text = value_at(SOURCE, ("nodes", "fold"))

    place = POSITIONS.inside(("nodes", "fold"), text.index(" goes"), 5)

    assert shown(place) == ">-"


def test_a_value_that_is_not_text_is_placed_as_it_is_written() -> None:
    source = read("when: true\n")

    assert source.positions.inside(("when",), 0, 4) == Place(1, 7, 11)


def test_without_a_file_everything_is_at_its_start() -> None:
    assert Positions().key(("a", 1)) == Positions().value(()) == Positions().inside(("b",), 3, 4) == Place(1, 1, 2)


def test_columns_count_characters_and_lines_end_as_they_may() -> None:
    source = read("ä: 😀\r\nb: [\u2028, c]\rd: e")

    assert source.positions.value(("ä",)) == Place(1, 4, 5)
    assert source.positions.value(("d",)) == Place(3, 4, 5)


def value_at(source: Source, loc: Loc) -> Json:
    here: Json = source.root.value if source.root else None
    for part in loc:
        here = here[part]
    return here


def scalars(written: Written, loc: Loc = ()) -> Iterator[tuple[Loc, Json]]:
    if not written.children:
        yield loc, written.value
    for key, child in written.children.items():
        yield from scalars(child, (*loc, key))


WORDS = st.lists(
    st.sampled_from(["it's", "${a.out}", "a\\b", '"q"', "ä😀", "x", "- y", "# z", ": w", "\t"]), max_size=6
)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=4).map("\n".join).map(lambda text: f"x {text} y")


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), TEXTS, min_size=1), st.sampled_from(["|", "'", '"', ">", None])
)
def test_every_line_of_a_literal_or_quoted_text_is_placed_exactly(texts: dict[str, str], style: str | None) -> None:
    text = dumped(texts, style)
    source = read(text)

    for loc, value in scalars(source.root or pytest.fail("not read")):
        offset = value.find("${a.out}")
        if offset >= 0:
            place = source.positions.inside(loc, offset, 8)
            assert shown(place, source.text) in {"${a.out}", shown(source.positions.value(loc), source.text)}
            exact = style == "|" or (style in {"'", '"'} and "\n" not in value)
            assert not exact or shown(place, source.text) == "${a.out}"


def dumped(texts: dict[str, str], style: str | None) -> str:
    from io import StringIO

    from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Double
    from ruamel.yaml.scalarstring import FoldedScalarString as Folded
    from ruamel.yaml.scalarstring import LiteralScalarString as Literal
    from ruamel.yaml.scalarstring import SingleQuotedScalarString as Single

    kinds: dict[str | None, Any] = {"|": Literal, ">": Folded, "'": Single, '"': Double, None: str}
    yaml: Any = YAML()
    yaml.width = 1000
    stream = StringIO()
    yaml.dump({key: kinds[style](text) for key, text in texts.items()}, stream)
    return stream.getvalue()
