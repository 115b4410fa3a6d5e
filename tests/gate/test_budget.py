"""Meters: never more is used than allowed but for a part of one call, however calls overlap."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.budget import Meter
from podium.gate.price import Price
from podium.spec.amounts import NOTHING, UNKNOWN, Amounts, Room, Unit
from podium.spec.budget import BudgetSpec


def meter(**limits: Any) -> Meter:
    found = Meter.of(BudgetSpec.model_validate(limits or {"tokens": 100}))
    assert found is not None
    return found


def tokens(count: int) -> Amounts:
    return Amounts(tokens=count)


def verdict(full: Meter, count: int, most: int = 0) -> str:
    return full.room(tokens(most or count), tokens(count)).verdict


def test_settled_spending_that_leaves_too_little_is_the_limit() -> None:
    full = meter()
    full.reserve("a", tokens(60))
    full.settle("a", tokens(60), reserved=tokens(60))

    assert (verdict(full, 40), full.room(tokens(41), tokens(41))) == ("ok", Room("limit", "tokens"))


def test_reservations_in_the_way_are_waited_for() -> None:
    full = meter()
    full.reserve("a", tokens(60))

    assert (verdict(full, 40), full.room(tokens(41), tokens(41))) == ("ok", Room("wait", "tokens"))


def test_the_prompt_may_pass_the_limit_when_nobody_else_is_under_way() -> None:
    full = meter()

    assert verdict(full, 40, most=400) == "ok"
    full.reserve("a", tokens(10))
    assert verdict(full, 40, most=400) == "wait"


def test_what_was_reserved_and_not_used_is_given_back() -> None:
    full = meter()
    full.reserve("a", tokens(90))
    full.settle("a", tokens(10), reserved=tokens(90))

    assert verdict(full, 90) == "ok"


def test_an_attempt_of_which_nobody_knows_the_outcome_stays_charged() -> None:
    full = meter()
    full.reserve("a", tokens(30))
    full.charge("a")
    full.reserve("a", tokens(30))
    full.settle("a", tokens(10), reserved=tokens(30))

    assert (full.used, verdict(full, 61)) == (tokens(40), "limit")


def test_what_is_in_doubt_is_not_waited_for() -> None:
    full = meter()
    full.reserve("a", tokens(60))
    full.charge("a")

    assert (verdict(full, 40), verdict(full, 41)) == ("ok", "limit")


def test_an_outcome_that_comes_after_all_takes_the_place_of_the_charge() -> None:
    full = meter()
    full.reserve("a", tokens(60))
    full.charge("a")
    full.settle("a", tokens(10), reserved=tokens(60))

    assert (full.used, full.open) == (tokens(10), NOTHING)


def test_what_did_not_happen_is_given_back() -> None:
    full = meter()
    full.reserve("a", tokens(60))
    full.charge("a")
    full.release("a")

    assert (full.used, verdict(full, 100)) == (NOTHING, "ok")


def test_a_reservation_that_was_never_written_is_forgotten() -> None:
    full = meter()
    full.reserve("a", tokens(100))
    full.forget("a", tokens(100))

    assert (full.held, verdict(full, 100)) == ({}, "ok")


def test_money_that_is_spent_is_the_limit() -> None:
    full = meter(usd=0.5)
    full.settle("a", Amounts(tokens=10, nano_usd=500_000_000), reserved=NOTHING)

    assert full.room(Amounts(nano_usd=1), Amounts(nano_usd=1)) == Room("limit", "nano_usd")


def test_what_costs_nothing_is_stopped_by_no_budget_of_money() -> None:
    assert meter(usd=0).room(tokens(100), tokens(100)).verdict == "ok"


@pytest.mark.parametrize(("unit", "amounts"), [("tokens", tokens(1)), ("calls", Amounts(calls=1))])
def test_a_budget_of_0_allows_nothing(unit: Unit, amounts: Amounts) -> None:
    assert meter(**{unit: 0}).room(amounts, amounts) == Room("limit", unit)


def test_what_nobody_knows_the_cost_of_is_told_apart() -> None:
    unpriced = Amounts(tokens=100, nano_usd=UNKNOWN)

    assert meter(usd=1).unknown(unpriced) == "nano_usd"
    assert meter(tokens=1).unknown(unpriced) == ""
    assert meter(usd=1, unknown_price="allow").unknown(unpriced) == ""


def test_unknown_costs_are_counted_as_unknown() -> None:
    full = meter(usd=1, unknown_price="allow")
    full.reserve("a", Amounts(nano_usd=UNKNOWN, calls=1))
    full.settle("a", Amounts(nano_usd=UNKNOWN, calls=1, micro_wh=UNKNOWN), reserved=Amounts(nano_usd=UNKNOWN, calls=1))

    assert (full.used, full.unpriced, full.unmetered) == (Amounts(calls=1), 1, 1)


def test_a_single_call_has_its_own_bound() -> None:
    full = meter(per_call={"usd": 0.001})

    assert full.too_dear(Amounts(nano_usd=1_000_000)).verdict == "ok"
    assert full.too_dear(Amounts(nano_usd=1_000_001)) == Room("limit", "nano_usd")


def test_costs_are_rounded_up() -> None:
    price = Price(input=150_000_000, output=600_000_000, energy=3)

    assert (price.nano_usd(1_000_000, 0), price.nano_usd(1, 0), price.micro_wh(1)) == (150_000_000, 150, 1)


@given(
    doubts=st.booleans(),
    calls=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 80), st.floats(0, 1), st.booleans()), max_size=60),
)
def test_no_order_of_calls_passes_the_limit_by_more_than_one_call(
    *, doubts: bool, calls: list[tuple[int, int, float, bool]]
) -> None:
    full, under_way, largest = meter(tokens=200), list[tuple[str, int, int]](), 0
    for number, (answer, prompt, share, settle_first) in enumerate(calls):
        if settle_first and under_way:
            key, reserved, used = under_way.pop(0)
            if doubts and number % 5 == 0:
                full.charge(key)
            else:
                full.settle(key, tokens(used), reserved=tokens(reserved))
        most = answer + prompt
        if verdict(full, answer, most) == "ok":
            largest = max(largest, most)
            full.reserve(str(number), tokens(most))
            full.reserve(str(number), tokens(most), recorded=True)
            under_way.append((str(number), most, round(most * share)))
        assert full.used.tokens + full.open.tokens <= 200 + largest
        assert full.open.tokens == sum(reserved for _, reserved, _ in under_way)
