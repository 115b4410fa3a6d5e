"""The model of `podium.toml`."""

from __future__ import annotations

from pydantic import Field

from podium.spec.base import SpecModel
from podium.spec.settings.labels import LabelSettings, SinkSettings


class Settings(SpecModel):
    """What an installation has decided; every section may be missing."""

    labels: LabelSettings = Field(default_factory=LabelSettings)
    """Levels of confidentiality."""

    models: dict[str, SinkSettings] = Field(default_factory=dict)
    """What models may see, by name; `*` stands for any part of a name, and the longest name that fits counts."""
