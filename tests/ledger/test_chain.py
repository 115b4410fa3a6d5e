from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.clock import Millis
from podium.errors import LedgerError
from podium.ids import Digest, NodePath, RunId
from podium.ledger.canonical import NotCanonical, decode, encode
from podium.ledger.chain import leaf_hash, seal, unseal
from podium.ledger.record import (
    GENESIS,
    MAX_INT,
    AnyBody,
    EffectOutcome,
    Entry,
    NodeDone,
    NodeParked,
    PayloadRef,
    Record,
)
from podium.ledger.store import StoredRecord

RUN = RunId("r3d35pc293924")
AT = Millis(1_790_000_000_000)
# the leaves of the tree that the public vectors are made from (RFC 6962's reference implementation)
LEAVES = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]

ints = st.integers(-MAX_INT, MAX_INT)
# not the literals themselves, but equal texts: a computed "out" is the same fact as the default
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(["out", ""]).map("".join)


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type."""
    match kind:
        case msgspec.inspect.IntType():
            return ints
        case msgspec.inspect.StrType():
            return texts
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([of_type(one) for one in types])
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(of_type(item), max_size=2).map(tuple)
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            given_ = {field.name: of_type(field.type) for field in fields if field.required}
            optional = {field.name: of_type(field.type) for field in fields if not field.required}
            return st.fixed_dictionaries(given_, optional=optional).map(lambda values: cls(**values))
        case _:
            # a record grew a field of a kind that these properties do not draw: teach them, or they prove less
            msg = f"no values are drawn for fields of {kind}"
            raise TypeError(msg)


bodies = st.one_of([of_type(msgspec.inspect.type_info(kind)) for kind in get_args(AnyBody)])
entries = st.builds(Entry, body=bodies, path=texts.map(NodePath), attempt=ints, key=texts)


def stored(record: Record, data: bytes) -> StoredRecord:
    return StoredRecord(stream=record.stream, seq=record.seq, data=data, hash=record.hash, key=record.key)


def sealed(entry: Entry, *, seq: int = 1) -> tuple[Record, bytes]:
    return seal(entry, stream=RUN, seq=seq, prev=GENESIS, at=AT)


def test_the_hash_is_the_leaf_hash_of_rfc_6962(corpora: Path) -> None:
    cases = [json.loads(path.read_text()) for path in (corpora / "merkle" / "inclusion").rglob("happy-path.json")]
    known: dict[int, str] = {
        case["leafIdx"]: base64.b64decode(case["leafHash"]).hex() for case in cases if case["treeSize"] > 1
    }

    assert len(known) >= 3
    assert {index: leaf_hash(LEAVES[index]) for index in known} == known
    assert leaf_hash(b"") == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_record_is_stored_as_the_format_says() -> None:
    entry = Entry(
        body=NodeDone(out=PayloadRef(Digest("a" * 64), 7), port="urgent"),
        path=NodePath("drafts[3]/write~1"),
        attempt=2,
        key="done:drafts[3]/write~1",
    )

    record, data = seal(entry, stream=RUN, seq=4, prev=Digest("b" * 64), at=AT)

    assert data == (
        b'{"at":1790000000000,"attempt":2,"body":{"kind":"node.done","out":{"digest":"' + b"a" * 64 + b'","size":7},'
        b'"port":"urgent"},"key":"done:drafts[3]/write~1","path":"drafts[3]/write~1","prev":"' + b"b" * 64 + b'",'
        b'"seq":4,"stream":"r3d35pc293924","v":1}'
    )
    assert record == Record(
        stream=RUN,
        seq=4,
        at=AT,
        body=entry.body,
        path=entry.path,
        attempt=2,
        key=entry.key,
        prev=Digest("b" * 64),
        hash=leaf_hash(data),
    )


@given(entries)
def test_every_record_is_canonical_and_comes_back(entry: Entry) -> None:
    record, data = sealed(entry)

    assert encode(decode(data)) == data
    assert unseal(stored(record, data)) == record
    assert record.body == entry.body


@given(entries)
def test_a_record_has_one_form(entry: Entry) -> None:
    record, data = sealed(entry)
    again = Entry(body=record.body, path=record.path, attempt=record.attempt, key=record.key)

    assert sealed(again) == (record, data)


def test_a_default_that_is_spelled_out_is_another_form_and_refused() -> None:
    record, data = sealed(Entry(body=NodeDone()))
    spelled = data.replace(b'"kind":"node.done"', b'"kind":"node.done","port":"out"')

    with pytest.raises(LedgerError, match=r"LE004.*canonical"):
        unseal(StoredRecord(stream=RUN, seq=1, data=spelled, hash=leaf_hash(spelled), key=record.key))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param((b'"v":1', b'"v":2'), "LE004", id="format"),
        pytest.param((b'"kind":"node.done"', b'"kind":"node.gone"'), "LE004", id="kind"),
        pytest.param((b'"kind"', b'"extra":1,"kind"'), "LE004", id="field"),
        pytest.param((b'"at":1', b'"at": 1'), "LE004", id="space"),
        pytest.param((b'"errors":3', b'"errors":3.0'), "LE004", id="float"),
        pytest.param((b'"errors":3', b'"errors":9007199254740993'), "LE004", id="large integer"),
        pytest.param((b'"seq":1', b'"seq":2'), "LE005", id="number"),
        pytest.param((b"r3d35pc293924", b"r0fapjqb12t4r"), "LE005", id="stream"),
        pytest.param((b'"key":"done:a"', b'"key":"done:b"'), "LE005", id="key"),
    ],
)
def test_bytes_that_hash_but_are_no_such_record_are_refused(change: tuple[bytes, bytes], code: str) -> None:
    record, data = sealed(Entry(body=NodeDone(errors=3), key="done:a"))
    changed = data.replace(*change)
    assert changed != data

    with pytest.raises(LedgerError) as raised:
        unseal(StoredRecord(stream=RUN, seq=1, data=changed, hash=leaf_hash(changed), key=record.key))
    assert (raised.value.code, raised.value.stream, raised.value.seq) == (code, RUN, 1)


def test_any_changed_byte_is_noticed() -> None:
    record, data = sealed(Entry(body=NodeDone(errors=3), key="done:a"))

    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(LedgerError, match="LE001"):
            unseal(stored(record, changed))


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(Entry(body=NodeDone(), path=NodePath("\ud800")), id="surrogate"),
        pytest.param(Entry(body=NodeDone(errors=MAX_INT + 1)), id="integer"),
        pytest.param(Entry(body=NodeDone(errors=1.5)), id="float"),  # pyright: ignore[reportArgumentType] - on purpose
        pytest.param(Entry(body=NodeDone(port=None)), id="null"),  # pyright: ignore[reportArgumentType] - on purpose
        pytest.param(Entry(body=NodeParked(reason="boredom")), id="enum"),  # pyright: ignore[reportArgumentType] - on purpose
        pytest.param(Entry(body=object()), id="object"),  # pyright: ignore[reportArgumentType] - on purpose
    ],
)
def test_what_could_not_be_read_again_is_not_sealed(entry: Entry) -> None:
    with pytest.raises(NotCanonical):
        sealed(entry)


def test_a_list_becomes_the_tuple_that_would_be_read() -> None:
    roles: Any = ["editor"]

    record, _ = sealed(Entry(body=NodeParked(reason="approval", roles=roles)))

    assert record.body == NodeParked(reason="approval", roles=("editor",))


def test_fields_with_their_default_are_left_out() -> None:
    _, data = sealed(Entry(body=EffectOutcome(id="k" * 32, status="ok")))  # pyright: ignore[reportArgumentType] - any text

    assert decode(data)["body"] == {"id": "k" * 32, "kind": "effect.outcome", "status": "ok"}
