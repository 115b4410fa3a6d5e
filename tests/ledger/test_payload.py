from __future__ import annotations

import hashlib
import math
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.ids import SystemIds
from podium.ledger.payload import (
    commitment,
    json_payload,
    matches,
    payload,
    read_json,
    read_struct,
    read_text,
    references,
    text_payload,
)
from podium.ledger.record import AnyBody, NodeDone, NodeParked, PayloadRef
from podium.node.calls import Message, ModelCall

IDS = SystemIds()

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


class FixedIds:
    def random_bytes(self, count: int) -> bytes:
        return bytes(range(count))


def test_the_digest_is_a_salted_commitment() -> None:
    made = payload(b"hello", FixedIds())

    salt = bytes(range(16))
    assert (made.salt, made.data, made.ref.size) == (salt, b"hello", 5)
    assert made.ref.digest == hashlib.sha256(salt + b"hello").hexdigest()


def test_the_same_bytes_twice_have_nothing_in_common() -> None:
    first, second = payload(b"yes", IDS), payload(b"yes", IDS)

    assert first.ref.digest != second.ref.digest


@given(values)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    assert read_json(json_payload(value, IDS).data) == value


@pytest.mark.parametrize("number", [2**53, 2**64, 2**200, -(10**40), 0.1, 1e308, 5e-324, -0.0])
def test_numbers_of_any_size_stay_exact(number: float) -> None:
    back = read_json(json_payload({"n": number}, IDS).data)["n"]

    assert (back, type(back), math.copysign(1, back)) == (number, type(number), math.copysign(1, number))


@pytest.mark.parametrize("value", [math.nan, math.inf, [None, -math.inf], {"a": (1, {"b": math.nan})}], ids=repr)
def test_what_json_cannot_say_is_not_changed_silently(value: object) -> None:
    with pytest.raises(ValueError, match="finite"):
        json_payload(value, IDS)


def test_null_is_a_value() -> None:
    assert read_json(json_payload([None], IDS).data) == [None]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        json_payload("\ud800", IDS)
    with pytest.raises(ValueError, match="surrogates"):
        text_payload("\ud800", IDS)


def test_a_struct_comes_back_as_the_struct() -> None:
    call = ModelCall(messages=(Message(role="user", text="hi"),), schema={"type": "object"})

    assert read_struct(json_payload(call, IDS).data, ModelCall) == call


@given(texts)
def test_text_comes_back_as_it_was(text: str) -> None:
    assert read_text(text_payload(text, IDS).data) == text


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_other_bytes_do_not_match(data: bytes, other: bytes) -> None:
    made = payload(data, IDS)

    assert matches(made.ref, made.salt, data)
    assert matches(made.ref, made.salt, other) == (data == other)
    assert not matches(PayloadRef(commitment(made.salt, data), len(data) + 1), made.salt, data)


def test_every_reference_of_every_kind_is_found() -> None:
    ref = PayloadRef(commitment(b"", b""), 0)

    for kind in get_args(AnyBody):
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        referring = [name for name, field in fields.items() if "PayloadRef" in str(field.type)]
        body = _filled(kind, dict.fromkeys(referring, ref))
        assert references(body) == (ref,) * len(referring)


def test_a_reference_that_is_not_there_is_left_out() -> None:
    assert references(NodeDone()) == ()
    assert references(NodeParked(reason="timer")) == ()


def _filled(kind: type[Any], values: dict[str, Any]) -> Any:
    required = {field.name: "" for field in msgspec.structs.fields(kind) if field.required}
    return kind(**{**required, **values})
