"""Random expressions over random typed values: what is found before the run, and what can still happen in it."""

from __future__ import annotations

import functools
import operator
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from podium.errors import ExpressionError
from podium.graph.expression import Checked, check
from podium.graph.shape import node_type
from podium.spec.types import Type, parse_type

FIELDS = ("a", "b", "c")
Shorthand = Any

SCALARS = ("text", "integer", "number", "boolean")
SHORTHANDS: st.SearchStrategy[Shorthand] = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        inner.map(lambda item: [item]) | st.dictionaries(st.sampled_from(FIELDS), inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)


def values_of(shorthand: Shorthand) -> st.SearchStrategy[Any]:
    """Values of a type, with numbers written either way."""
    match shorthand:
        case "text":
            return st.text(max_size=4)
        case "integer":
            return st.integers(-100, 100) | st.integers(-100, 100).map(float)
        case "number":
            return st.floats(-100, 100) | st.integers(-100, 100)
        case "boolean":
            return st.booleans()
        case [item]:
            return st.lists(values_of(item), max_size=3)
        case fields:
            return st.fixed_dictionaries({name: values_of(inner) for name, inner in fields.items()})


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Shorthand, Any]:
    """A type and a value of it."""
    shorthand = draw(st.fixed_dictionaries(dict.fromkeys(FIELDS, SHORTHANDS)))
    return shorthand, draw(values_of(shorthand))


ATOMS = st.sampled_from(["x.out", "x.error", "inputs", "t", "1", "-2", "2.5", "'s'", "true", "null", "[1, 2.5]", "[]"])
BINARY = st.sampled_from(["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||", "in"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    field = st.sampled_from(FIELDS)
    loop = st.sampled_from(["map", "filter", "all", "exists", "exists_one"])
    return st.one_of(
        st.builds("{}.{}".format, inner, field),
        st.builds("{}.{}".format, inner, field),
        st.builds("{}[{}]".format, inner, st.sampled_from(["0", "1", "'a'"]) | inner),
        st.builds("has({}.{})".format, inner, field),
        st.builds("size({})".format, inner),
        st.builds("({} {} {})".format, inner, BINARY, inner),
        st.builds("!{}".format, inner),
        st.builds("-{}".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'a': {}}}".format, inner),
        st.builds("{}.{}(t, {})".format, inner, loop, inner),
        st.builds("string({})".format, inner),
        st.builds("double({})".format, inner),
        st.builds("{}.contains({})".format, inner, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, _grown, max_leaves=8)


def scope_of(shorthand: Shorthand) -> dict[str, Type]:
    return {"x": node_type(parse_type(shorthand)), "inputs": parse_type(shorthand)}


@given(world=worlds(), text=EXPRESSIONS)
def test_what_is_accepted_gives_a_value_of_its_type_or_fails_as_an_expression(
    world: tuple[Shorthand, Any], text: str
) -> None:
    shorthand, value = world
    checked = check(text, scope_of(shorthand))
    if isinstance(checked, list):
        event("refused")
        assert all(
            0 <= problem.offset < len(text) and problem.offset + problem.length <= len(text) for problem in checked
        )
        return

    try:
        found = checked.eval({"x": {"out": value}, "inputs": value})
    except ExpressionError:
        event("failed")
    else:
        event("gave a value")
        assert checked.type.problems(found) == []


@given(shorthand=st.fixed_dictionaries(dict.fromkeys(FIELDS, SHORTHANDS)), text=EXPRESSIONS)
def test_over_a_skipped_node_nothing_but_a_failure_or_a_value_comes(shorthand: Shorthand, text: str) -> None:
    checked = check(text, scope_of(shorthand))
    if isinstance(checked, Checked) and checked.names <= {"x"}:
        try:
            checked.eval({"x": {}})
        except ExpressionError:
            event("failed")


@given(world=worlds(), steps=st.lists(st.sampled_from([*FIELDS, "d"]), max_size=4), guard=st.booleans())
def test_a_field_is_missing_before_the_run_just_when_it_is_missing_in_it(
    world: tuple[Shorthand, Any], steps: list[str], *, guard: bool
) -> None:
    shorthand, value = world
    text = ".".join(["x.out", *steps])
    checked = check(f"has({text})" if guard else text, scope_of(shorthand))

    try:
        current = functools.reduce(operator.getitem, steps, value)
    except (KeyError, TypeError, IndexError):
        assert isinstance(checked, list)
        assert [problem.code for problem in checked] == ["EX004"]
    else:
        assert isinstance(checked, Checked)
        assert checked.eval({"x": {"out": value}}) == (True if guard else current)


@given(text=st.text(alphabet="x.out()[]{}'\"+-*/%<>=!&|?:, 019\\\nhas map null😀\x00", max_size=40))
def test_no_text_makes_the_checker_raise(text: str) -> None:
    checked = check(text, scope_of({"a": "text"}))

    if isinstance(checked, list):
        assert checked
        assert all(problem.code.startswith("EX") for problem in checked)
