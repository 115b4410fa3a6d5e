"""What is done to a ledger, and what `verify` says of it.

The tampering works on the records as a store hands them out, so it stands for every way in which a file can be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.clock import Millis
from podium.errors import LedgerError
from podium.ids import ADMIN, Digest, EffectKey, NodePath, RunId, WorkflowVersion
from podium.ledger.chain import leaf_hash, seal
from podium.ledger.record import (
    GENESIS,
    AdminNoted,
    ApprovalGiven,
    CancelRequested,
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    Entry,
    GateDecision,
    NodeDone,
    OutboxReleased,
    PayloadRef,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    StandingGiven,
    StandingRevoked,
    StandingUsed,
)
from podium.ledger.store import RunRow, StoredRecord
from podium.ledger.verify import StreamCheck, Verified, verify_stream
from podium.spec.standing import Scope

RUN, OTHER = RunId("r3d35pc293924"), RunId("r0fapjqb12t4r")
REF = PayloadRef(Digest("a" * 64), 3)
KEY = EffectKey("e" * 32)
T = Millis(1_790_000_000_000)

CREATED = Entry(body=RunCreated(workflow="notes", version="5" * 64, inputs=REF, principal="user:ann", root=RUN))
CLAIMED = Entry(body=RunClaimed(epoch=1, worker="w1"))
INTENT = Entry(
    body=EffectIntent(
        effect="model.chat",
        target="m",
        effect_class="read",
        delivery="once",
        id=KEY,
        request=REF,
        decision=GateDecision(verdict="allow"),
    ),
    attempt=1,
    key="intent:e:1",
)
OUTCOME = Entry(body=EffectOutcome(id=KEY, status="ok"), attempt=1)
DONE = Entry(body=NodeDone(), path=NodePath("a"), key="done:a")
ENDED = Entry(body=RunEnded(status="done"))
NOTE = Entry(body=AdminNoted(action="store.created", subject="s", by="x"))
LIFE = (CREATED, CLAIMED, INTENT, OUTCOME, DONE, ENDED)


def sealed(entry: Entry, seq: int, prev: Digest, *, at: int = T, stream: RunId = RUN) -> StoredRecord:
    record, data = seal(entry, stream=stream, seq=seq, prev=prev, at=Millis(at))
    return StoredRecord(stream=stream, seq=seq, data=data, hash=record.hash, key=record.key)


def stream_of(
    entries: Sequence[Entry], *, stream: RunId = RUN, times: Sequence[int] | None = None
) -> list[StoredRecord]:
    made: list[StoredRecord] = []
    for index, entry in enumerate(entries):
        prev = made[-1].hash if made else GENESIS
        made.append(sealed(entry, index + 1, prev, at=times[index] if times else T + index, stream=stream))
    return made


def finding(stored: Sequence[StoredRecord]) -> tuple[str, int | None]:
    found = verify_stream(stored)
    return (found.code, found.seq) if isinstance(found, LedgerError) else ("intact", found.seq)


def rehashed(stored: StoredRecord, data: bytes) -> StoredRecord:
    return msgspec.structs.replace(stored, data=data, hash=leaf_hash(data))


def test_an_untouched_stream_holds() -> None:
    life = stream_of(LIFE)

    assert verify_stream(life) == Verified(stream=RUN, seq=6, head=life[-1].hash)


def test_an_empty_stream_holds() -> None:
    assert finding([]) == ("intact", 0)


@given(st.data())
def test_any_changed_bit_is_found_at_its_record(data: st.DataObject) -> None:
    life = stream_of(LIFE)
    index = data.draw(st.integers(0, len(life) - 1))
    place = data.draw(st.integers(0, len(life[index].data) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = bytearray(life[index].data)
    changed[place] ^= bit
    life[index] = msgspec.structs.replace(life[index], data=bytes(changed))

    assert finding(life) == ("LE001", index + 1)


@given(st.data())
def test_any_other_hash_is_found_at_its_record(data: st.DataObject) -> None:
    life = stream_of(LIFE)
    index = data.draw(st.integers(0, len(life) - 1))
    other = data.draw(st.text("0123456789abcdef", min_size=64, max_size=64).filter(lambda it: it != life[index].hash))
    life[index] = msgspec.structs.replace(life[index], hash=Digest(other))

    assert finding(life) == ("LE001", index + 1)


@pytest.mark.parametrize("index", range(5))
def test_a_deleted_record_is_found_where_it_stood(index: int) -> None:
    life = stream_of(LIFE)
    del life[index]

    assert finding(life) == ("LE003", index + 1)


@pytest.mark.parametrize("index", range(6))
def test_a_record_that_stands_there_twice_is_found(index: int) -> None:
    life = stream_of(LIFE)
    life.insert(index + 1, life[index])

    assert finding(life) == ("LE003", index + 2)


@pytest.mark.parametrize("index", range(5))
def test_two_swapped_records_are_found_at_the_first(index: int) -> None:
    life = stream_of(LIFE)
    life[index], life[index + 1] = life[index + 1], life[index]

    assert finding(life) == ("LE003", index + 1)


def test_records_that_were_renumbered_are_found_by_their_bytes() -> None:
    life = stream_of(LIFE)
    del life[3]
    life = [msgspec.structs.replace(stored, seq=index + 1) for index, stored in enumerate(life)]

    assert finding(life) == ("LE005", 4)


def test_an_inserted_record_breaks_the_chain_after_it() -> None:
    life = stream_of(LIFE)
    posted = sealed(Entry(body=CancelRequested(by="x")), 4, life[2].hash, at=T + 2)
    moved = [rehashed(s, s.data.replace(b'"seq":%d' % s.seq, b'"seq":%d' % (s.seq + 1))) for s in life[3:]]
    life[3:] = [posted, *(msgspec.structs.replace(s, seq=s.seq + 1) for s in moved)]

    assert finding(life) == ("LE002", 5)


def test_a_record_that_was_rewritten_with_its_hash_breaks_the_chain_after_it() -> None:
    life = stream_of(LIFE)
    life[1] = rehashed(life[1], life[1].data.replace(b'"worker":"w1"', b'"worker":"w2"'))

    assert finding(life) == ("LE002", 3)


def test_the_last_record_rewritten_with_its_hash_is_found_by_the_row_alone() -> None:
    life = stream_of(LIFE)
    row = row_of(life)
    life[-1] = rehashed(life[-1], life[-1].data.replace(b'"done"', b'"failed"'))

    assert finding(life) == ("intact", 6)
    assert checked(life).row_reason(row) == "its row knows another last record"


def test_a_history_rewritten_from_the_middle_is_found_by_the_row_alone() -> None:
    life = stream_of(LIFE)
    row = row_of(life)
    forged = stream_of((*LIFE[:4], Entry(body=NodeDone(port="other"), path=NodePath("a"), key="done:a"), ENDED))

    assert finding(forged) == ("intact", 6)
    assert checked(forged).row_reason(row) == "its row knows another last record"


@pytest.mark.parametrize("kept", range(6))
def test_a_cut_tail_is_found_by_the_row(kept: int) -> None:
    life = stream_of(LIFE)
    row = row_of(life)

    missing = f"its last records are missing: its row knows 6, there are {kept}"
    assert checked(life[:kept]).row_reason(row) == missing


def test_records_that_the_row_does_not_know_are_found() -> None:
    life = stream_of(LIFE)

    assert checked(life).row_reason(row_of(life[:4])) == "its row knows 4 records, there are 6"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "running"}, "its row says `running`, which is not how its records end"),
        ({"status": "failed"}, "its row says `failed`, which is not how its records end"),
        ({"epoch": 2}, "its row says epoch 2, its records 1"),
    ],
)
def test_a_row_that_says_something_else_is_found(change: dict[str, Any], reason: str) -> None:
    life = stream_of(LIFE)

    assert checked(life).row_reason(msgspec.structs.replace(row_of(life), **change)) == reason
    assert checked(life).row_reason(row_of(life)) == ""


def test_a_record_of_another_stream_is_found() -> None:
    life = stream_of(LIFE)
    life[2] = msgspec.structs.replace(stream_of(LIFE, stream=OTHER)[2], stream=RUN)

    assert finding(life) == ("LE005", 3)


def test_another_key_beside_the_record_is_found() -> None:
    life = stream_of(LIFE)
    life[4] = msgspec.structs.replace(life[4], key="done:b")

    assert finding(life) == ("LE005", 5)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "space": lambda data: data.replace(b'"seq":5', b'"seq": 5'),
    "field": lambda data: data.replace(b'{"at"', b'{"a":0,"at"'),
    "escape": lambda data: data.replace(b'"done:a"', b'"done\\u003aa"'),
    "format": lambda data: data.replace(b'"v":1', b'"v":2'),
    "kind": lambda data: data.replace(b"node.done", b"node.doom"),
    "cut": lambda data: data[:-1],
    "newline": lambda data: data + b"\n",
    "utf-8": lambda data: b"\xff" + data,
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("form", FORMS)
def test_bytes_in_another_form_are_found_though_they_hash(form: str) -> None:
    life = stream_of(LIFE)
    changed = FORMS[form](life[4].data)
    assert changed != life[4].data
    life[4] = rehashed(life[4], changed)

    assert finding(life) == ("LE004", 5)


@pytest.mark.parametrize(
    ("entries", "seq", "reason"),
    [
        pytest.param((CLAIMED,), 1, "begins", id="no beginning"),
        pytest.param((CREATED, CREATED), 2, "begins", id="two beginnings"),
        pytest.param((CREATED, Entry(body=RunClaimed(epoch=2, worker="w"))), 2, "expected epoch 1, got 2", id="epoch"),
        pytest.param((CREATED, CLAIMED, CLAIMED), 3, "expected epoch 2, got 1", id="epoch again"),
        pytest.param((CREATED, CLAIMED, OUTCOME), 3, "without an intent", id="outcome"),
        pytest.param((CREATED, CLAIMED, INTENT, OUTCOME, OUTCOME), 5, "without an intent", id="two outcomes"),
        pytest.param((CREATED, Entry(body=DoubtSettled(landed=True, by="x", id=KEY))), 2, "no intent", id="doubt"),
        pytest.param((CREATED, DONE, DONE), 3, "`done:a` was used before", id="key"),
        pytest.param((CREATED, CLAIMED, ENDED, DONE), 4, "had ended", id="after the end"),
        pytest.param((CREATED, CLAIMED, ENDED, CLAIMED), 4, "had ended", id="claimed after the end"),
        pytest.param(
            (CREATED, Entry(body=AdminNoted(action="store.created", subject="s", by="x"))),
            2,
            "installation",
            id="admin",
        ),
    ],
)
def test_a_history_that_cannot_have_been_is_found_though_it_is_chained(
    entries: tuple[Entry, ...], seq: int, reason: str
) -> None:
    found = verify_stream(stream_of(entries))

    assert isinstance(found, LedgerError)
    assert (found.code, found.seq) == ("LE009", seq)
    assert reason in found.message


def asked(approval: str, *, obligations: tuple[str, ...] = ("approval",), reasons: tuple[str, ...] = ()) -> Entry:
    """An intent that needed somebody's word."""
    body = INTENT.body
    assert isinstance(body, EffectIntent)
    decision = GateDecision(verdict="allow", approval=approval, obligations=obligations, reasons=reasons)
    return msgspec.structs.replace(INTENT, body=msgspec.structs.replace(body, decision=decision))


