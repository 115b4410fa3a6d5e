"""A forecast: the most that a run can use by its graph, and what runs like it have used.

The second rests on runs that have ended, the more the better, and says on how many. Runs of the same version count
where there are enough of them, else those of the workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from podium.observe.bound import Bound
from podium.observe.usage import Usage

ENOUGH = 5
"""Runs of the same version from which on others are left out."""


class Spread(Struct, frozen=True):
    """What half of the runs, and nine of ten, did not pass; None where some of it is not known."""

    p50: int | None
    p90: int | None


class History(Struct, frozen=True, kw_only=True):
    """What runs like it have used.

    Attributes:
        runs: On how many it rests. `same_version`: all of them are of the version that would run.
        nano_usd, micro_wh: Unknown as soon as it is for one call of one of the runs.
        ms: How long they took, waiting included.
    """

    runs: int
    same_version: bool
    tokens: Spread
    nano_usd: Spread
    calls: Spread
    micro_wh: Spread
    approvals: Spread
    ms: Spread


class Forecast(Struct, frozen=True, kw_only=True):
    """What is to be expected of a run; `history` is None when there has been none."""

    bound: Bound
    history: History | None = None


def history(same: Sequence[Usage], others: Sequence[Usage]) -> History | None:
    """Return what is known from earlier runs, of the `same` version and of `others` of the workflow."""
    only_same = len(same) >= ENOUGH or not others
    runs = list(same) if only_same else [*same, *others]
    if not runs:
        return None

    def spread(figure: Callable[[Usage], int | None]) -> Spread:
        found = [figure(run) for run in runs]
        known = sorted(value for value in found if value is not None)
        if len(known) < len(found):
            return Spread(None, None)
        return Spread(percentile(known, 50), percentile(known, 90))

    return History(
        runs=len(runs),
        same_version=only_same,
        tokens=spread(lambda run: run.used.tokens),
        nano_usd=spread(lambda run: None if run.unpriced else run.used.nano_usd),
        calls=spread(lambda run: run.used.calls),
        micro_wh=spread(lambda run: None if run.unmetered else run.used.micro_wh),
        approvals=spread(lambda run: run.approvals),
        ms=spread(lambda run: run.ms),
    )


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Return the smallest of the values that so many in a hundred do not pass; `ordered` has at least one."""
    place = -(-len(ordered) * percent // 100)
    return ordered[max(0, place - 1)]
