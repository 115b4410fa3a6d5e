"""The model of `podium.toml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from podium.spec.base import SpecModel
from podium.spec.governor import GovernorSpec
from podium.spec.names import Name
from podium.spec.settings.autonomy import AutonomySettings
from podium.spec.settings.budgets import BudgetSettings, PriceSettings
from podium.spec.settings.data_loss import DataLossSettings, FilterSettings
from podium.spec.settings.labels import LabelSettings, SinkSettings
from podium.spec.settings.notices import NoticeSettings
from podium.spec.settings.people import People
from podium.spec.settings.secrets import SecretSource
from podium.spec.settings.throttle import ThrottleSettings


class Settings(SpecModel):
    """What an installation has decided; every section may be missing."""

    labels: LabelSettings = Field(default_factory=LabelSettings)
    """Levels of confidentiality."""

    people: People = Field(default_factory=dict)
    """Who is who, and what they may decide. Nobody: identities are not configured."""

    notices: NoticeSettings = Field(default_factory=NoticeSettings)
    """How people are told that something waits for them."""

    data_loss: DataLossSettings = Field(default_factory=DataLossSettings)
    """What happens with personal data and secrets that an effect would send."""

    filters: dict[Name, FilterSettings] = Field(default_factory=dict)
    """Rules on content, by name."""

    budgets: Annotated[dict[Name, BudgetSettings], Field(max_length=200)] = Field(default_factory=dict)
    """What all runs together may use, by name."""

    prices: Annotated[dict[str, PriceSettings], Field(max_length=1_000)] = Field(default_factory=dict)
    """What the tokens of models cost, by name; `*` stands for any part of a name, and the longest that fits counts."""

    throttle: ThrottleSettings = Field(default_factory=ThrottleSettings)
    """How many calls at once, and how many in a second, a minute or an hour."""

    secrets: dict[Name, SecretSource] = Field(default_factory=dict)
    """Where secrets come from, by name; one that is not named here is the environment variable `PODIUM_SECRET_NAME`."""

    autonomy: AutonomySettings = Field(default_factory=AutonomySettings)
    """How far workflows may go by themselves."""

    governor: GovernorSpec = Field(default_factory=GovernorSpec)
    """When repeated calls are taken for a circle."""

    models: dict[str, SinkSettings] = Field(default_factory=dict)
    """What models may see, by name; `*` stands for any part of a name, and the longest name that fits counts."""
