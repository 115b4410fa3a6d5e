"""How the budgets of an installation stand, who spends them, and what is to be expected of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from podium.app.budgets import Prices, rules_of
from podium.app.overview import read_usage
from podium.clock import Millis
from podium.errors import UsageError
from podium.gate.price import Price
from podium.gate.sharing import SharedRule
from podium.graph.model import Compiled
from podium.ids import RunId, WorkflowVersion
from podium.ledger.accounts import Account
from podium.ledger.store import RunRow, RunStore
from podium.observe.bound import bound
from podium.observe.forecast import Forecast, history
from podium.observe.usage import Usage
from podium.spec.amounts import Amounts, Limits, Unit
from podium.spec.settings.model import Settings

MOST_RUNS = 50
"""Earlier runs that a forecast looks at, the latest ones."""

MOST_RECORDS = 20_000
"""Records of one run that are read for it; a longer run is left out."""

DAY = timedelta(days=1)

_WHOLE = frozenset({"done", "done_with_errors", "failed"})
"""Statuses of runs that came to an end of their own: what was stopped halfway says little about the next one."""

State = Literal["ok", "warn", "full"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a budget stands in one period.

    Attributes:
        name: As in `podium.toml`; "" for that of a run which the runs it started share.
        limits: As they are written now; none for that of a run.
    """

    name: str
    account: Account
    limits: Limits
    period: str
    warn_at: float = 1.0

    def share(self, unit: Unit) -> float:
        """Return which part of a limit is used, 1.0 for all of it."""
        limit: int = getattr(self.limits, unit)
        used: int = getattr(self.account.used, unit)
        return used / limit if limit > 0 else 1.0

    @property
    def state(self) -> State:
        """Whether it is nearly used up, or used up: the worst of its units."""
        shares = [self.share(unit) for unit, _ in self.limits.each()]
        if any(share >= 1 for share in shares):
            return "full"
        return "warn" if any(share >= self.warn_at for share in shares) else "ok"


@dataclass(frozen=True, kw_only=True)
class Spender:
    """What one workflow has used of a budget, in so many runs."""

    workflow: str
    runs: int
    used: Amounts


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a budget is used.

    Attributes:
        elapsed: The part of its period that is over.
        projected: What will be used at its end if it goes on like this.
        empty_at: When the first limit is reached then, 0 when none is.
    """

    elapsed: float
    projected: Amounts
    empty_at: Millis


async def standings(store: RunStore, settings: Settings, now: Millis) -> list[Standing]:
    """Return every declared budget in its present period, then those of single runs that were used."""
    accounts = {account.id: account for account in await store.accounts()}
    found: list[Standing] = []
    for rule in rules_of(settings.budgets):
        if rule.period == "run":
            found += [_standing(rule, account) for account in accounts.values() if _is_of(account, rule.name)]
        else:
            name = rule.account(now, RunId(""))
            found.append(_standing(rule, accounts.get(name) or Account(id=name)))
    own = [account for account in accounts.values() if _is_of(account, "run")]
    return found + [Standing(name="", account=account, limits=Limits(), period="run") for account in own]


async def standing(store: RunStore, settings: Settings, now: Millis, name: str) -> Standing:
    """Return one budget: by its name in its present period, or by the name of an account such as `support/2026-10`.

    Raises:
        UsageError: AP100 when there is none.
    """
    rules = {rule.name: rule for rule in rules_of(settings.budgets)}
    accounts = {account.id: account for account in await store.accounts()}
    declared, _, period = name.partition("/")
    rule = rules.get(declared)
    if rule is not None and (period or rule.period != "run"):
        wanted = name if period else rule.account(now, RunId(""))
        return _standing(rule, accounts.get(wanted) or Account(id=wanted))
    if name in accounts:
        return Standing(name="", account=accounts[name], limits=Limits(), period="run")
    known = ", ".join(f"`{one}`" for one in (*rules, *accounts)) or "none"
    raise UsageError("AP100", f"there is no budget `{name}`", help=f"known are {known}")


async def spenders(store: RunStore, account: str) -> list[Spender]:
    """Return who has used most of an account, by money, then by tokens."""
    by_workflow: dict[str, list[Amounts]] = {}
    for share in await store.shares(account):
        row = await store.row(share.run)
        by_workflow.setdefault(row.workflow if row else "", []).append(share.used)
    found = [
        Spender(workflow=name, runs=len(used), used=sum(used, start=Amounts())) for name, used in by_workflow.items()
    ]
    return sorted(found, key=lambda one: (-one.used.nano_usd, -one.used.tokens, -one.used.calls, one.workflow))


def pace(found: Standing, now: Millis) -> Pace | None:
    """Return how fast a budget of a day or a month is used; None for one that never begins anew."""
    bounds = _bounds(found.account.id.rpartition("/")[2])
    if bounds is None:
        return None
    begin, end = bounds
    elapsed = min(1.0, max(0.0, (now - begin) / (end - begin)))
    if elapsed == 0:
        return Pace(elapsed=0, projected=found.account.used, empty_at=Millis(0))
    used = found.account.used
    projected = Amounts(*(round(getattr(used, unit) / elapsed) for unit in ("tokens", "nano_usd", "calls", "micro_wh")))
    moments = [
        begin + round((now - begin) * limit / getattr(used, unit))
        for unit, limit in found.limits.each()
        if getattr(used, unit) and getattr(projected, unit) >= limit
    ]
    return Pace(elapsed=elapsed, projected=projected, empty_at=Millis(min(moments, default=0)))


async def forecast(
    store: RunStore, compiled: Compiled, version: WorkflowVersion | None, *, price: Price | None
) -> Forecast:
    """Return what a run of a workflow can use at most, and what runs like it have used."""
    same: list[Usage] = []
    others: list[Usage] = []
    rows = await store.rows(workflow=compiled.workflow.name, limit=MOST_RUNS)
    for row in rows:
        if _counts(row) and (usage := await read_usage(store, row.id, most=MOST_RECORDS)) is not None:
            (same if row.version == version else others).append(usage)
    return Forecast(bound=bound(compiled, price=price), history=history(same, others))


def price_of(settings: Settings, model: str) -> Price | None:
    """Return what is known of a model's price; "" is no model."""
    return Prices(settings.prices)(model) if model else None


def _counts(row: RunRow) -> bool:
    return row.status in _WHOLE and row.mode == "live"


def _standing(rule: SharedRule, account: Account) -> Standing:
    return Standing(name=rule.name, account=account, limits=rule.limits, period=rule.period, warn_at=rule.warn_at)


def _is_of(account: Account, name: str) -> bool:
    return account.id.partition("/")[0] == name


def _bounds(period: str) -> tuple[int, int] | None:
    """Return the begin and the end of `2026-11` or `2026-11-21`, in milliseconds."""
    parts = period.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) not in (2, 3):
        return None
    begin = datetime(int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) == 3 else 1, tzinfo=UTC)
    end = begin + DAY if len(parts) == 3 else (begin.replace(day=28) + 4 * DAY).replace(day=1)
    return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


UNIT_NAMES: Mapping[Unit, str] = {"tokens": "tokens", "nano_usd": "usd", "calls": "calls", "micro_wh": "energy_wh"}
"""What the units are called where people and scripts read them."""
