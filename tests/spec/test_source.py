from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.spec.source import MAX_DEPTH, read

Json = Any


def value(text: str) -> Json:
    source = read(text)
    assert source.findings == ()
    assert source.root is not None
    return source.root.value


def codes(text: str) -> list[str]:
    return [finding.code for finding in read(text).findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: on", {"a": "on"}),
        ("a: no", {"a": "no"}),
        ("on: push", {"on": "push"}),
        ("a: 2026-11-21", {"a": "2026-11-21"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ("a: 0x1F", {"a": 31}),
        ("a: 0o17", {"a": 15}),
        ("a: 0", {"a": 0}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: .5", {"a": 0.5}),
        ("a: 9007199254740993123", {"a": 9007199254740993123}),
        ("a: '007'", {"a": "007"}),
        ("a: 'true'", {"a": "true"}),
        (r'a: "\ud83d\ude00"', {"a": "😀"}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: |\r\n  b\r\n  c\r\n", {"a": "b\nc\n"}),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("# only\na: 1 # comments\n", {"a": 1}),
        ("---\na: 1\n", {"a": 1}),
        ("a: |\n  b \u2028 c\x85\n", {"a": "b \u2028 c\x85\n"}),
        ('a: "b \u2029 c"', {"a": "b \u2029 c"}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
    ],
)
def test_yaml_1_2_says_what_json_can_say(text: str, expected: Json) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: {", "SP001"),
        ("", "SP001"),
        ("# nothing", "SP001"),
        ("a: &x [*x]", "SP001"),
        ("a: *x", "SP001"),
        ('a: "\\UFFFFFFFF"', "SP001"),
        ("a: 1\na: 2", "SP003"),
        ("a: !!str 1", "SP004"),
        ("!!map {a: 1}", "SP004"),
        ("a: 1\n---\nb: 2", "SP004"),
        ("%YAML 1.1\n---\na: 1", "SP004"),
        ("%TAG ! tag:example.org,2026:\n---\na: 1", "SP004"),
        ("1: a", "SP004"),
        ("null: a", "SP004"),
        (": a", "SP004"),
        ("? [a]\n: b", "SP004"),
        ("{a: &x 1, *x : 2}", "SP004"),
        ("a: \x00", "SP005"),
        ("a: \x07", "SP005"),
        ("a: \ud800", "SP005"),
        ("a: b\ufeffc", "SP005"),
        (r'a: "\ud800"', "SP005"),
        (r'a: "\0"', "SP005"),
        ("a: \ufdd0", "SP005"),
        (r'a: "\uFDD1"', "SP005"),
        ("a: .nan", "SP008"),
        ("a: -.INF", "SP008"),
        ("a: 1e999", "SP008"),
        ("a: 00", "SP008"),
        ("a: " + "9" * 5000, "SP008"),
    ],
)
def test_what_json_cannot_say_is_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_every_key_written_twice_is_told() -> None:
    assert codes("a: 1\nb: {c: 1, c: 2}\na: 3\n") == ["SP003", "SP003"]


def test_a_key_may_stand_in_two_mappings() -> None:
    assert value("a: {x: 1}\nb: {x: 1}") == {"a": {"x": 1}, "b": {"x": 1}}


def doubling(levels: int) -> str:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(doubling(30), id="a billion laughs"),
        pytest.param("[" * 500_000, id="brackets"),
        pytest.param("{a: " * 200_000, id="braces"),
        pytest.param("- " * 300_000, id="dashes"),
        pytest.param("- 1\n" * 200_000, id="many values"),
        pytest.param("a: " + "x" * (2 << 20), id="too long"),
        pytest.param("a: '" + "ä" * (1 << 19) + "ä'", id="too long in bytes"),
    ],
)
def test_what_is_too_much_gives_one_finding_soon(text: str) -> None:
    begin = time.monotonic()

    found = codes(text)

    assert found == ["SP002"]
    assert time.monotonic() - begin < 30  # unbounded it would take hours; the figure is no promise


def test_nesting_is_bounded_through_aliases_too() -> None:
    half = MAX_DEPTH // 2 + 1
    text = f"a: &a {'[' * half}{']' * half}\nb: {'[' * half}*a{']' * half}\n"

    assert codes(text) == ["SP002"]
    assert codes(f"a: {'[' * (MAX_DEPTH - 1)}{']' * (MAX_DEPTH - 1)}") == []


NOT_IN_FILES = ["\ufeff", "\ufffe", "\uffff", *map(chr, range(0xFDD0, 0xFDF0))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=NOT_IN_FILES)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<~1", max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.booleans())
def test_json_is_read_as_it_is(data: Json, ascii_only: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    text = json.dumps({"value": data}, ensure_ascii=ascii_only)

    assert value(text) == {"value": data}
