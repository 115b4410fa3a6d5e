"""What lint is told of this installation: its levels, and what the model may see that it will ask."""

from __future__ import annotations

import os
from collections.abc import Mapping

from podium.app.safeguards import model_settings
from podium.gate.labels import Lattice
from podium.gate.sinks import Sink
from podium.lint.premises import Premises
from podium.spec.settings.model import Settings


def premises_of(settings: Settings, env: Mapping[str, str] | None = None) -> Premises:
    """Return what `podium.toml` says; which model is asked is known when `PODIUM_MODEL` names it."""
    env = os.environ if env is None else env
    lattice = Lattice(settings.labels.levels, settings.labels.default)
    name = env.get("PODIUM_MODEL", "")
    if not name:
        return Premises(lattice, None, decided=True)
    model = model_settings(settings.models, name, lattice)
    return Premises(lattice, Sink(model.clearance, model.region, "read", None), decided=True)
