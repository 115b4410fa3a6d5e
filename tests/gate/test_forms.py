"""One thing in several ways of writing, and never two things as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.forms import forms, found_in, links, origin, stands_in


def same(value: object, text: str) -> bool:
    return not set(forms(value)).isdisjoint(found_in(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada@Example.org", "write to ada@example.org."),
        ("https://example.com/a?b=1", "see https://Example.com/a?b=1, please"),
        ("https://www.example.com", "read www.example.com/ first"),
        ("GB29NWBK60161331926819", "their account is GB29 NWBK 6016 1331 9268 19"),
        (50.0, "send $50.00 to them"),
        (1200, "it is 1,200 now"),
        (98.7, "they want 98.70."),
        ("2024-05-19", "on 19.05.2024"),
    ],
)
def test_one_thing_is_known_in_another_way_of_writing(value: object, text: str) -> None:
    assert same(value, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ada@example.org", "write to mallory-ada@example.org"),
        ("ada@example.org", "write to ada@example.org.evil.com"),
        ("https://example.com", "see https://example.com/a"),
        ("https://example.com/a", "see https://example.com"),
        ("https://example.com", "see https://example.com@evil.com"),
        ("https://example.com@evil.com", "see https://example.com and evil.com"),
        ("https://example.com:8080", "see https://example.com"),
        (5, "send 50.00"),
        (19.5, "add 19.5% of it"),
        (10, "at 10:00 on 2024-05-10"),
        (26, "on May 26th"),
        ("2024-05-01", "on 2024-05-011"),
        ("2024-13-01", "on 2024-13-01"),
        ("05.06.2024", "on 2024-06-05"),
        ("stra\u00dfe@example.org", "write to strasse@example.org"),
        (True, "true 1"),
        (None, "none"),
    ],
)
def test_what_only_looks_like_it_is_something_else(value: object, text: str) -> None:
    assert not same(value, text)


def test_a_path_that_climbs_has_no_form_as_a_path() -> None:
    assert list(forms("./out/notes.md")) == ["text:./out/notes.md", "path:out/notes.md"]
    assert list(forms("out/../../etc/passwd")) == ["text:out/../../etc/passwd"]


@pytest.mark.parametrize(
    ("value", "text", "stands"),
    [
        ("notes.txt", "Read 'notes.txt' and go on.", True),
        ("notes.txt", "Read notes.txt.", True),
        ("notes.txt", "Read my-notes.txt", False),
        ("notes.txt", "Read notes.txt.bak", False),
        ("general", "post to #general", False),
        ("Le Marais", "book Le  Marais for me", True),
        ("ab", "ab", False),
        ("13", "page 13", False),
        ("\ufb01le.txt", "Read file.txt", False),
        ("notes\u200b.txt", "Read notes.txt", False),
    ],
)
def test_a_value_stands_in_a_text_as_a_whole_or_not_at_all(value: str, text: str, stands: bool) -> None:  # noqa: FBT001 - a column of the table
    assert stands_in(value, text) is stands


def test_capitals_count_unless_somebody_only_points() -> None:
    assert not stands_in("Yoga Class", "my next yoga class")
    assert stands_in("Yoga Class", "my next yoga class", fold=True)


def test_links_are_what_a_reader_could_follow() -> None:
    text = (
        "See https://a.example/x, www.b.example and c.example/y (or mailto:d@e.example). Not e.g. this.one, ada@b.org."
    )

    assert links(text) == ("https://a.example/x", "www.b.example", "c.example/y", "mailto:d@e.example")


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("ada@Example.org", "example.org"),
        ("https://shop.example.org/a", "shop.example.org"),
        ("https://shop.example.org@evil.com/", ""),
        ("https://shop.example.org:8080/", ""),
        ("shop", ""),
    ],
)
def test_an_origin_is_a_whole_host_or_nothing(value: str, host: str) -> None:
    assert origin(value) == host


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_reading_of_another(value: str, text: str) -> None:
    stands_in(value, text)
    list(forms(value))
    list(found_in(text))
    links(text)


@given(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9})?", fullmatch=True), st.text(max_size=20), st.text(max_size=20))
def test_a_name_between_blanks_is_found_wherever_it_stands(value: str, before: str, after: str) -> None:
    assert stands_in(value, f"{before} {value} {after}")


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_an_amount_is_found_as_it_is_written_and_no_other(amount: object) -> None:
    assert same(amount, f"pay {amount} now")
    assert not same(amount, f"pay {amount}1 now")
