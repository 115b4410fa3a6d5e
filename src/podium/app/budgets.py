"""What `podium.toml` says of budgets and prices, as the gate reads it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from podium.gate.price import Price
from podium.gate.sharing import Match, SharedRule
from podium.spec.amounts import MICRO, NANO, NO_LIMITS
from podium.spec.settings.budgets import BudgetSettings, PriceSettings

LOCAL = "local/"
"""How the names of models begin that run on this machine: they cost no money, and nobody knows their energy."""

_FREE = Price()


def rules_of(declared: Mapping[str, BudgetSettings]) -> tuple[SharedRule, ...]:
    """Return the budgets that runs share, by name."""
    return tuple([_rule(name, settings) for name, settings in sorted(declared.items())])


def _rule(name: str, settings: BudgetSettings) -> SharedRule:
    match = settings.match
    return SharedRule(
        name=name,
        limits=settings.limits,
        match=Match(
            workflow=match.workflow,
            team=match.team,
            tenant=match.tenant,
            principal=match.principal,
            tool=match.tool,
            model=match.model,
        ),
        period=settings.period,
        per_call=settings.per_call.limits if settings.per_call else NO_LIMITS,
        warn_at=settings.warn_at,
        on_limit=settings.on_limit,
        allow_unknown=settings.unknown_price == "allow",
    )


class Prices:
    """The prices of an installation; the longest name that fits a model counts."""

    def __init__(self, declared: Mapping[str, PriceSettings]) -> None:
        self._declared = {pattern: _price(settings) for pattern, settings in declared.items()}
        self._find = lru_cache(maxsize=1_000)(self._found)

    def __call__(self, model: str) -> Price | None:
        """Return what a model's tokens cost, None when nobody knows."""
        return self._find(model)

    def _found(self, model: str) -> Price | None:
        fitting = [pattern for pattern in self._declared if fnmatchcase(model, pattern)]
        if fitting:
            return self._declared[max(fitting, key=len)]
        return _FREE if model.startswith(LOCAL) else None


def _price(settings: PriceSettings) -> Price:
    # dollars for a million tokens are rates already; watt-hours for a thousand are a thousand times as many
    energy = None if settings.energy is None else round(settings.energy * 1000 * MICRO)
    return Price(input=round(settings.input * NANO), output=round(settings.output * NANO), energy=energy)
