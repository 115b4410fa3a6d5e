"""Labels: what a value may do, whatever carries it.

A label has four parts, and the join of two labels is what may be done with something made of both:

- **integrity**: whose word it is; the join is the weaker one. `system` (Podium itself), `user` (who started the run,
  or wrote the workflow), `endorsed` (vouched for by a person or a declared check), `untrusted` (anybody).
- **confidentiality**: a level of the installation's list, and categories such as `pii`; the join is the higher level
  and all categories.
- **residency**: the regions where it may go, `None` for anywhere; the join is what both allow.
- **sources**: where it came from; the join names all of them.

Labels only grow worse by joining. They become better by an endorsement, which is always a record.

```python
join(USER, Label(integrity="untrusted", sources=("tickets.read",)))   # untrusted, from tickets.read
```
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from podium.spec.label import INTEGRITIES, MANY, USER, Integrity, Label

__all__ = ["DEFAULT_LATTICE", "INTEGRITIES", "MANY", "MAX_SOURCES", "USER", "Integrity", "Label", "Lattice", "weaker"]

_RANK = {integrity: rank for rank, integrity in enumerate(INTEGRITIES)}

MAX_SOURCES = 64
"""Names of sources in one label; beyond it, the label says `many`."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The levels of confidentiality of an installation.

    Attributes:
        levels: From the most open to the most secret.
        default: Of data, and of tools and models, that declare none. What an author wrote into a workflow has none.
    """

    levels: tuple[str, ...] = ("public", "internal", "confidential", "secret")
    default: str = "internal"

    def rank(self, level: str) -> int:
        """Return where a level stands; a level that does not exist counts as beyond the most secret one."""
        name = level or self.default
        return self.levels.index(name) if name in self.levels else len(self.levels)

    def height(self, label: Label) -> int:
        """Return how secret a value is: the rank of its level, -1 for what comes from nowhere but the author."""
        return -1 if not label.level and not label.sources else self.rank(label.level)

    def cleared(self, clearance: str, label: Label) -> bool:
        """Whether who has a clearance may see a value; a clearance that does not exist sees nothing."""
        name = clearance or self.default
        return name in self.levels and self.height(label) <= self.levels.index(name)

    def join(self, one: Label, other: Label) -> Label:
        """Return the label of what is made of both."""
        if one is other or other is USER or one == other:
            return one
        if one is USER:
            return other
        return Label(
            weaker(one.integrity, other.integrity),
            one.level if self.height(one) >= self.height(other) else other.level,
            _union(one.categories, other.categories),
            _both(one.residency, other.residency),
            _bounded(_union(one.sources, other.sources)),
        )

    def join_all(self, labels: Iterable[Label]) -> Label:
        """Return the label of what is made of all of them; `USER` for nothing."""
        found = USER
        for label in labels:
            found = self.join(found, label)
        return found

    def covers(self, upper: Label, lower: Label) -> bool:
        """Whether `upper` is at least as restrictive as `lower` in every part."""
        return (
            _RANK[upper.integrity] >= _RANK[lower.integrity]
            and self.height(upper) >= self.height(lower)
            and set(upper.categories) >= set(lower.categories)
            and (
                lower.residency is None
                or (upper.residency is not None and set(upper.residency) <= set(lower.residency))
            )
            and (MANY in upper.sources or set(upper.sources) >= set(lower.sources))
        )


DEFAULT_LATTICE = Lattice()


def weaker(one: Integrity, other: Integrity) -> Integrity:
    """Return the weaker of two integrities."""
    return one if _RANK[one] >= _RANK[other] else other


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if not other or one == other:
        return one
    return tuple(sorted({*one, *other})) if one else other


def _both(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(sorted(set(one) & set(other)))


def _bounded(sources: tuple[str, ...]) -> tuple[str, ...]:
    return sources if len(sources) <= MAX_SOURCES else (MANY,)
