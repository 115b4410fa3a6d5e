"""Payloads: what people and programs wrote, kept as the bytes that were first encoded.

A payload is encoded once and never rendered again, so floats, big integers and key order survive and an approval
binds exactly the bytes that are sent. The record carries `PayloadRef(digest, size)`; the digest is a commitment with
16 random bytes of salt, so that erasing a payload with its salt leaves nothing to guess from.

```python
question = json_payload({"text": "Publish?"}, ids)
Entry(body=NodeParked(reason="approval", question=question.ref), payloads=(question,))
```
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, TypeVar, cast

import msgspec

from podium.errors import LedgerError
from podium.ids import Digest, IdSource, RunId
from podium.ledger.record import AnyBody, Payload, PayloadRef

Json = Any
T = TypeVar("T")

SALT_BYTES = 16

_RESTORE = "restore the store from a backup; `podium ledger verify` names every record that is concerned"

_ENCODER = msgspec.json.Encoder()


def payload(data: bytes, ids: IdSource) -> Payload:
    """Return `data` with a fresh salt and the reference to it."""
    salt = ids.random_bytes(SALT_BYTES)
    return Payload(ref=PayloadRef(digest=commitment(salt, data), size=len(data)), salt=salt, data=data)


def json_payload(value: Json, ids: IdSource) -> Payload:
    """Return a JSON value, or a struct of such, as a payload.

    Raises:
        ValueError: when JSON cannot say it: NaN, an infinity, a lone surrogate.
        TypeError: when it is of a type that has no JSON.
    """
    data = _ENCODER.encode(value)
    # the encoder writes NaN and infinities as `null`; look for them only where there is a `null`
    if b"null" in data and _has_non_finite(msgspec.to_builtins(value)):
        raise ValueError("expected finite numbers, got NaN or an infinity")
    return payload(data, ids)


def text_payload(text: str, ids: IdSource) -> Payload:
    """Return text as a payload, as UTF-8 without quotes."""
    return payload(text.encode(), ids)


def read_json(data: bytes) -> Json:
    """Return the value of a JSON payload; integers of any size stay exact."""
    return msgspec.json.decode(data)


def read_struct(data: bytes, type_: type[T]) -> T:
    """Return a JSON payload as the struct that was encoded.

    Raises:
        msgspec.ValidationError: when it is another one.
    """
    return msgspec.json.decode(data, type=type_)


def read_text(data: bytes) -> str:
    """Return the text of a text payload."""
    return data.decode()


def commitment(salt: bytes, data: bytes) -> Digest:
    """Return SHA-256(salt || data), which is what a record says of a payload."""
    digest = hashlib.sha256(salt)
    digest.update(data)
    return Digest(digest.hexdigest())


def matches(ref: PayloadRef, salt: bytes, data: bytes) -> bool:
    """Return whether these bytes are the ones that the record refers to."""
    return len(data) == ref.size and commitment(salt, data) == ref.digest


def missing(run: RunId, ref: PayloadRef) -> LedgerError:
    """Return the error of a payload that is not there."""
    message = f"payload `{ref.digest[:12]}` of `{run}` is missing"
    return LedgerError("LE006", message, stream=run, seq=None, help=_RESTORE)


def altered(run: RunId, ref: PayloadRef) -> LedgerError:
    """Return the error of a payload that is not what the record says."""
    message = f"payload `{ref.digest[:12]}` of `{run}` is not what its record says"
    return LedgerError("LE007", message, stream=run, seq=None, help=_RESTORE)


def references(body: AnyBody) -> tuple[PayloadRef, ...]:
    """Return what a record refers to."""
    found = (getattr(body, name) for name in _REFERENCES[type(body)])
    return tuple(ref for ref in found if ref is not None)


def _reference_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if PayloadRef in (field.type, *getattr(field.type, "__args__", ()))
    )


_REFERENCES = {kind: _reference_fields(kind) for kind in AnyBody.__args__}


def _has_non_finite(value: Json) -> bool:
    match value:
        case float():
            return not math.isfinite(value)
        case dict():
            return any(map(_has_non_finite, cast("dict[str, Json]", value).values()))
        case list() | tuple():
            return any(map(_has_non_finite, cast("list[Json]", value)))
        case _:
            return False
