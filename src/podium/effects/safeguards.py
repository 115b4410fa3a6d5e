"""What an installation has decided about its gate: handed to the gateway once, read by its stages.

Everything has a default that needs no file: the gate works on a machine where nobody has configured anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from podium.effects.autonomy import Ceilings, NoCeilings
from podium.effects.loss import DataLoss
from podium.effects.standing import NoStandingApprovals, StandingApprovals
from podium.gate.governor import Limits
from podium.gate.labels import DEFAULT_LATTICE, Lattice
from podium.gate.policy.facts import InForce
from podium.gate.price import Price
from podium.gate.roles import Directory
from podium.gate.sharing import SharedRule
from podium.spec.settings.labels import SinkSettings
from podium.spec.settings.throttle import ThrottleSettings


def _no_model_settings(_: str) -> SinkSettings:
    return SinkSettings()


class PolicySource(Protocol):
    """Where the policies come from."""

    async def in_force(self) -> InForce | None:
        """Return the policies that decide now; None where there are none, so that what is granted is allowed."""
        ...


class NoPolicies:
    """Nobody has written a policy."""

    async def in_force(self) -> InForce | None:
        return None


def _no_price(_: str) -> Price | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Safeguards:
    """See the module's rules.

    Attributes:
        lattice: The levels of confidentiality.
        model: What is declared of a model, by its name.
        price: What a model's tokens cost, by its name; None when nobody knows.
        people: Who is who, and what they may decide; nobody where identities are not configured.
        loss: What is done against loss of data.
        throttle: How many calls at once, and how many in a minute.
        governor: When repeated calls are taken for a circle.
        budgets: The budgets that all runs share which fit them.
        policies: Who may do what, beside what workflows grant.
        standing: What people have agreed to beforehand.
        ceilings: How far workflows may go by themselves.
    """

    lattice: Lattice = DEFAULT_LATTICE
    model: Callable[[str], SinkSettings] = _no_model_settings
    price: Callable[[str], Price | None] = _no_price
    people: Directory = field(default_factory=Directory)
    loss: DataLoss = field(default_factory=DataLoss)
    throttle: ThrottleSettings = field(default_factory=ThrottleSettings)
    governor: Limits = Limits()  # noqa: RUF009 - a tuple
    budgets: tuple[SharedRule, ...] = ()
    policies: PolicySource = field(default_factory=NoPolicies)
    standing: StandingApprovals = field(default_factory=NoStandingApprovals)
    ceilings: Ceilings = field(default_factory=NoCeilings)
