"""Meters: never more is used than allowed, however calls overlap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.gate.budget import Meter
from podium.spec.model import BudgetSpec


def meter(tokens: int) -> Meter:
    found = Meter.of(BudgetSpec(tokens=tokens))
    assert found is not None
    return found


def test_settled_spending_that_leaves_too_little_is_the_limit() -> None:
    full = meter(100)
    full.reserve("a", 60)
    full.settle("a", tokens=60, nano_usd=0, reserved=60)

    assert (full.verdict(40), full.verdict(41)) == ("ok", "limit")


def test_reservations_in_the_way_are_waited_for() -> None:
    full = meter(100)
    full.reserve("a", 60)

    assert (full.verdict(40), full.verdict(41)) == ("ok", "wait")


def test_what_was_reserved_and_not_used_is_given_back() -> None:
    full = meter(100)
    full.reserve("a", 90)
    full.settle("a", tokens=10, nano_usd=0, reserved=90)

    assert full.verdict(90) == "ok"


def test_an_attempt_of_which_nobody_knows_the_outcome_stays_charged() -> None:
    full = meter(100)
    full.reserve("a", 30)
    full.reserve("a", 30)  # the second attempt; the first was never heard of again
    full.settle("a", tokens=10, nano_usd=0, reserved=30)

    assert (full.used_tokens, full.verdict(61)) == (40, "limit")


def test_what_an_effect_lost_before_stands_in_its_own_way() -> None:
    full = meter(100)
    full.reserve("a", 60)

    assert (full.verdict(60, "b"), full.verdict(60, "a")) == ("wait", "limit")


def test_a_reservation_that_was_never_written_is_forgotten() -> None:
    full = meter(100)
    full.reserve("a", 100)
    full.forget("a", 100)

    assert full.verdict(100) == "ok"


def test_money_that_is_spent_is_the_limit() -> None:
    full = Meter.of(BudgetSpec(usd=0.5))
    assert full is not None
    full.settle("a", tokens=10, nano_usd=500_000_000, reserved=0)

    assert full.verdict(0) == "limit"


@given(calls=st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1), st.booleans()), max_size=60))
def test_no_order_of_calls_uses_more_than_allowed(calls: list[tuple[int, float, bool]]) -> None:
    full, under_way = meter(200), list[tuple[str, int, int]]()
    for number, (tokens, share, settle_first) in enumerate(calls):
        if settle_first and under_way:
            key, reserved, used = under_way.pop(0)
            full.settle(key, tokens=used, nano_usd=0, reserved=reserved)
        if full.verdict(tokens) == "ok":
            full.reserve(str(number), tokens)
            full.reserve(str(number), tokens, recorded=True)
            under_way.append((str(number), tokens, round(tokens * share)))
        assert full.used_tokens + sum(used for _, _, used in under_way) <= 200
