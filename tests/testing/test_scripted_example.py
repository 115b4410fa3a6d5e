from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.spec.types import Type, parse_type
from podium.testing.example import example_value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "example"),
        ({"type": "string", "minLength": 9}, "exampleex"),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "format": "date"}, "2026-01-02"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "number", "exclusiveMinimum": 0}, 1),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": ["null", "string"]}, None),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 7}, 7),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"allOf": [{"type": "string"}, {"maxLength": 2}]}, "ex"),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "maxItems": 0}, []),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}, 1),
    ],
)
def test_the_example_of_a_schema(schema: dict[str, Any], value: Any) -> None:
    assert example_value(schema) == value


def test_the_example_of_a_shorthand_has_its_required_fields() -> None:
    themes = parse_type({"themes": [{"title": "text", "commits": ["integer"], "note?": "text"}]})

    assert example_value(themes.schema) == {"themes": [{"title": "example", "commits": [1]}]}


def test_a_schema_without_an_easy_example_says_so() -> None:
    with pytest.raises(ValueError, match="no easy example for this schema"):
        example_value({"type": "string", "pattern": "^[0-9a-f]{64}$"})


_SHORTHAND = st.recursive(
    st.sampled_from(["text", "integer", "number", "boolean", "date", "any"])
    | st.fixed_dictionaries({"enum": st.lists(st.text() | st.integers(), min_size=1, unique=True)}),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1)
        | st.dictionaries(st.from_regex(r"[a-z]{2,8}\??", fullmatch=True).filter(lambda key: key != "enum"), inner)
    ),
    max_leaves=8,
)


@given(_SHORTHAND)
def test_every_type_of_the_shorthand_has_an_example(written: Any) -> None:
    wanted: Type = parse_type(written)

    assert wanted.problems(example_value(wanted.schema)) == []
