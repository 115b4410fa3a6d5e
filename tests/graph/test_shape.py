from __future__ import annotations

from typing import Any

import pytest

from podium.graph.cel import code_of
from podium.graph.shape import ANY, INTEGER, LIST, NUMBER, OBJECT, TEXT, coercion, common, field_type, fits, kind_of
from podium.spec.types import Type, parse_type


@pytest.mark.parametrize(
    ("got", "want", "expected"),
    [
        ("integer", "number", True),
        ("number", "integer", False),
        ("text", "boolean", False),
        ("any", "boolean", True),
        ("text", "any", True),
        ({"enum": ["a", "b"]}, "text", True),
        ({"enum": [1, "b"]}, "boolean", True),
        (["text"], ["integer"], False),
        (["any"], ["integer"], True),
        ({"a": "text"}, {"a": "text"}, True),
        ({"a": "text"}, {"a": "integer"}, False),
        ({"a": "text"}, {"a": "text", "b": "text"}, False),
        ({"a": "text"}, {"a": "text", "b?": "text"}, True),
        ({"type": "object"}, {"a": "text"}, True),
        ({"type": ["string", "null"]}, "integer", True),
    ],
)
def test_what_may_be_of_a_type_fits(got: object, want: object, *, expected: bool) -> None:
    assert fits(parse_type(got), parse_type(want)) is expected


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([], ANY),
        ([TEXT, TEXT], TEXT),
        ([INTEGER, NUMBER], NUMBER),
        ([parse_type({"enum": ["a"]}), TEXT], TEXT),
        ([Type.list_of(TEXT), Type.list_of(INTEGER)], LIST),
        ([Type.object_of({"a": TEXT}), Type.object_of({})], OBJECT),
        ([TEXT, INTEGER], ANY),
    ],
)
def test_a_common_type_holds_all_values(types: list[Type], expected: Type) -> None:
    assert common(types) == expected


def test_a_field_is_missing_only_where_no_value_can_have_it() -> None:
    numbers = {"type": "object", "additionalProperties": {"type": "number"}}

    assert field_type(parse_type({"a": "text"}), "a") == TEXT
    assert field_type(parse_type({"a": "text"}), "b") is None
    assert field_type(parse_type({"type": "object", "properties": {"a": {"type": "string"}}}), "b") == ANY
    assert field_type(parse_type(numbers), "b") == NUMBER
    assert field_type(ANY, "b") == ANY


def test_a_type_that_contains_itself_is_followed_as_far_as_needed() -> None:
    tree = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"n": {"type": "number"}, "next": {"$ref": "#/$defs/node"}},
                "additionalProperties": False,
            }
        },
    }
    type_ = parse_type(tree).resolved()
    deeper = field_type(type_, "next")

    assert deeper is not None
    assert kind_of(field_type(deeper, "n") or ANY) == "number"
    assert field_type(deeper, "x") is None
    assert coercion(type_) is not None


def test_types_that_contain_themselves_several_times_are_judged_in_time() -> None:
    me = {"$ref": "#/$defs/me"}
    tree = {"type": "object", "properties": {"a": me, "b": me, "c": me, "n": {"type": "number"}}}
    lists = {"type": "array", "items": me}
    one = parse_type({**me, "$defs": {"me": tree}}).resolved()
    other = parse_type({**me, "$defs": {"me": {**tree, "title": "other"}}}).resolved()
    nested = parse_type({**me, "$defs": {"me": lists}}).resolved()

    assert coercion(one) is not None
    assert fits(one, other)
    assert fits(nested, Type.list_of(nested))
    assert code_of(nested) == "[[[[x]]]]"


@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        ("number", 3, 3.0),
        ("integer", 3.0, 3),
        ("integer", 2.5, 2.5),
        ("number", True, True),
        ("number", (1 << 53) + 1, (1 << 53) + 1),
        ({"a": ["number"], "b": "text"}, {"a": [1, None], "b": 1}, {"a": [1.0, None], "b": 1}),
    ],
)
def test_numbers_are_brought_to_their_declared_kind_and_nothing_else_is(
    declared: object, value: Any, expected: Any
) -> None:
    step = coercion(parse_type(declared))

    assert step is not None
    found = step(value)
    assert (found, repr(found)) == (expected, repr(expected))


def test_where_there_are_no_numbers_there_is_nothing_to_do() -> None:
    assert coercion(parse_type({"a": ["text"], "b": "any"})) is None
