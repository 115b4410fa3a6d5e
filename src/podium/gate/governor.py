"""The governor: is a run going in circles?

What a bound on rounds or turns finds late, this finds early: calls that are repeated although nothing new comes of
them. It is a fold over the calls of a run, and holds numbers alone.

1. A **step** is a call with its answer: the place (the path of its node, without the rounds of loops), the effect, the
   fingerprint of what was asked and the fingerprint of what came back. Two steps are the same when all four are.
2. Steps are counted within a **strand**: all that stands inside one outermost loop, or the turns of one node. The
   items of a map are other places, so a map over equal items repeats nothing.
3. A step that the strand has never seen is **news**, and so is a wait for a person, a signal or a clock: from there on
   everything is counted anew, from one. So a call may be repeated for ever as long as something else comes of the
   rounds, and a loop that looks every minute whether something is ready is no circle.
4. A call is stopped when the same step was counted `repeats` times since the last news: an A, A, A and an A, B, A, B,
   A, B alike, whatever the order in which calls that run side by side end.
5. A failure that may be over by the next try (timeout, unavailable, rate limited) is no answer and counts for nothing;
   attempts of one effect are one call.
6. Apart from that a place may make `per_minute` calls a minute.

```python
trajectory.begun(trail, effect, asked, key, at=now)
trajectory.ended(trail, key, answer)
trajectory.verdict(trail, effect, asked, limits, now=now)     # None, or why it must not be
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from podium.ids import EffectKey

MAX_STEPS = 10_000
"""Different steps that a strand remembers; beyond it, the oldest are forgotten and would be news."""

_MINUTE_MS = 60_000


class Trail(NamedTuple):
    """Where a call stands.

    Attributes:
        strand: What it is counted within.
        place: The path of its node without the rounds of loops.
    """

    strand: str
    place: str


class Limits(NamedTuple):
    """What the governor lets pass.

    Attributes:
        repeats: So often may the same call bring the same answer without anything new; 0 for no such limit.
        per_minute: So many calls may one place make in a minute; 0 for no such limit.
    """

    repeats: int = 3
    per_minute: int = 3_000


class Circle(NamedTuple):
    """Why a call must not be.

    Attributes:
        kind: `repeat`: nothing but this call was repeated. `ping_pong`: it and others, by turns. `velocity`.
        times: How often since the last news; for `velocity` the calls of a minute.
        length: How many different calls the circle has.
    """

    kind: Literal["repeat", "ping_pong", "velocity"]
    times: int
    length: int = 1


class _Call(NamedTuple):
    """A call without its answer."""

    place: str
    effect: str
    asked: int


class _Step(NamedTuple):
    call: _Call
    answer: int


@dataclass(slots=True)
class _Count:
    era: int
    times: int


@dataclass(slots=True)
class _Strand:
    """Attributes.

    steps: Every step seen, the one seen first at the front. `latest`: the answer that a call brought last.
    open: Calls that have begun and not ended, by the key of their effect.
    era: Counts the news.
    """

    steps: dict[_Step, _Count] = field(default_factory=dict[_Step, _Count])
    latest: dict[_Call, int] = field(default_factory=dict[_Call, int])
    open: dict[EffectKey, _Call] = field(default_factory=dict[EffectKey, _Call])
    era: int = 0

    def take(self, step: _Step) -> None:
        count = self.steps.get(step)
        if count is None:
            self.era += 1
            self.steps[step] = _Count(self.era, 1)
            if len(self.steps) > MAX_STEPS:
                oldest = next(iter(self.steps))
                del self.steps[oldest]
                self.latest.pop(oldest.call, None)
        else:
            # what was seen before the last news counts as once
            count.times = count.times + 1 if count.era == self.era else 2
            count.era = self.era
        self.latest[step.call] = step.answer

    def times(self, step: _Step) -> int:
        count = self.steps.get(step)
        return 0 if count is None else count.times if count.era == self.era else 1


@dataclass(slots=True)
class _Pace:
    """Calls in one minute of the clock, and in the one before it."""

    minute: int = 0
    calls: int = 0
    before: int = 0

    def take(self, at: int) -> None:
        self._turn(at)
        self.calls += 1

    def of_last_minute(self, now: int) -> int:
        """Return the calls of the last minute, those of its first part as if they had been spread evenly."""
        self._turn(now)
        return self.calls + self.before * (_MINUTE_MS - now % _MINUTE_MS) // _MINUTE_MS

    def _turn(self, now: int) -> None:
        minute = now // _MINUTE_MS
        if minute > self.minute:
            self.before = self.calls if minute == self.minute + 1 else 0
            self.minute, self.calls = minute, 0


@dataclass(slots=True)
class Trajectory:
    """The calls of one run that could be repeated; see the module's rules."""

    _strands: dict[str, _Strand] = field(default_factory=dict[str, _Strand])
    _paces: dict[str, _Pace] = field(default_factory=dict[str, _Pace])

    def begun(self, trail: Trail, effect: str, asked: int, key: EffectKey, *, at: int) -> None:
        """Take up that a call was let through; another attempt of the same effect is no other call."""
        strand = self._strands.setdefault(trail.strand, _Strand())
        if key in strand.open:
            return
        strand.open[key] = _Call(trail.place, effect, asked)
        self._paces.setdefault(trail.place, _Pace()).take(at)

    def ended(self, trail: Trail, key: EffectKey, answer: int) -> None:
        """Take up what came of a call; 0 for an answer that counts for nothing."""
        strand = self._strands.get(trail.strand)
        call = strand.open.pop(key, None) if strand is not None and answer else None
        if strand is not None and call is not None:
            strand.take(_Step(call, answer))

    def waited(self, trail: Trail) -> None:
        """Take up that a node of the strand waited for a person, a signal or a clock."""
        strand = self._strands.get(trail.strand)
        if strand is not None:
            strand.era += 1

    def verdict(self, trail: Trail, effect: str, asked: int, limits: Limits, *, now: int) -> Circle | None:
        """Return why a call that is about to begin must not be, None when it may."""
        strand = self._strands.get(trail.strand)
        if strand is None:
            return None
        call = _Call(trail.place, effect, asked)
        answer = strand.latest.get(call)
        times = strand.times(_Step(call, answer)) if answer is not None else 0
        if limits.repeats and times >= limits.repeats:
            turning = sum(count.era == strand.era and count.times > 1 for count in strand.steps.values())
            return Circle("repeat" if turning <= 1 else "ping_pong", times, max(1, turning))
        pace = self._paces.get(trail.place)
        if limits.per_minute and pace is not None and (calls := pace.of_last_minute(now)) >= limits.per_minute:
            return Circle("velocity", calls)
        return None