def said(verdict: Literal["approved", "edited", "rejected", "told"]) -> Entry:
    return Entry(body=ApprovalGiven(verdict=verdict, by="ann", channel="cli"), path=NodePath("a"), key="answer:a:3")


@pytest.mark.parametrize("verdict", ["approved", "edited"])
def test_what_was_done_on_a_yes_that_was_given_holds(verdict: Literal["approved", "edited"]) -> None:
    released = Entry(body=OutboxReleased(ids=(KEY,), approval="answer:a:3"))

    assert finding(stream_of((CREATED, CLAIMED, said(verdict), asked("answer:a:3"), released))) == ("intact", 5)


@pytest.mark.parametrize(
    ("entries", "seq", "reason"),
    [
        pytest.param((asked("answer:a:3"),), 3, "which nobody gave", id="nobody said anything"),
        pytest.param((said("rejected"), asked("answer:a:3")), 4, "which nobody gave", id="somebody said no"),
        pytest.param((said("told"), asked("answer:a:3")), 4, "which nobody gave", id="somebody only talked"),
        pytest.param((said("approved"), asked("answer:a:9")), 4, "which nobody gave", id="another answer"),
        pytest.param((asked(""),), 3, "names none", id="asked about, and no answer named"),
        pytest.param(
            (Entry(body=OutboxReleased(ids=(KEY,), approval="answer:a:3")),), 3, "which nobody gave", id="a release"
        ),
    ],
)
def test_what_was_done_on_a_word_that_nobody_gave_is_found_though_it_is_chained(
    entries: tuple[Entry, ...], seq: int, reason: str
) -> None:
    found = verify_stream(stream_of((CREATED, CLAIMED, *entries)))

    assert isinstance(found, LedgerError)
    assert (found.code, found.seq) == ("LE009", seq)
    assert reason in found.message


