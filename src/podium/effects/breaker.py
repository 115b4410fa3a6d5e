"""A breaker per target: who keeps failing is left alone for a while.

- **closed**: calls go through; `failures` of them in a row open it, one success forgets them.
- **open**: nothing goes through for `cool_down_s`; callers are told how long to wait.
- **half-open**: the cool-down is over; one call goes through as a probe. Its success closes the breaker, its failure
  opens it for another cool-down. A probe that never reports (its run was cancelled) is given up after a cool-down and
  the next caller is the probe.

A call that began before the breaker opened and reports while it is open says nothing about now and is ignored. The
breaker only counts; what counts as a failure (no answer, not reached) is the caller's judgement.

```python
if (refusal := breaker.admit()) is not None:
    raise refusal
```
"""

from __future__ import annotations

from typing import Literal

from podium.clock import Clock
from podium.errors import EffectError

State = Literal["closed", "open", "half_open"]


class Breaker:
    """The breaker of one target, for one event loop."""

    def __init__(self, clock: Clock, *, target: str = "", failures: int = 5, cool_down_s: float = 30.0) -> None:
        if failures < 1 or cool_down_s <= 0:
            msg = f"expected at least one failure and a positive cool-down, got {failures} and {cool_down_s}"
            raise ValueError(msg)
        self._clock = clock
        self._target = target
        self._limit = failures
        self._cool_down_s = cool_down_s
        self._failures = 0
        self._next_probe: float | None = None  # monotonic; None while closed
        self._probing = False

    @property
    def state(self) -> State:
        """What the next caller meets, for `podium doctor` and metrics."""
        if self._next_probe is None:
            return "closed"
        return "half_open" if self._probing or self._clock.monotonic() >= self._next_probe else "open"

    def admit(self) -> EffectError | None:
        """Return None when a call may go out now, else why not (`unavailable`, with `retry_after_s`)."""
        if self._next_probe is None:
            return None
        wait_s = self._next_probe - self._clock.monotonic()
        if wait_s > 0:
            return EffectError(
                "EF022",
                f"`{self._target}` failed {self._limit} times in a row and is left alone for now",
                kind="unavailable",
                retry_after_s=wait_s,
                help=f"look at why it fails; the next call is let through in {wait_s:.0f} s",
            )
        self._probing = True
        self._next_probe = self._clock.monotonic() + self._cool_down_s
        return None

    def record(self, *, ok: bool) -> None:
        """Count how an admitted call ended."""
        if self._next_probe is not None and not self._probing:
            return
        if ok:
            self._failures, self._next_probe, self._probing = 0, None, False
            return
        self._failures += 1
        if self._probing or self._failures >= self._limit:
            self._next_probe = self._clock.monotonic() + self._cool_down_s
            self._probing = False


class Breakers:
    """The breakers of an installation, one a target, made when first asked for."""

    def __init__(self, clock: Clock, *, failures: int = 5, cool_down_s: float = 30.0) -> None:
        self._clock = clock
        self._failures = failures
        self._cool_down_s = cool_down_s
        self._of: dict[str, Breaker] = {}

    def of(self, target: str) -> Breaker:
        """Return the breaker of `target` (`ToolPort.target`, `ModelPort.name`)."""
        if target not in self._of:
            self._of[target] = Breaker(
                self._clock, target=target, failures=self._failures, cool_down_s=self._cool_down_s
            )
        return self._of[target]
