"""What policies are told of the arguments of a call; what cannot be told exactly is said to be so."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.policy.arguments import EMPTY, MAX_ARGUMENTS, MAX_TEXT, Read, Reading, as_number, read

Json = Any
EVERYTHING = Reading(None, None, frozenset({"recipients", "domains", "hosts", "paths", "amount"}))


def tags(*names: str) -> Reading:
    return Reading(tags=frozenset(names))


def numbers(*names: str) -> Reading:
    return Reading(numbers=frozenset(names))


def derived(*names: str) -> Reading:
    return Reading(derived=frozenset(names))


def test_what_nobody_reads_is_not_looked_at() -> None:
    assert read({"to": "anna@example.org", "amount": 3}, Reading()) == EMPTY


def test_values_inside_others_have_names_with_dots() -> None:
    told = read({"a": {"b": [True, "x"]}, "n": 1.5, "none": None}, Reading(tags=None))

    assert told == Read(tags=(("a.b.0", "true"), ("a.b.1", "x"), ("n", "1.5")))


def test_only_the_names_that_are_read_are_told() -> None:
    assert read({"to": "x", "text": "y"}, tags("to", "missing")) == Read(tags=(("to", "x"),))


@pytest.mark.parametrize(
    ("value", "told"),
    [(3, "3.0"), ("3", "3.0"), (-0.5, "-0.5"), ("100.50", "100.5"), (10**14, "100000000000000.0"), ("+7", "7.0")],
)
def test_numbers_and_texts_that_are_numbers_are_told_as_decimals(value: Json, told: str) -> None:
    assert read({"n": value}, numbers("n")) == Read(numbers=(("n", told),))


@pytest.mark.parametrize(
    "value",
    [
        "1,000",
        "1 000",
        "100 €",
        "1e3",
        "0x10",
        "٣",
        0.00001,
        1e30,
        math.nan,
        math.inf,
        True,
        "",
        {"a": 1},
        [5],
        "1.00001",
    ],
)
def test_what_is_read_as_a_number_and_is_none_is_unreadable(value: Json) -> None:
    assert read({"n": value}, numbers("n")).unreadable == ("n",)


def test_an_argument_that_is_missing_is_not_unreadable() -> None:
    assert read({"m": "x"}, numbers("n")) == EMPTY


def test_a_long_text_is_unreadable_when_it_is_read_and_only_then() -> None:
    arguments = {"text": "x" * (MAX_TEXT + 1), "to": "anna"}

    assert read(arguments, tags("text")) == Read(unreadable=("text",))
    assert read(arguments, tags("to")) == Read(tags=(("to", "anna"),))


def test_half_of_a_surrogate_pair_is_unreadable() -> None:
    assert read({"text": "a\ud800"}, tags("text")) == Read(unreadable=("text",))


def test_two_arguments_of_one_name_are_unreadable() -> None:
    assert read({"a.b": "x", "a": {"b": "y"}}, tags("a.b")).unreadable == ("a.b",)


def test_what_stands_beyond_the_bound_is_unreadable_and_what_stands_before_it_is_told() -> None:
    arguments = {"to": "anna", "items": [str(number) for number in range(MAX_ARGUMENTS * 2)]}

    assert read(arguments, tags("to", "other")) == Read(tags=(("to", "anna"),))
    assert read(arguments, tags("items.399")).unreadable == ("items.399",)
    assert read(arguments, derived("recipients")).unreadable == ("items",)


@pytest.mark.parametrize(
    ("arguments", "recipients", "domains"),
    [
        ({"to": "Anna@Example.org"}, ("anna@example.org",), ("example.org",)),
        ({"to": ["a@x.org", "b@y.org"], "cc": "c@x.org"}, ("a@x.org", "b@y.org", "c@x.org"), ("x.org", "y.org")),
        ({"to": "Anna <a@x.org>, b@y.org"}, ("a@x.org", "b@y.org"), ("x.org", "y.org")),
        ({"recipientEmail": "a@x.org"}, ("a@x.org",), ("x.org",)),
        ({"message": {"to": "a@x.org"}}, ("a@x.org",), ("x.org",)),
        # who is no address has the domain "", which no list of allowed domains holds
        ({"to": "anna"}, ("anna",), ("",)),
        ({"to": "a@x.org@evil.com"}, ("a@x.org@evil.com",), ("",)),
        ({"to": '"a@x.org" <b@evil.com>'}, ("a@x.org", "b@evil.com"), ("evil.com", "x.org")),
        ({"to": "a@x.org\nbcc:b@evil.com"}, ("a@x.org", "bcc:b@evil.com"), ("", "x.org")),
        ({"to": "a@еxample.org"}, ("a@еxample.org",), ("",)),
        ({"text": "write to a@x.org"}, (), ()),
    ],
)
def test_whom_a_call_reaches(arguments: dict[str, Json], recipients: tuple[str, ...], domains: tuple[str, ...]) -> None:
    told = read(arguments, derived("recipients", "domains"))

    assert (told.recipients, told.domains) == (recipients, domains)


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        ({"url": "https://Example.org:8080/x"}, ("example.org",)),
        ({"body": "see http://a.org/x and (https://b.org)."}, ("", "a.org")),
        ({"url": "https://example.org@evil.com/"}, ("evil.com",)),
        ({"url": "https://evil.com\\@example.org/"}, ("",)),
        ({"host": "evil.com"}, ("evil.com",)),
        ({"url": "//evil.com/x"}, ("evil.com",)),
        ({"url": "https://[::1]/x"}, ("[::1]",)),
        ({"url": "https://exämple.org"}, ("",)),
        ({"text": "no link"}, ()),
    ],
)
def test_where_a_call_goes(arguments: dict[str, Json], hosts: tuple[str, ...]) -> None:
    assert read(arguments, derived("hosts")).hosts == hosts


def test_paths_are_told_without_detours() -> None:
    told = read({"path": "out/../../etc/passwd", "file": "./a//b"}, derived("paths"))

    assert told.paths == ("../etc/passwd", "a/b")


@pytest.mark.parametrize(
    ("arguments", "amount"),
    [({"amount": 5, "total": "70.5"}, "70.5"), ({"amount": -500}, "500.0"), ({"text": "9"}, None)],
)
def test_the_largest_amount_counts_without_its_sign(arguments: dict[str, Json], amount: str | None) -> None:
    assert read(arguments, derived("amount")).amount == amount


def test_an_amount_that_is_no_number_is_unreadable() -> None:
    assert read({"totalPrice": "1.000,00"}, derived("amount")) == Read(unreadable=("totalPrice",))


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
arguments = st.dictionaries(
    st.sampled_from(["to", "amount", "url", "path", "a", "a.b", "x"]) | st.text(max_size=8), values
)


@given(arguments)
def test_whatever_the_arguments_are_something_hashable_is_told(given_arguments: dict[str, Json]) -> None:
    told = read(given_arguments, EVERYTHING)

    assert hash(told) == hash(read(given_arguments, EVERYTHING))


@given(arguments)
def test_reading_less_tells_the_same_of_it(given_arguments: dict[str, Json]) -> None:
    whole = read(given_arguments, EVERYTHING)
    names = frozenset({"to", "amount"})

    part = read(given_arguments, Reading(tags=names))

    assert set(part.tags) == {(name, text) for name, text in whole.tags if name in names}


@given(st.integers(-(10**14), 10**14), st.integers(0, 9999))
def test_a_number_of_four_digits_behind_the_point_is_exact(whole: int, part: int) -> None:
    text = f"{whole}.{part:04d}"

    assert as_number(text) == Decimal(text)
