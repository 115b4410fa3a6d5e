from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.ledger.canonical import NotCanonical, decode, encode

# RFC 8785's own samples: those inside our profile must match to the byte, the others must be refused
INSIDE = {"arrays", "unicode"}
OUTSIDE = {"french": "ASCII", "structures": "float", "values": "float", "weird": "ASCII"}

ascii_text = st.text(st.characters(max_codepoint=127))
any_text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | any_text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(ascii_text, inner), max_leaves=20)


def sample(corpora: Path, name: str) -> tuple[Any, bytes]:
    folder = corpora / "rfc8785"
    value = json.loads((folder / f"{name}.in.json").read_bytes())
    return value, bytes.fromhex((folder / f"{name}.outhex.txt").read_text())


def test_every_sample_is_tried(corpora: Path) -> None:
    assert {path.name.split(".")[0] for path in (corpora / "rfc8785").glob("*.in.json")} == INSIDE | OUTSIDE.keys()


@pytest.mark.parametrize("name", sorted(INSIDE))
def test_a_sample_of_the_rfc_gives_its_bytes(corpora: Path, name: str) -> None:
    value, expected = sample(corpora, name)

    assert encode(value) == expected
    assert decode(expected) == value


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_a_sample_beyond_the_profile_is_refused(corpora: Path, name: str) -> None:
    value, expected = sample(corpora, name)

    with pytest.raises(NotCanonical, match=OUTSIDE[name]):
        encode(value)
    # one float of `structures` is whole and is written as an integer, which is inside again
    if name == "structures":
        assert encode(decode(expected)) == expected
    else:
        with pytest.raises(NotCanonical):
            decode(expected)


def test_the_strings_of_the_refused_samples_give_their_bytes(corpora: Path) -> None:
    values, values_bytes = sample(corpora, "values")
    weird, weird_bytes = sample(corpora, "weird")
    french, french_bytes = sample(corpora, "french")

    texts = [values["string"], *weird, *weird.values(), *french]
    every = values_bytes + weird_bytes + french_bytes
    assert [text for text in texts if encode(text) not in every] == []


def test_control_characters_are_escaped_as_the_rfc_says() -> None:
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}
    expected = "".join(short.get(code, f"\\u{code:04x}") for code in range(32))

    assert encode("".join(map(chr, range(32)))) == f'"{expected}"'.encode()


def test_nothing_else_is_escaped() -> None:
    text = "/\x7f\x80\u2028\u2029\ufeff\ue000\U0001f600"

    assert encode(text) == f'"{text}"'.encode()
    assert encode('"\\') == b'"\\"\\\\"'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.5,
        float("nan"),
        2**53,
        -(2**53),
        {"ä": 1},
        {1: 1},
        {"a": [0.1]},
        "\ud800",
        {"\udfff": 1},
        b"",
        {1},
        object(),
    ],
    ids=lambda value: type(value).__name__,  # an address in a name would differ from worker to worker
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


def test_a_value_nested_too_deep_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(NotCanonical):
        encode(value)
    with pytest.raises(NotCanonical):
        decode(b"[" * 100_000 + b"]" * 100_000)


@given(values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert decode(encode(value)) == value


@given(values)
def test_the_bytes_are_those_of_the_standard_library_at_its_strictest(value: object) -> None:
    # json.dumps escapes and sorts as RFC 8785 does, for ASCII keys and integers
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)

    assert encode(value) == expected.encode()


@pytest.mark.parametrize(
    "data",
    [
        *(b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{ "a":1}', b"1.0", b"1e2", b"-0", b"01", b"9007199254740992"),
        *(rb'"\u0041"', rb'"\/"', b'"\\u001F"', rb'"\u0008"', b"", b"{", b"null ", b"\xef\xbb\xbf1", b'"\xff"', b"NaN"),
    ],
    ids=repr,
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(data)


@given(st.binary(max_size=40))
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except NotCanonical:
        return

    assert encode(value) == data


@given(values, st.data())
def test_white_space_anywhere_is_refused(value: object, data: st.DataObject) -> None:
    canonical = encode(value)
    place = data.draw(st.integers(0, len(canonical)))
    spaced = canonical[:place] + b" " + canonical[place:]

    try:
        other = decode(spaced)
    except NotCanonical:
        return
    assert other != value  # the space fell into a text


def test_the_encoder_behind_it_keeps_field_order_by_name() -> None:
    class Pair(msgspec.Struct):
        b: int
        a: int

    assert msgspec.json.Encoder(order="sorted").encode(Pair(b=1, a=2)) == b'{"a":2,"b":1}'
