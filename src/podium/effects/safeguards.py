"""What an installation has decided about its gate: handed to the gateway once, read by its stages.

Everything has a default that needs no file: the gate works on a machine where nobody has configured anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from podium.gate.labels import DEFAULT_LATTICE, Lattice
from podium.spec.settings.labels import SinkSettings


def _no_model_settings(_: str) -> SinkSettings:
    return SinkSettings()


@dataclass(frozen=True, kw_only=True)
class Safeguards:
    """See the module's rules.

    Attributes:
        lattice: The levels of confidentiality.
        model: What is declared of a model, by its name.
    """

    lattice: Lattice = DEFAULT_LATTICE
    model: Callable[[str], SinkSettings] = _no_model_settings
