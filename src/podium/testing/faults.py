"""Fault points: where a store, or the world, can be made to fail in the middle of what it does.

```python
plan = FaultPlan(at=7)                       # the seventh fault point kills
store = MemoryStore(faults=plan)
...                                          # raises Killed
assert plan.hit == "inside commit"
store = store.crashed()                      # as after a restart
```

A plan without `at` only counts, so a first run tells how many points there are.
"""

from __future__ import annotations


class Killed(BaseException):
    """The process is gone: nothing catches this, nothing is cleaned up that a kill would not clean up."""


class FaultPlan:
    """Counts fault points and kills at one of them.

    Attributes:
        passed: Points that were passed, the deadly one included.
        hit: The name of the point that killed, "" while none has.
    """

    def __init__(self, *, at: int = 0) -> None:
        self._at = at
        self.passed = 0
        self.hit = ""

    def __call__(self, point: str) -> None:
        """Pass a point.

        Raises:
            Killed: it is the one.
        """
        self.passed += 1
        if self.passed == self._at:
            self.hit = point
            raise Killed(point)
