"""Lanes: never more than a rule allows, in the order of asking, and nobody for ever in vain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.gate.throttle import KEPT_MS, Lane
from podium.ids import EffectKey

NOW = 1_790_000_000_000


def key(number: int) -> EffectKey:
    return EffectKey(f"{number:032x}")


def test_what_does_not_fit_gets_a_turn_of_its_own_and_keeps_it() -> None:
    lane = Lane(calls=2, period_ms=1_000)

    assert [lane.due(key(n), NOW) - NOW for n in range(6)] == [0, 0, 1_000, 1_000, 2_000, 2_000]
    assert [lane.due(key(n), NOW + 500) - NOW for n in (5, 3, 2)] == [2_000, 1_000, 1_000]


def test_what_begins_late_counts_from_when_it_began() -> None:
    lane = Lane(calls=1, period_ms=1_000)
    lane.due(key(1), NOW)
    lane.due(key(2), NOW)

    lane.begin(key(1), NOW + 900)

    assert lane.due(key(2), NOW + 1_000) == NOW + 1_900


def test_a_turn_that_nobody_takes_up_is_forgotten() -> None:
    lane = Lane(calls=1, period_ms=1_000)
    lane.due(key(1), NOW)

    later = NOW + KEPT_MS + 1
    assert lane.due(key(1), later) == later


def test_the_wait_for_a_place_is_as_long_as_those_ahead_will_take() -> None:
    lane = Lane(concurrency=2)
    for n in range(2):
        assert lane.wait_ms(key(n), NOW) == 0
        lane.enter(key(n))

    assert [lane.wait_ms(key(n), NOW) for n in (2, 3, 4)] == [100, 200, 300]
    lane.end(200)
    assert [lane.wait_ms(key(n), NOW) for n in (2, 3, 4)] == [0, 100, 200]


moves = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), max_size=200)


@given(calls=st.integers(1, 4), period=st.integers(1, 100), moves=moves)
def test_in_no_period_more_begin_than_the_rule_allows(calls: int, period: int, moves: list[tuple[int, int]]) -> None:
    lane, now, begun = Lane(calls=calls, period_ms=period), NOW, list[int]()

    for passed, who in moves:
        now += passed
        if lane.due(key(who), now) <= now:
            lane.begin(key(who), now)
            begun.append(now)

    for first, last in zip(begun, begun[calls:], strict=False):
        assert last - first >= period


@given(calls=st.integers(1, 4), askers=st.integers(1, 30))
def test_whoever_asks_first_is_first_and_nobody_waits_in_vain(calls: int, askers: int) -> None:
    lane, now, begun = Lane(calls=calls, period_ms=1_000), NOW, list[int]()
    asking = list(range(askers))

    while asking:
        dues = {who: lane.due(key(who), now) for who in asking}
        who = min(asking, key=lambda one: (dues[one], one))
        now = max(now, dues[who])
        lane.begin(key(who), now)
        asking.remove(who)
        begun.append(who)

    assert begun == list(range(askers))
    assert now - NOW == (askers - 1) // calls * 1_000
