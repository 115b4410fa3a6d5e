from __future__ import annotations

import json
from typing import Any

import pytest
from dirty_equals import IsStr
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic_core import PydanticCustomError

from podium.spec.types import SCALARS, Type, parse_type

Json = Any

THEMES = parse_type({"themes": [{"title": "text", "commits": ["integer"], "note?": "text"}]})


@pytest.mark.parametrize(
    ("written", "schema", "shown"),
    [
        ("text", {"type": "string"}, "text"),
        ("date", {"type": "string", "format": "date"}, "date"),
        ("any", {}, "any"),
        (["number"], {"type": "array", "items": {"type": "number"}}, "[number]"),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b"]}, "one of a, b"),
        (
            {"title": "text", "notes?": "text"},
            {
                "type": "object",
                "properties": {"title": {"type": "string"}, "notes": {"type": "string"}},
                "required": ["title"],
                "additionalProperties": False,
            },
            "{title, notes}",
        ),
        # words of JSON Schema are fields as long as they do not say what they say there
        (
            {"type": "text", "enum": "text"},
            {
                "type": "object",
                "properties": {"type": {"type": "string"}, "enum": {"type": "string"}},
                "required": ["type", "enum"],
                "additionalProperties": False,
            },
            "{type, enum}",
        ),
        (
            {"type": "integer", "title": "text"},
            {
                "type": "object",
                "properties": {"type": {"type": "integer"}, "title": {"type": "string"}},
                "required": ["type", "title"],
                "additionalProperties": False,
            },
            "{type, title}",
        ),
        ({"type": "integer", "title": "Age"}, {"type": "integer", "title": "Age"}, "integer"),
        ({"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 3}, "text"),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}, "any"),
        ({"anyOf": [{"const": 1}]}, {"anyOf": [{"const": 1}]}, "any"),
    ],
)
def test_the_shorthand_and_json_schema_are_told_apart(written: Json, schema: Json, shown: str) -> None:
    assert (parse_type(written).schema, str(parse_type(written))) == (schema, shown)


@pytest.mark.parametrize(
    ("written", "text", "loc", "help_"),
    [
        ("string", "expected a type (`text`, " + "…", (), "did you mean `text`?"),
        ("txet", "expected a type (" + "…", (), "did you mean `text`?"),
        (None, "…got nothing", (), ""),
        (3, "…got `3`", (), ""),
        (["text", "text"], "expected one type in the brackets, such as `[text]`", (), ""),
        ([], "expected one type in the brackets, such as `[text]`", (), ""),
        ({"a": {"b": ["flaot"]}}, "…got `flaot`", ("a", "b", 0), ""),
        ({"my field": "text"}, "expected the name of a field…", ("my field",), ""),
        ({"type": "object", "items": {"type": 3}}, "this is not a JSON Schema: …", ("items", "type"), ""),
        ({"type": "object", "requird": ["a"]}, "`requird` is not a word…", ("requird",), "did you mean `required`?"),
        ({"$ref": "https://example.org/a.json"}, "`https://example.org/a.json` is not defined…", ("$ref",), ""),
        ({"$ref": "#/$defs/none", "$defs": {}}, "`#/$defs/none` is not defined…", ("$ref",), ""),
        ({"anyOf": [{"$id": "x"}]}, "`$id` is not used here", ("anyOf", 0, "$id"), "name definitions under `$defs`"),
        ({"const": 1, "$dynamicRef": "#x"}, "`$dynamicRef` is not used here", ("$dynamicRef",), IsStr()),
    ],
)  # fmt: skip
def test_what_is_no_type_is_told_at_its_place(written: Json, text: str, loc: Json, help_: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_type(written)

    context = caught.value.context or {}
    before, _, after = text.partition("…")
    assert context["text"].startswith(before)
    assert context["text"].endswith(after)
    assert (context["loc"], context["help"]) == (loc, help_)


def test_a_value_named_like_a_reference_is_a_value() -> None:
    assert parse_type({"const": {"$ref": "elsewhere"}}).problems({"$ref": "elsewhere"}) == []


def test_nesting_is_bounded() -> None:
    written: Json = "text"
    for _ in range(30):
        written = [written]

    with pytest.raises(PydanticCustomError, match="nested at most 24 deep"):
        parse_type(written)


def test_fields_items_and_what_is_required_are_known() -> None:
    theme = THEMES.fields()["themes"].item()

    assert theme is not None
    assert {name: str(field) for name, field in theme.fields().items()} == {
        "title": "text",
        "commits": "[integer]",
        "note": "text",
    }
    assert (theme.required(), theme.open) == (frozenset({"title", "commits"}), False)
    assert parse_type({"type": "object"}).open
    assert Type.any().open
    assert parse_type("text").item() is None


def test_a_reference_into_definitions_is_followed_and_a_circle_is_anything() -> None:
    leaf = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}
    tree = parse_type({"$ref": "#/$defs/tree", "$defs": {"tree": leaf}})
    circle = parse_type({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})

    assert tree.resolved().fields()["left"].fields()["left"].kind == "object"
    assert circle.resolved() == Type.any()
    assert circle.problems({}) == ["the type refers to itself without end, or the value is nested too deeply"]


def test_problems_name_the_place_and_are_few() -> None:
    value = {"themes": [{"title": n, "commits": ["x"]} for n in range(9)]}

    problems = THEMES.problems(value)

    assert len(problems) == 5
    assert "themes[0].title: 0 is not of type 'string'" in problems
    assert THEMES.problems({"themes": [{"title": "a", "commits": [1]}]}) == []


def test_a_date_is_a_day_that_exists() -> None:
    assert parse_type("date").problems("2026-11-21") == []
    assert len(parse_type("date").problems("2026-11-31")) == 1
    assert len(parse_type("date").problems("21.11.2026")) == 1


CHOICES = st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True)
SHORTHAND = st.recursive(
    st.sampled_from(SCALARS) | CHOICES.map(lambda choices: {"enum": choices}),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1)
        | st.dictionaries(st.sampled_from(["a", "b?", "type", "kind"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(SHORTHAND)
def test_whatever_the_shorthand_says_is_a_json_schema(written: Json) -> None:
    type_ = parse_type(written)

    Draft202012Validator.check_schema(type_.schema)
    assert parse_type(type_) is type_
    assert isinstance(str(type_), str)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([*SCALARS, "string", "object"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "enum", "$ref", "anyOf", "properties", "items", "$defs", "required", "a?", "b c"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(ANYTHING, ANYTHING)
def test_anything_is_a_type_or_told_why_not_and_then_judges_any_value(written: Json, value: Json) -> None:
    try:
        type_ = parse_type(written)
    except PydanticCustomError as error:
        here = written
        for part in (error.context or {})["loc"]:
            here = here[part]
        return

    problems = type_.problems(value)

    assert problems == parse_type(json.loads(json.dumps(written))).problems(value)
    assert str(type_)
    assert type_.resolved().fields().keys() >= set()
