r"""Canonical JSON: one value, one sequence of bytes (RFC 8785, restricted profile).

1. Keys are ASCII, so that sorting by code point and by UTF-16 unit is the same thing.
2. Numbers are integers of at most 2^53 - 1 in size; no floats, so no question of how to print them.
3. Strings are UTF-8 with the escapes of ECMAScript (`\b \t \n \f \r \" \\`, `\u00xx` in lower case for the other
   control characters, nothing else); lone surrogates are refused.
4. Reading is strict: bytes that do not come out the same when written again are refused, which covers white space,
   key order, repeated keys, other escapes and defaults that are spelled out.

```python
encode({"b": 1, "a": "é"})     # b'{"a":"\xc3\xa9","b":1}'
```
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from podium.ledger.record import MAX_INT

Json = Any
T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted")


class NotCanonical(ValueError):
    """A value that has no canonical form here, or bytes that are not one."""


def encode(value: Json) -> bytes:
    """Return the canonical bytes of a plain JSON value.

    Raises:
        NotCanonical: for a float, a large integer, a key that is not ASCII text, a lone surrogate, or anything that
            is not JSON.
    """
    try:
        _check(value)
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, RecursionError) as error:
        raise NotCanonical(f"no canonical form: {error}") from None


def encode_struct(value: msgspec.Struct) -> bytes:
    """Return the canonical bytes of a struct, provided that `decode_struct` of its own type accepts them.

    The types of the fields (text, `Int`, tuples and structs of them) stand for the check that `encode` makes.
    """
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, TypeError) as error:
        raise NotCanonical(f"no canonical form: {error}") from None


def decode(data: bytes) -> Json:
    """Return the value of canonical bytes.

    Raises:
        NotCanonical: when writing the value again would not give the same bytes.
    """
    return _strict(data, msgspec.json.Decoder(), encode)


def decode_struct(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the struct of canonical bytes; as `decode`, a fifth of the time."""
    return _strict(data, decoder, _ENCODER.encode)


def _strict(data: bytes, decoder: msgspec.json.Decoder[T], again: Any) -> T:  # noqa: ANN401 - either encoder
    try:
        value = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonical(f"not the JSON of a record: {error}") from None
    if again(value) != data:
        raise NotCanonical("not in canonical form: writing the value again gives other bytes")
    return value


def _check(value: Json) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > MAX_INT:
                raise NotCanonical(f"expected an integer of at most 2^53 - 1 in size, got `{value}`")
        case dict():
            for key, inner in cast("dict[object, Json]", value).items():
                if not (isinstance(key, str) and key.isascii()):
                    raise NotCanonical(f"expected a key of ASCII text, got `{key}`")
                _check(inner)
        case list() | tuple():
            for inner in cast("list[Json]", value):
                _check(inner)
        case _:
            raise NotCanonical(f"expected JSON without floats, got `{type(value).__name__}`")
