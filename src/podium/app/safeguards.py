"""What the installation's files say about its gate, read once and handed to the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from podium.app.budgets import Prices, rules_of
from podium.app.data_loss import data_loss_of
from podium.app.people import directory_of
from podium.effects.safeguards import NoPolicies, PolicySource, Safeguards
from podium.gate.governor import Limits
from podium.gate.labels import Lattice
from podium.gate.sinks import ELSEWHERE
from podium.spec.governor import GovernorSpec
from podium.spec.settings.labels import SinkSettings
from podium.spec.settings.model import Settings

LOCAL = "local/"
"""How the names of models begin that run on this machine: what they are told does not leave it."""


def safeguards_of(settings: Settings, *, policies: PolicySource | None = None) -> Safeguards:
    """Return what the gateway needs to know of the settings, and of the policies beside them."""
    lattice = Lattice(settings.labels.levels, settings.labels.default)
    return Safeguards(
        lattice=lattice,
        model=lambda name: model_settings(settings.models, name, lattice),
        price=Prices(settings.prices),
        budgets=rules_of(settings.budgets),
        people=directory_of(settings.people),
        throttle=settings.throttle,
        governor=governor_limits(settings.governor),
        loss=data_loss_of(settings),
        policies=policies or NoPolicies(),
    )


def governor_limits(spec: GovernorSpec) -> Limits:
    """Return what the governor lets pass where a workflow says nothing."""
    default = Limits()
    return Limits(
        default.repeats if spec.repeats is None else spec.repeats,
        default.per_minute if spec.per_minute is None else spec.per_minute,
    )


def model_settings(declared: Mapping[str, SinkSettings], name: str, lattice: Lattice) -> SinkSettings:
    """Return what is declared of a model; the longest name that fits counts.

    A model on this machine may see everything unless something else is declared; any other is elsewhere unless it says
    where.
    """
    fitting = [pattern for pattern in declared if fnmatchcase(name, pattern)]
    said = declared[max(fitting, key=len)] if fitting else SinkSettings()
    here = name.startswith(LOCAL)
    clearance = said.clearance or (lattice.levels[-1] if here else "")
    return said.model_copy(update={"clearance": clearance, "region": said.region or ("" if here else ELSEWHERE)})
