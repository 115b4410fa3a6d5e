"""The chain: how a record becomes bytes that cannot be changed unseen, and comes back.

`seal` gives the canonical bytes of a record and their RFC 6962 leaf hash. The bytes hold stream, seq and the hash of
the record before, so that a record fits one place only. `unseal` takes bytes as they stand in a store and trusts
none of them; what spans several records (gaps, `prev`, epochs) is the matter of `verify`.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from podium.clock import Millis
from podium.errors import LedgerError
from podium.ids import Digest, NodePath, RunId
from podium.ledger.canonical import NotCanonical, decode_struct, encode_struct
from podium.ledger.record import FORMAT, AnyBody, Entry, Int, Record, Time
from podium.ledger.store import StoredRecord


class _Wire(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
    rename={"version": "v"},
):
    at: Time
    body: AnyBody
    prev: Digest
    seq: Int
    stream: RunId
    version: Int
    attempt: Int = 0
    key: str = ""
    path: NodePath | Literal[""] = ""


_DECODER = msgspec.json.Decoder(_Wire)


def leaf_hash(data: bytes) -> Digest:
    """Return the RFC 6962 leaf hash, SHA-256(0x00 || data)."""
    return Digest(hashlib.sha256(b"\x00" + data).hexdigest())


def seal(entry: Entry, *, stream: RunId, seq: int, prev: Digest, at: Millis) -> tuple[Record, bytes]:
    """Return the record that an entry becomes at this place, and its bytes.

    Raises:
        NotCanonical: when a field holds what its type does not allow; such a record could never be read again.
    """
    wire = _Wire(
        at=at,
        body=entry.body,
        prev=prev,
        seq=seq,
        stream=stream,
        version=FORMAT,
        attempt=entry.attempt,
        key=entry.key,
        path=entry.path,
    )
    data = encode_struct(wire)
    try:
        # INVARIANT: what is written can be read again; that it is canonical is a property of the encoder
        again = _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise NotCanonical(str(error)) from None
    return _record(again, leaf_hash(data)), data


def unseal(stored: StoredRecord) -> Record:
    """Return a stored record, checked as far as it can be checked alone.

    Raises:
        LedgerError: LE001 when the bytes do not give the hash, LE004 when they are no record in canonical form, LE005
            when they belong elsewhere.
    """
    if leaf_hash(stored.data) != stored.hash:
        raise _wrong("LE001", "its bytes do not give its hash", stored)
    try:
        wire = decode_struct(stored.data, _DECODER)
    except NotCanonical as error:
        raise _wrong("LE004", str(error), stored) from None
    if wire.version != FORMAT:
        raise _wrong("LE004", f"format {wire.version} is not known to this version of podium", stored)
    if (wire.stream, wire.seq, wire.key) != (stored.stream, stored.seq, stored.key):
        place = f"record {wire.seq} of `{wire.stream}` with key `{wire.key}`"
        raise _wrong("LE005", f"its bytes say that they are {place}", stored)
    return _record(wire, stored.hash)


def _record(wire: _Wire, hash_: Digest) -> Record:
    return Record(
        stream=wire.stream,
        seq=wire.seq,
        at=wire.at,
        body=wire.body,
        path=wire.path,
        attempt=wire.attempt,
        key=wire.key,
        prev=wire.prev,
        hash=hash_,
    )


def _wrong(code: str, reason: str, stored: StoredRecord) -> LedgerError:
    return LedgerError(
        code,
        f"record {stored.seq} of `{stored.stream}` is damaged: {reason}",
        stream=stored.stream,
        seq=stored.seq,
        help="run `podium ledger verify` for the whole picture; restore the store from a backup",
    )
