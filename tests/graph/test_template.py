from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import ExpressionError
from podium.graph.expression import Checked, check_template, render
from podium.graph.problem import Problem
from podium.graph.shape import ANY, INTEGER, TEXT
from podium.spec.model import split_template
from podium.spec.types import Type, parse_type

SCOPE = {"inputs": parse_type({"repo": "text", "count": "integer", "tags": ["text"], "free": "any"})}
NAMES = {"inputs": {"repo": "r", "count": 3, "tags": ["a", "b"], "free": {"x": [1, 2.5, None, True]}}}


def value_of(template: Any, *, text: bool = False) -> object:
    checked = check_template(template, SCOPE, text=text)
    assert isinstance(checked, Checked), checked
    return checked.eval(NAMES)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("${inputs.count}", 3),
        ("${inputs.free}", {"x": [1, 2.5, None, True]}),
        (" ${inputs.count}", " 3"),
        ("n=${inputs.count} ${inputs.repo}!", "n=3 r!"),
        ("${inputs.tags}.", "a\nb."),
        ("${inputs.free}.", '{"x":[1,2.5,null,true]}.'),
        ("$${inputs.count}", "${inputs.count}"),
        ("$${a} ${inputs.repo}", "${a} r"),
        ("${{'a': {'b': '}'}}['a']}", {"b": "}"}),
        ({"n": "${inputs.count}", "l": ["x", "${inputs.repo}!", 4, None]}, {"n": 3, "l": ["x", "r!", 4, None]}),
        ({}, {}),
        (7, 7),
    ],
)
def test_a_template_gives(template: object, value: object) -> None:
    assert value_of(template) == value


def test_where_text_is_wanted_a_single_expression_is_rendered() -> None:
    assert value_of("${inputs.count}", text=True) == "3"


def test_a_template_of_several_fields_has_the_type_of_its_value() -> None:
    checked = check_template({"n": "${inputs.count}", "t": "a${inputs.count}", "f": "${inputs.free}", "c": [1]}, SCOPE)

    assert isinstance(checked, Checked)
    assert checked.type == Type.object_of({"n": INTEGER, "t": TEXT, "f": ANY, "c": Type.list_of(INTEGER)})
    assert checked.names == {"inputs"}


def test_a_mistake_is_told_with_its_place_in_the_template() -> None:
    found = check_template({"a": ["x", "say ${inputs.repo} ${inputs.rep}"]}, SCOPE)

    assert found == [
        Problem(
            code="EX004",
            message="there is no input `rep`",
            help="did you mean `repo`?",
            offset=28,
            length=3,
            loc=("a", 1),
        )
    ]


def test_a_failure_names_the_expression_not_the_whole_template() -> None:
    with pytest.raises(ExpressionError) as failed:
        value_of({"a": "text before ${inputs.free.y} text after"})

    assert failed.value.message == "`inputs.free.y` failed: `inputs.free` has no `y`"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_value_without_expressions_is_itself(value: object) -> None:
    escaped = json.loads(json.dumps(value).replace("${", "$${"))
    checked = check_template(escaped, {})

    assert isinstance(checked, Checked)
    assert checked.eval({}) == value
    assert checked.type.problems(value) == []


@given(JSON)
def test_a_single_expression_gives_any_value_unchanged(value: object) -> None:
    checked = check_template("${inputs.free}", SCOPE)

    assert isinstance(checked, Checked)
    assert checked.eval({"inputs": {"free": value}}) is value


@given(JSON.filter(lambda value: not isinstance(value, str | list)))
def test_what_is_rendered_can_be_read_back(value: object) -> None:
    assert json.loads(render(value)) == value


@given(st.lists(st.text()))
def test_a_list_of_texts_is_rendered_one_a_line(texts: list[str]) -> None:
    assert render(texts) == "\n".join(texts)
    assert json.loads(render([*texts, 1])) == [*texts, 1]


@given(st.lists(st.tuples(st.text(alphabet="ab $}'\n", max_size=5), st.sampled_from(["x", " x.y ", "{'a': '}'}"]))))
def test_a_text_splits_into_what_it_was_put_together_from(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{literal.replace('$', '')}${{{inner}}}" for literal, inner in parts)

    pieces = split_template(text)

    assert [piece.text for piece in pieces if piece.expression] == [inner for _, inner in parts]
    assert all(text[piece.offset :].startswith(piece.text) for piece in pieces if piece.expression)
