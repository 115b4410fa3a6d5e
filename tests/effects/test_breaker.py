"""The breaker against a model of itself, and its words."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from podium.clock import Millis
from podium.effects.breaker import Breaker, Breakers

FAILURES, COOL_DOWN_S = 3, 10.0


class StepClock:
    """Time goes on when the test says so."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> Millis:
        return Millis(int(self.at * 1000))

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


class BreakerMachine(RuleBasedStateMachine):
    """A model in the words of the docs: failures in a row, when it opened, and whether a probe is out."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = StepClock()
        self.breaker = Breaker(self.clock, target="t", failures=FAILURES, cool_down_s=COOL_DOWN_S)
        self.in_a_row = 0
        self.closed = True
        self.shut_until = 0.0
        self.probe_out = False

    @rule(seconds=st.sampled_from([0.0, 0.5, COOL_DOWN_S - 0.5, COOL_DOWN_S, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.at += seconds

    @rule()
    def ask(self) -> None:
        refusal = self.breaker.admit()

        if self.closed:
            assert refusal is None
        elif self.clock.at < self.shut_until:
            assert refusal is not None
            assert refusal.retry_after_s == self.shut_until - self.clock.at
        else:
            assert refusal is None
            self.probe_out, self.shut_until = True, self.clock.at + COOL_DOWN_S

    @rule()
    def succeed(self) -> None:
        self.breaker.record(ok=True)

        if self.closed or self.probe_out:
            self.closed, self.probe_out, self.in_a_row = True, False, 0

    @rule()
    def fail(self) -> None:
        self.breaker.record(ok=False)

        if self.closed:
            self.in_a_row += 1
        if self.probe_out or (self.closed and self.in_a_row == FAILURES):
            self.closed, self.probe_out, self.shut_until = False, False, self.clock.at + COOL_DOWN_S

    @invariant()
    def it_says_what_it_would_do(self) -> None:
        cooling = not self.closed and not self.probe_out and self.clock.at < self.shut_until
        assert self.breaker.state == ("closed" if self.closed else "open" if cooling else "half_open")


TestBreakerMachine = BreakerMachine.TestCase


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


def opened(clock: StepClock) -> Breaker:
    breaker = Breaker(clock, target="mcp-server-git", failures=FAILURES, cool_down_s=COOL_DOWN_S)
    for _ in range(FAILURES):
        breaker.record(ok=False)
    return breaker


def test_an_open_breaker_says_when_to_come_back_and_that_nothing_happened(clock: StepClock) -> None:
    refusal = opened(clock).admit()

    assert refusal is not None
    assert (refusal.code, refusal.kind, refusal.landed, refusal.retry_after_s) == ("EF022", "unavailable", "no", 10.0)
    assert refusal.message == "`mcp-server-git` failed 3 times in a row and is left alone for now"


def test_half_open_lets_one_probe_through_and_no_second(clock: StepClock) -> None:
    breaker = opened(clock)
    clock.at += COOL_DOWN_S

    assert [breaker.admit() is None for _ in range(3)] == [True, False, False]


def test_a_probe_that_never_reports_does_not_shut_the_breaker_for_ever(clock: StepClock) -> None:
    breaker = opened(clock)
    clock.at += COOL_DOWN_S
    assert breaker.admit() is None

    clock.at += COOL_DOWN_S

    assert breaker.admit() is None


def test_a_late_success_of_a_call_from_before_does_not_close_an_open_breaker(clock: StepClock) -> None:
    breaker = opened(clock)

    breaker.record(ok=True)

    assert breaker.state == "open"


def test_targets_have_a_breaker_each(clock: StepClock) -> None:
    breakers = Breakers(clock, failures=1)

    breakers.of("a").record(ok=False)

    assert (breakers.of("a").state, breakers.of("b").state) == ("open", "closed")


@pytest.mark.parametrize(("failures", "cool_down_s"), [(0, 1.0), (1, 0.0)])
def test_a_breaker_that_could_never_work_is_refused(clock: StepClock, failures: int, cool_down_s: float) -> None:
    with pytest.raises(ValueError, match="at least one failure and a positive cool-down"):
        Breaker(clock, failures=failures, cool_down_s=cool_down_s)
