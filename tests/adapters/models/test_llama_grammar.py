from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.adapters.models.llama.grammar import MAX_ITEMS, for_grammar
from podium.spec.types import parse_type

ANYTHING: dict[str, Any] = {"type": ["string", "number", "boolean", "null", "array", "object"]}


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, ANYTHING),
    ({"type": "string", "pattern": "^a+$", "maxLength": 20}, {"type": "string", "maxLength": 20}),
    ({"type": "string", "maxLength": 900}, {"type": "string"}),
    ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
    ({"type": "string", "format": "email"}, {"type": "string"}),
    ({"type": "integer", "minimum": 1, "maximum": 4}, {"enum": [1, 2, 3, 4]}),
    ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4}, {"enum": [2, 3]}),
    ({"type": "integer", "minimum": 0, "maximum": 10, "multipleOf": 5}, {"enum": [0, 5, 10]}),
    ({"type": "integer", "minimum": 1}, {"type": "integer"}),
    ({"type": "number", "minimum": 1, "maximum": 2}, {"type": "number"}),
    (
        {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        {"type": "array", "items": {"type": "integer"}, "minItems": 0, "maxItems": MAX_ITEMS},
    ),
    (
        {"type": "array", "minItems": 2, "maxItems": 3},
        {"type": "array", "items": ANYTHING, "minItems": 2, "maxItems": 3},
    ),
    (
        {"type": "object", "properties": {"a": {"type": "null"}}},
        {"type": "object", "properties": {"a": {"type": "null"}}, "required": [], "additionalProperties": False},
    ),
    ({"type": "object"}, {"type": "object"}),
    ({"type": ["string", "null"]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ({"oneOf": [{"const": 1}, {"enum": [2]}]}, {"anyOf": [{"const": 1}, {"enum": [2]}]}),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string", "pattern": "x"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}},
    ),
    (
        {"allOf": [{"type": "object", "properties": {"a": {}}}, {"properties": {"b": {}}, "required": ["b"]}]},
        {
            "type": "object",
            "properties": {"a": ANYTHING, "b": ANYTHING},
            "required": ["b"],
            "additionalProperties": False,
        },
    ),
]


@pytest.mark.parametrize(("schema", "narrowed"), CASES)
def test_what_the_grammar_is_given(schema: dict[str, Any], narrowed: dict[str, Any]) -> None:
    assert for_grammar(schema) == narrowed


_SHORTHAND = st.recursive(
    st.sampled_from(["text", "integer", "number", "boolean", "date", "any"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1)
        | st.dictionaries(st.from_regex(r"[a-z]{2,8}\??", fullmatch=True).filter(lambda key: key != "enum"), inner)
    ),
    max_leaves=8,
)


@given(_SHORTHAND)
def test_every_type_of_the_shorthand_has_a_grammar(written: Any) -> None:
    runtime = pytest.importorskip("podium.adapters.models.llama.engine", reason="llama-cpp-python is an extra")

    assert "root ::=" in runtime.grammar_for(parse_type(written).schema)