def test_the_double_of_a_tool_needs_nobodys_word() -> None:
    assert finding(stream_of((CREATED, CLAIMED, asked("", reasons=("twin",))))) == ("intact", 3)


def standing(*bodies: StandingGiven | StandingUsed | StandingRevoked) -> list[StoredRecord]:
    return stream_of([Entry(body=body) for body in bodies], stream=ADMIN)


def use(effect: str, micro: int = 0, *, id_: str = "s1") -> StandingUsed:
    return StandingUsed(id=id_, run=RUN, effect=EffectKey(effect), micro=micro)


SCOPE = Scope(effect="tool.bank.pay", workflow="pay", uses=2, argument="amount", most_micro=10)
GIVEN = StandingGiven(id="s1", by="ann", scope=SCOPE, first="e0", micro=3)
TAKEN_BACK = StandingRevoked(id="s1", by="ann")


def test_a_standing_approval_counts_within_its_bounds() -> None:
    assert finding(standing(GIVEN, use("e1", 7), use("e1", 7), TAKEN_BACK)) == ("intact", 4)


@pytest.mark.parametrize(
    "bodies",
    [
        pytest.param((GIVEN, GIVEN), id="given twice"),
        pytest.param((GIVEN, use("e1", id_="s2")), id="never given"),
        pytest.param((GIVEN, use("e1", 8)), id="for more than was said"),
        pytest.param((GIVEN, TAKEN_BACK, TAKEN_BACK), id="taken back twice"),
        pytest.param((GIVEN, StandingRevoked(id="s2", by="ann")), id="another taken back"),
    ],
)
def test_more_than_a_standing_approval_allows_is_found(bodies: tuple[Any, ...]) -> None:
    assert finding(standing(*bodies)) == ("LE009", len(bodies))


