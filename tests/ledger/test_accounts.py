"""Accounts of shared budgets follow from the records, whatever the order in which runs wrote."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.clock import Millis
from podium.errors import OverBudget
from podium.ids import Digest, EffectKey, RunId
from podium.ledger.accounts import Account, Book
from podium.ledger.record import (
    AnyBody,
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    GateDecision,
    PayloadRef,
    Reservation,
    RunClaimed,
    RunEnded,
    SharedBudget,
)
from podium.ledger.recount import difference
from podium.ledger.verify import verify
from podium.spec.amounts import NOTHING, Amounts, Limits
from podium.testing.conformance.store_budgets import holding, settling
from podium.testing.conformance.store_world import begin_owned
from podium.testing.memory import MemoryStore

NOW = Millis(1)
RUNS = (RunId("ra"), RunId("rb"))
TOTAL = SharedBudget(id="notes/total", limits=Limits(tokens=100))


def intent(effect: str, tokens: int) -> EffectIntent:
    return EffectIntent(
        effect="model.chat",
        target="m",
        effect_class="read",
        delivery="repeatable",
        id=EffectKey(effect),
        request=PayloadRef(digest=Digest("0" * 64), size=1),
        decision=GateDecision(verdict="allow"),
        reservation=Reservation(tokens=tokens, budgets=(TOTAL,)),
    )


def outcome(effect: str, tokens: int, status: Any = "ok") -> EffectOutcome:
    return EffectOutcome(id=EffectKey(effect), status=status, output_tokens=tokens, micro_wh=0, budgets=(TOTAL.id,))


effects = st.sampled_from(["e1", "e2"])
bodies: st.SearchStrategy[AnyBody] = st.one_of(
    st.builds(intent, effects, st.integers(1, 80)),
    st.builds(outcome, effects, st.integers(0, 80), st.sampled_from(["ok", "error", "unknown"])),
    st.builds(DoubtSettled, landed=st.booleans(), by=st.just("ann"), id=effects.map(EffectKey)),
    st.just(RunClaimed(epoch=2, worker="w")),
    st.just(RunEnded(status="failed")),
)


@given(st.lists(st.tuples(st.sampled_from(RUNS), bodies), max_size=40))
def test_a_refused_record_changes_nothing_and_the_others_are_what_is_counted(
    history: list[tuple[RunId, AnyBody]],
) -> None:
    live, written = Book(), list[tuple[RunId, AnyBody]]()
    for run, body in history:
        before = (live.accounts, list(live.holds()), live.shares())
        try:
            live.enter(run, (body,), at=NOW)
        except OverBudget:
            assert (live.accounts, list(live.holds()), live.shares()) == before
        else:
            written.append((run, body))

    apart = Book()
    for run in RUNS:
        apart.enter(run, [body for owner, body in written if owner == run], at=NOW, checked=False)
    assert apart.accounts == live.accounts
    assert set(apart.holds()) == set(live.holds())
    assert apart.shares() == live.shares()


@given(st.lists(st.tuples(st.sampled_from(RUNS), bodies), max_size=40))
def test_what_is_held_is_the_sum_of_the_open_holds(history: list[tuple[RunId, AnyBody]]) -> None:
    book = Book()
    for run, body in history:
        book.enter(run, (body,), at=NOW, checked=False)

    held = sum((hold.amounts for hold in book.holds() if not hold.doubt), start=NOTHING)
    account = book.accounts.get(TOTAL.id, Account(id=TOTAL.id))
    assert account.held == held
    assert min(account.used.tokens, account.used.calls) >= 0


def test_no_more_is_used_and_held_than_the_limit_and_one_call() -> None:
    book = Book()
    for number in range(3):
        book.enter(RUNS[0], (intent(f"e{number}", 30),), at=NOW)
    with pytest.raises(OverBudget, match="ST020"):
        book.enter(RUNS[1], (intent("e4", 30),), at=NOW)

    assert book.accounts[TOTAL.id].held == Amounts(tokens=90, calls=3)


@pytest.mark.anyio
async def test_an_account_that_somebody_changed_is_found() -> None:
    store = MemoryStore()
    claim = await begin_owned(store)
    await store.append(claim.row.id, claim.epoch, [holding("a", 60), settling("a", 10)], seen=2)
    assert (await verify(store)).intact

    store.forge_account(Account(id="notes/total", used=Amounts(tokens=1)))

    report = await verify(store)
    assert [str(problem) for problem in report.problems] == [
        "LE011: budget `notes/total` is not what the records of its runs come to"
    ]
    await store.close()


@pytest.mark.anyio
async def test_a_hold_that_nobody_wrote_is_found() -> None:
    store = MemoryStore()
    claim = await begin_owned(store)
    await store.append(claim.row.id, claim.epoch, [holding("a", 60)], seen=2)
    book = Book()
    book.enter(claim.row.id, [holding("a", 60).body], at=NOW)
    other = Book()
    other.enter(RunId("rother"), [holding("a", 60).body], at=NOW)

    assert await difference(store, [book]) == ""
    assert await difference(store, [other]) == "what is held in budgets is not what the records of their runs come to"
    await store.close()
