"""Shared budgets: which of the installation's budgets a call counts against, and under which name.

A budget has limits for each period; what is used in November does not count in December. The periods are those of UTC.
A call counts against every budget whose `match` it fits, and all of them must have room.

```python
rule = SharedRule("support", match=Match(workflow=("refunds*",)), period="month", limits=Limits(nano_usd=50 * NANO))
rule.fits(Caller(workflows=("refunds",)))   # True
rule.account(now, run)                      # "support/2026-11"
```
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Literal

from podium.clock import Millis
from podium.ids import RunId
from podium.spec.amounts import NO_LIMITS, Limits

Period = Literal["run", "day", "month", "total"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What is known of a call where budgets are chosen.

    Attributes:
        workflows: The workflow of the run, and the sub-workflow that the call stands in.
        principals: The people in whose names it happens.
        teams: Those that they belong to.
        tenant: Of the run.
        tool: `grant.function`, "" for other calls.
        model: Its name, "" for other calls.
    """

    workflows: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    tenant: str = ""
    tool: str = ""
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Which calls count: every part that is not empty must fit; `*` stands for any part of a name."""

    workflow: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    principal: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()
    model: tuple[str, ...] = ()

    def fits(self, caller: Caller) -> bool:
        """Tell whether a call counts."""
        return (
            _fits(self.workflow, caller.workflows)
            and _fits(self.team, caller.teams)
            and _fits(self.tenant, (caller.tenant,))
            and _fits(self.principal, caller.principals)
            and _fits(self.tool, (caller.tool,) if caller.tool else ())
            and _fits(self.model, (caller.model,) if caller.model else ())
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedRule:
    """A budget of the installation.

    Attributes:
        warn_at: The part of a limit from which on it is shown as nearly used up.
        on_limit: What happens to a call for which there is no room: refused, or a person is asked.
    """

    name: str
    limits: Limits
    match: Match = Match()
    period: Period = "total"
    per_call: Limits = NO_LIMITS
    warn_at: float = 0.8
    on_limit: Literal["deny", "ask"] = "deny"
    allow_unknown: bool = False

    def account(self, now: Millis, root: RunId) -> str:
        """Return the name under which a call of this moment counts."""
        return f"{self.name}/{period_of(self.period, now, root)}"


def period_of(period: Period, now: Millis, root: RunId) -> str:
    """Return the name of the period that a moment belongs to: `2026-11`, `2026-11-21`, `total`, or the run."""
    match period:
        case "run":
            return root
        case "total":
            return "total"
        case "month":
            return datetime.fromtimestamp(now / 1000, tz=UTC).strftime("%Y-%m")
        case "day":
            return datetime.fromtimestamp(now / 1000, tz=UTC).strftime("%Y-%m-%d")


def _fits(patterns: tuple[str, ...], names: Iterable[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
