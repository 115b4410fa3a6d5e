"""In which order the horizontal lines between two rows lie: few crossings, and no more tracks than are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST_COMPARED = 300
"""Lines between two rows that are put into a good order; with more, any order shows as little."""


class Run(NamedTuple):
    """A net between two rows: the column it comes from, the columns it goes to."""

    net: int
    top: int
    bottoms: tuple[int, ...]

    @property
    def low(self) -> int:
        """Return the leftmost column."""
        return min(self.top, *self.bottoms)

    @property
    def high(self) -> int:
        """Return the rightmost column."""
        return max(self.top, *self.bottoms)


def tracks(runs: Sequence[Run], near: int) -> dict[int, int]:
    """Return the track of each net that does not go straight down, counted from the top."""
    order: list[Run] = []
    for run in runs:
        if run.low < run.high:
            _insert(order, run)
    found: dict[int, int] = {}
    for number, run in enumerate(order):
        beside = [found[other.net] for other in order[:number] if _meet(run, other, near)]
        found[run.net] = max(beside, default=-1) + 1
    return found


def _insert(order: list[Run], run: Run) -> None:
    """Put a run where it crosses the least of those that are there."""
    if len(order) > MOST_COMPARED:
        order.append(run)
        return
    cost = sum(_crossed(run, other) for other in order)
    best, place = cost, 0
    for number, other in enumerate(order, 1):
        cost += _crossed(other, run) - _crossed(run, other)
        if cost < best:
            best, place = cost, number
    order.insert(place, run)


def _crossed(upper: Run, lower: Run) -> int:
    """Return how often two runs cross when one lies above the other."""
    down = sum(1 for column in upper.bottoms if lower.low < column < lower.high)
    return down + (1 if upper.low < lower.top < upper.high else 0)


def _meet(one: Run, other: Run, near: int) -> bool:
    return one.low <= other.high + near and other.low <= one.high + near
