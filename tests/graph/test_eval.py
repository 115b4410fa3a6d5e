"""What expressions give, and how they fail."""

from __future__ import annotations

import time
from typing import Any

import pytest

from podium.errors import ExpressionError
from podium.graph.expression import Checked, check
from podium.graph.shape import ANY, TEXT, node_type
from podium.spec.types import parse_type

THEMES = parse_type({"themes": [{"title": "text", "score": "number", "note?": "text"}]})
SCOPE = {
    "themes": node_type(THEMES),
    "write": node_type(TEXT),
    "free": node_type(ANY),
    "inputs": parse_type({"repo": "text", "commits": "integer", "ratio": "number", "tags": ["text"]}),
}
NAMES: dict[str, Any] = {
    "themes": {"out": {"themes": [{"title": "A", "score": 3}, {"title": "B", "score": 1.5, "note": "n"}]}},
    "write": {},
    "free": {"out": {"half": 1.5, "big": 1 << 70, "none": None, "list": [1, 2], "text": "t"}},
    "inputs": {"repo": "r", "commits": 40, "ratio": 1, "tags": ["a", "b"]},
}


def program(text: str) -> Checked:
    checked = check(text, SCOPE)
    assert isinstance(checked, Checked), checked
    return checked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("themes.out.themes[1].title", "B"),
        ("themes.out.themes.map(t, t.title)", ["A", "B"]),
        ("themes.out.themes.filter(t, t.score > 2).map(t, t.title)", ["A"]),
        ("themes.out.themes.map(t, t.score > 2, t.title)", ["A"]),
        ("themes.out.themes.exists_one(t, t.score > 2)", True),
        ("themes.out.themes.all(t, t.score > 2)", False),
        ("[].all(t, t)", True),
        ("[].exists(t, t)", False),
        ("inputs.map(k, k)", ["repo", "commits", "ratio", "tags"]),
        ("inputs.ratio > 0", True),
        ("inputs.ratio + 1", 2.0),
        ("inputs.commits * 2 - (3 - 1)", 78),
        ("inputs.commits - 3 - 1", 36),
        ("-inputs.commits + 1", -39),
        ("- (-1)", 1),
        ("inputs.commits / 3 % 4", 1),
        ("inputs.commits > 39.5", True),
        ("inputs.commits in [1, 40]", True),
        ("inputs.ratio in [1, 2]", True),
        ("'a' in inputs.tags && !('c' in inputs.tags)", True),
        ("inputs.ratio > size(inputs.tags)", False),
        ("size('😀ä')", 2),
        ("inputs.tags.size() + size(inputs)", 6),
        ("has(write.out)", False),
        ("has(write.out) && size(write.out) > 3", False),
        ("size(write.out) > 3 && false", False),
        ("true || write.out == 'x'", True),
        ("has(write.out) ? write.out : 'none'", "none"),
        ("has(free.out.nope.deeper)", False),
        ("has(free.out.none)", True),
        ("has(free.out.none.deeper)", False),
        ("free.out.none == null", True),
        ("free.out.big", 1 << 70),
        ("free.out.list[inputs.commits - 39]", 2),
        ("[inputs.repo, {'a': free.out.none}]", ["r", {"a": None}]),
        ("inputs.repo + '\\n\"\\u00e9\\U0001F600'", 'r\n"é😀'),
        ("string(timestamp('2026-01-02T00:00:00Z'))", "2026-01-02T00:00:00Z"),
        ("timestamp('2026-01-02T00:00:00Z') < timestamp('2026-01-03T00:00:00Z')", True),
        ("type(free.out.half) == double", True),
        ("size(b'abc')", 3),
        ("themes.out.themes.exists(t, t.note == 'n')", True),
    ],
)
def test_an_expression_gives(text: str, value: object) -> None:
    found = program(text).eval(NAMES)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("size(write.out) < 9", "`write` was skipped, so there is no `write.out`", "test with `has(write.out)`"),
        ("free.error.kind", "`free` did not fail, so there is no `free.error`", "test with `has(free.error)`"),
        ("free.out.halb", "`free.out` has no `halb`", "did you mean `half`?"),
        ("free.out.none.a", "`free.out.none` is null", "test it first: `free.out.none != null`"),
        ("free.out.half.a", "`free.out.half` is a number, which has no `a`", ""),
        ("inputs.tags[5]", "`inputs.tags` has 2 items, so there is no `[5]`", "test `size(…)` first"),
        ("inputs.tags[inputs.commits]", "`inputs.tags` has 2 items, so there is no `[40]`", "test `size(…)` first"),
        (
            "free.out.half + 1",
            "`+` does not work on number and integer",
            "turn the integer into a number with `double(…)`",
        ),
        (
            "free.out.text > 1",
            "`>` does not work on text and integer",
            "turn the other into text with `string(…)`, or the text into a number with `int(…)` or `double(…)`",
        ),
        (
            "free.out.big + 1",
            "an integer in the values is out of range",
            "integers reach from -9223372036854775808 to 9223372036854775807",
        ),
        (
            "9223372036854775807 + inputs.commits",
            "integer overflow",
            "integers reach from -9223372036854775808 to 9223372036854775807",
        ),
        ("inputs.commits / (40 - inputs.commits)", "divide by zero", "test the divisor first: `b != 0 ? a / b : 0`"),
        ("inputs.ratio / 0.0", "the result is inf, which is no JSON number", "test the operands first"),
        ("!free.out.text", "expected true or false, got text", "compare it: `… == …`"),
        ("free.out.half && true", "expected true or false, got a number", "compare it: `… == …`"),
        ("free.out.half.map(t, t)", "expected a list to go through, got a number", ""),
        ("size(free.out.half)", "`size()` does not work on number", ""),
        ("free.out.list.all(t, t.a)", "`t` is an integer, which has no `a`", ""),
    ],
)
def test_a_failure_names_expression_cause_and_next_step(text: str, message: str, help_: str) -> None:
    with pytest.raises(ExpressionError) as failed:
        program(text).eval(NAMES)

    error = failed.value
    assert (error.code, error.kind, error.message, error.help) == (
        "EX001",
        "invalid_input",
        f"`{text}` failed: {message}",
        help_,
    )


