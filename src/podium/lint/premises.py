"""What lint is told of the installation that a workflow is checked for."""

from __future__ import annotations

from typing import NamedTuple

from podium.gate.labels import DEFAULT_LATTICE, Lattice
from podium.gate.sinks import Sink


class Premises(NamedTuple):
    """What an installation has decided; without one, what holds where nobody has decided anything.

    Attributes:
        lattice: The levels of confidentiality.
        model: What the model that is asked may see; None when it is not known which one is.
        decided: Whether this is what an installation says. If not, nothing is known of levels that are not in the list.
    """

    lattice: Lattice = DEFAULT_LATTICE
    model: Sink | None = None
    decided: bool = False


NOBODY_DECIDED = Premises()
