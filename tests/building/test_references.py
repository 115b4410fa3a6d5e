"""References build CEL that means what Python says, or refuse."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.building.reference import Ref, cel, literal, text_of, unwrapped
from podium.graph.expression import Checked, check
from podium.spec.model import Expression
from podium.spec.types import Type

A, B = Ref("a.out"), Ref("b.out")


def compiled(text: str, *names: str) -> Checked:
    """Return an expression over names of any type."""
    found = check(Expression(text), dict.fromkeys(names, Type.any()))
    assert not isinstance(found, list), found
    return found


def test_fields_and_indices_go_into_a_value() -> None:
    assert text_of(A.title) == "a.out.title"
    assert text_of(A[0]["name"].first) == "a.out[0].name.first"
    assert text_of(A["in"]["two words"]) == 'a.out["in"]["two words"]'
    assert text_of(A[B.key]) == "a.out[b.out.key]"


def test_in_text_it_is_a_placeholder_and_where_an_expression_is_taken_it_is_bare() -> None:
    assert f"Dear {A.name}!" == "Dear ${a.out.name}!"
    assert str(A) == "${a.out}"
    assert unwrapped(f"size({A}) < 600") == "size(a.out) < 600"
    assert unwrapped(f"{A.x + B.y} * 2") == "(a.out.x + b.out.y) * 2"
    assert unwrapped(f"{A.x + B.y}") == "a.out.x + b.out.y"
    assert text_of(cel(f"size({A}) > 3") & (B == "x")) == '(size(a.out) > 3) && (b.out == "x")'


REFUSED: list[tuple[Callable[[Any], object], str]] = [
    (bool, "write `&`"),
    (lambda ref: 1 < ref < 3, "write `&`"),
    (lambda ref: not ref, "write `&`"),
    (len, "size(a.out)"),
    (list, "`map_` node"),
    (lambda ref: "x" in ref, '`"x" in a.out`'),
    (lambda ref: ref[-1], "counts from 0"),
    (lambda ref: f"{ref:>10}", "no value yet"),
    (lambda ref: ref == object(), "no literal"),
    (lambda ref: ref == math.inf, "no literal"),
    (hash, "unhashable"),
]


@pytest.mark.parametrize(("decide", "says"), REFUSED)
def test_what_python_would_decide_now_is_refused_and_says_what_to_write(
    decide: Callable[[Ref], object], says: str
) -> None:
    with pytest.raises(TypeError, match=says.replace("(", r"\(").replace(")", r"\)")):
        decide(A)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc é\"\\'$", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(value=JSON)
def test_a_python_value_is_the_same_value_as_a_literal(value: Any) -> None:
    if "\x00" not in literal(value):
        assert compiled(literal(value)).eval({}) == value


OPERATORS: list[Callable[[Any, Any], Any]] = [
    *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    *(operator.add, operator.sub, operator.mul),
]


@given(
    first=st.sampled_from(OPERATORS), second=st.sampled_from(OPERATORS[6:]), a=st.integers(-9, 9), b=st.integers(-9, 9)
)
def test_operators_mean_in_cel_what_they_mean_in_python(first: Any, second: Any, a: int, b: int) -> None:
    built = first(second(Ref("a"), 3), second(2, Ref("b")))

    assert compiled(text_of(built), "a", "b").eval({"a": a, "b": b}) == first(second(a, 3), second(2, b))


@given(a=st.booleans(), b=st.booleans())
def test_and_or_and_not_have_signs(*, a: bool, b: bool) -> None:
    built = ~(Ref("a") == True) & (Ref("b") | Ref("a")) | ~Ref("b")  # noqa: E712 - it builds CEL

    assert compiled(text_of(built), "a", "b").eval({"a": a, "b": b}) == ((not a and (b or a)) or not b)