def test_a_failed_node_is_told_from_a_skipped_one() -> None:
    error = {"code": "EF002", "kind": "timeout", "message": "no answer"}

    assert program("write.error.kind").eval({"write": {"error": error}}) == "timeout"
    assert program("has(write.error) && !has(write.out)").eval({"write": {"error": error}}) is True
    with pytest.raises(ExpressionError, match=r"`write` failed, so there is no `write\.out`"):
        program("write.out").eval({"write": {"error": error}})


@pytest.mark.parametrize(
    "text", ["1 / inputs.zero == 1", "inputs.zero / 0 > 0 || false", "[1 / inputs.zero].exists(t, t == 1)"]
)
def test_an_error_value_is_a_failure_never_true(text: str) -> None:
    checked = check(text, {"inputs": parse_type({"zero": "integer"})})
    assert isinstance(checked, Checked)

    with pytest.raises(ExpressionError):
        checked.eval({"inputs": {"zero": 0}})


@pytest.mark.parametrize(
    ("declared", "value", "expression", "expected"),
    [
        ("integer", 3.0, "inputs.x + 1", 4),
        ("integer", 3.0, "inputs.l[inputs.x - 2]", "b"),
        ("number", 3, "inputs.x / 2", 1.5),
        ("number", 3, "inputs.x == 3", True),
        (["number"], [1, 2.5], "inputs.x.map(y, y + 1)", [2.0, 3.5]),
        ([{"n": "number"}], [{"n": 1}], "inputs.x.exists(y, y.n / 2 < 1)", True),
    ],
)
def test_a_number_is_what_its_type_says_however_it_is_written(
    declared: object, value: object, expression: str, expected: object
) -> None:
    checked = check(expression, {"inputs": parse_type({"x": declared, "l": ["text"]})})
    assert isinstance(checked, Checked), checked

    assert checked.eval({"inputs": {"x": value, "l": ["a", "b"]}}) == expected


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [
        ("text", 3, "expected text, got an integer"),
        ("text", None, "expected text, got null"),
        ("integer", 2.5, "expected an integer, got a number"),
        ("integer", 1 << 63, f"expected an integer, got the integer {1 << 63}, which is out of range"),
        ("number", 1 << 60, f"expected a number, got the integer {1 << 60}, which is out of range"),
        ("boolean", 1, "expected true or false, got an integer"),
        (["integer"], "a", "expected a list, got text"),
    ],
)
def test_a_value_that_is_not_of_its_type_fails(declared: object, value: object, told: str) -> None:
    text = "inputs.x && true" if declared == "boolean" else "inputs.x == inputs.x"
    checked = check(text, {"inputs": parse_type({"x": declared})})
    assert isinstance(checked, Checked), checked

    with pytest.raises(ExpressionError, match=told):
        checked.eval({"inputs": {"x": value}})


def test_ten_thousand_items_are_gone_through() -> None:
    rows = [{"title": f"t{number}", "score": number / 2} for number in range(10_000)]
    titles = [f"t{number}" for number in range(20, 10_000)]
    names = {"themes": {"out": {"themes": rows}}}

    assert program("themes.out.themes.filter(t, t.score >= 10).map(t, t.title)").eval(names) == titles


def test_work_is_bounded_whatever_the_loops_do() -> None:
    names = {"inputs": {"tags": ["a"] * 1000}}
    began = time.monotonic()

    with pytest.raises(ExpressionError) as failed:
        program("inputs.tags.exists(a, inputs.tags.exists(b, inputs.tags.exists(c, a + b == c)))").eval(names)

    assert "takes more than 50000 steps" in failed.value.message
    assert failed.value.help == "go through the list with a `map` node"
    assert time.monotonic() - began < 30


def test_handing_a_large_list_to_cel_again_and_again_is_bounded() -> None:
    with pytest.raises(ExpressionError, match="takes more than"):
        program("inputs.tags.map(t, t in inputs.tags)").eval({"inputs": {"tags": ["a"] * 5000}})


def test_a_large_value_is_not_copied_on_its_way_through() -> None:
    large = "x" * 50_000_000
    names = {"free": {"out": {"text": large, "list": [large]}}}

    assert program("free.out.text").eval(names) is large
    assert program("has(free.out.text) ? [free.out.text] : []").eval(names)[0] is large
    assert program("size(free.out.text)").eval(names) == 50_000_000


def test_a_value_nested_without_end_is_a_failure_like_any_other() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    with pytest.raises(ExpressionError, match="a value is nested too deeply"):
        program("free.out == 1").eval({"free": {"out": deep}})
    assert program("free.out").eval({"free": {"out": deep}}) is deep
