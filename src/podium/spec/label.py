"""What a value may do: the label that travels with it, in files, in records and in decisions.

`podium.gate.labels` says how labels join.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

Integrity = Literal["system", "user", "endorsed", "untrusted"]
"""From the strongest to the weakest."""

INTEGRITIES: tuple[Integrity, ...] = get_args(Integrity)

MANY = "many"
"""Stands in `sources` for more than a label lists."""


class Label(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a value may do; `podium.gate.labels` has the rules.

    Attributes:
        level: A name of the installation's levels; "" for its default level, or none at all where there are no sources.
        categories: Sorted, no two equal; such as `pii`.
        residency: Sorted, no two equal; None for anywhere, () for nowhere but here.
        sources: Sorted, no two equal: `inputs.repo`, `git.git_log`, `model`, `person`.
    """

    integrity: Integrity = "user"
    level: str = ""
    categories: tuple[str, ...] = ()
    residency: tuple[str, ...] | None = None
    sources: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether somebody vouches for it."""
        return self.integrity != "untrusted"


USER = Label()
"""What the author of a workflow wrote, and what its user said, where nothing else is declared."""
