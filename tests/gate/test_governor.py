"""The governor: what goes in circles is stopped within three repeats, and what comes to something never is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.governor import Circle, Limits, Trail, Trajectory
from podium.ids import EffectKey

LIMITS = Limits()
LOOP = Trail("work", "work/call")


class Run:
    """A run whose calls are made one after the other, as long as the governor lets them."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.trajectory = Trajectory()
        self.limits = limits
        self.now = 1_790_000_000_000
        self.made = 0

    def call(self, asked: int, answer: int, *, trail: Trail = LOOP, effect: str = "tool.a.b") -> Circle | None:
        """Make a call; return why it was not made."""
        found = self.trajectory.verdict(trail, effect, asked, self.limits, now=self.now)
        if found is None:
            self.made += 1
            key = EffectKey(f"{self.made:032x}")
            self.trajectory.begun(trail, effect, asked, key, at=self.now)
            self.trajectory.ended(trail, key, answer)
        return found


def test_the_same_call_with_the_same_answer_is_stopped_at_its_third_repeat() -> None:
    run = Run()

    assert [run.call(1, 7) for _ in range(4)] == [None, None, None, Circle("repeat", 3)]


def test_two_calls_that_take_turns_are_stopped_after_three_rounds() -> None:
    run = Run()

    found = [run.call(asked, asked + 10) for _ in range(4) for asked in (1, 2)]

    assert found == [None] * 6 + [Circle("ping_pong", 3, 2)] * 2


def test_a_state_that_is_switched_to_and_fro_is_a_circle() -> None:
    run = Run()

    found = [run.call(1, answer) for _ in range(4) for answer in (8, 9)]

    assert found[:5] == [None] * 5
    assert found[5] == Circle("ping_pong", 3, 2)


def test_a_call_whose_answer_changes_may_be_made_for_ever() -> None:
    run = Run(Limits(per_minute=0))

    assert not any(run.call(1, answer) for answer in range(1, 5_000))


def test_the_same_call_may_stand_beside_something_new_in_every_round() -> None:
    run = Run(Limits(per_minute=0))

    assert not any(run.call(1, 7) or run.call(2, new) for new in range(1, 5_000))


def test_equal_items_of_a_map_repeat_nothing() -> None:
    run = Run()

    assert not any(run.call(1, 7, trail=Trail(f"m[{i}]/call", f"m[{i}]/call")) for i in range(1_000))


def test_a_loop_that_waits_between_its_looks_is_no_circle() -> None:
    run = Run()

    for _ in range(100):
        assert run.call(1, 7) is None
        run.trajectory.waited(LOOP)


def test_failures_that_may_pass_count_for_nothing() -> None:
    run = Run()

    assert not any(run.call(1, 0) for _ in range(100))


def test_attempts_of_one_effect_are_one_call() -> None:
    trajectory, key = Trajectory(), EffectKey("a" * 32)

    for at in range(10):
        trajectory.begun(LOOP, "tool.a.b", 1, key, at=at)
        trajectory.ended(LOOP, key, 0)
    trajectory.begun(LOOP, "tool.a.b", 1, key, at=11)
    trajectory.ended(LOOP, key, 7)

    assert trajectory.verdict(LOOP, "tool.a.b", 1, Limits(repeats=2), now=12) is None


def test_a_place_makes_so_many_calls_a_minute() -> None:
    run = Run(Limits(per_minute=60))

    assert not any(run.call(1, answer) for answer in range(1, 61))
    assert run.call(1, 61) == Circle("velocity", 60)
    run.now += 60_000
    assert run.call(1, 62) is None
    run.now += 60_000
    assert [run.call(1, answer) for answer in range(63, 122)] == [None] * 59


@pytest.mark.parametrize("limits", [Limits(repeats=0, per_minute=0)])
def test_what_is_switched_off_stops_nothing(limits: Limits) -> None:
    run = Run(limits)

    assert not any(run.call(1, 7) for _ in range(10_000))


answers = st.integers(1, 2**48)
cycles = st.lists(st.tuples(st.integers(1, 50), answers), min_size=1, max_size=12, unique_by=lambda step: step[0])


@given(before=st.lists(st.tuples(st.integers(1, 50), answers), max_size=60), cycle=cycles)
def test_every_planted_circle_is_stopped_within_three_repeats(
    before: list[tuple[int, int]], cycle: Sequence[tuple[int, int]]
) -> None:
    run = Run()
    for asked, answer in before:
        run.call(asked, answer)
    made = run.made

    found = [run.call(asked, answer) for _ in range(4) for asked, answer in cycle]

    assert found[-1] is not None
    assert run.made - made <= 3 * len(cycle)


steps = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=3)


@given(rounds=st.lists(steps, max_size=60))
def test_what_comes_to_something_new_in_every_round_is_never_stopped(rounds: list[list[tuple[int, int]]]) -> None:
    run = Run()

    for new, known in enumerate(rounds):
        # each round looks at what it likes, once, and then brings something that nobody has seen
        for asked, answer in dict(known).items():
            assert run.call(asked, answer) is None
        assert run.call(99, 1_000 + new) is None


@given(rounds=st.lists(steps, max_size=40), repeats=st.integers(2, 5))
def test_no_call_is_stopped_that_was_repeated_less_often(rounds: list[list[tuple[int, int]]], repeats: int) -> None:
    run = Run(Limits(repeats=repeats, per_minute=0))
    seen: list[tuple[int, int]] = []

    for asked, answer in (step for known in rounds for step in known):
        found = run.call(asked, answer)
        if found is None:
            seen.append((asked, answer))
        else:
            latest = next(past for past in reversed(seen) if past[0] == asked)
            assert seen.count(latest) >= repeats