def test_a_standing_approval_counts_no_more_often_than_was_said_nor_after_it_was_taken_back() -> None:
    assert finding(standing(GIVEN, use("e1", 1), use("e2", 1))) == ("LE009", 3)
    assert finding(standing(GIVEN, TAKEN_BACK, use("e1", 1))) == ("LE009", 3)


def test_a_run_may_go_on_after_a_retry() -> None:
    again = Entry(body=RunClaimed(epoch=2, worker="w"))

    assert finding(stream_of((*LIFE, Entry(body=RetryRequested(by="x")), again, ENDED))) == ("intact", 9)


def test_each_attempt_has_its_intent_and_its_outcome() -> None:
    second = msgspec.structs.replace(INTENT, attempt=2, key="intent:e:2")

    assert finding(stream_of((CREATED, CLAIMED, INTENT, OUTCOME, second, OUTCOME))) == ("intact", 6)


def test_time_that_runs_backwards_is_found() -> None:
    assert finding(stream_of(LIFE, times=[T, T + 5, T + 4, T + 5, T + 6, T + 7])) == ("LE009", 3)
    assert finding(stream_of(LIFE, times=[T] * 6)) == ("intact", 6)


def test_the_installation_has_records_of_its_own_kind() -> None:
    assert finding(stream_of((NOTE, NOTE), stream=ADMIN)) == ("intact", 2)
    assert finding(stream_of((NOTE, DONE), stream=ADMIN)) == ("LE009", 2)


def test_what_is_said_of_a_bad_record_is_for_the_one_who_must_act() -> None:
    life = stream_of(LIFE)
    del life[2]

    found = verify_stream(life)

    assert isinstance(found, LedgerError)
    assert str(found) == "LE003: record 3 of `r3d35pc293924` does not hold: expected record 3, got 4"
    assert found.help == "somebody changed the store; keep it as it is, and compare it with a backup"


def checked(stored: Sequence[StoredRecord]) -> StreamCheck:
    check = StreamCheck(RUN)
    check.add_all(stored)
    return check


def row_of(stored: Sequence[StoredRecord]) -> RunRow:
    check = StreamCheck(RUN)
    last = [check.add(one) for one in stored][-1]
    ended = isinstance(last.body, RunEnded)
    return RunRow(
        id=RUN,
        workflow="notes",
        version=WorkflowVersion("5" * 64),
        status="done" if ended else "running",
        created_at=T,
        updated_at=last.at,
        epoch=1,
        seq=last.seq,
        head=last.hash,
        root=RUN,
    )
