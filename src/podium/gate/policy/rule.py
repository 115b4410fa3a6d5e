"""One policy, as it stands in a file: where, in which words, and what Cedar made of it."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, get_args

from podium.gate.decision import ObligationKind
from podium.spec.diagnostic import Place

Json = Any

OBLIGATIONS: tuple[ObligationKind, ...] = get_args(ObligationKind)

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,99}")
"""How a policy may be called."""

_NOT_SETTINGS = frozenset({"id", "obligation", "about"})


class Rule(NamedTuple):
    """A policy.

    Attributes:
        id: Its `@id`, or `FILE:LINE`.
        text: In Cedar.
        form: Cedar's own JSON of it.
        annotations: `@name("value")`, by name.
    """

    id: str
    file: str
    place: Place
    text: str
    form: dict[str, Json]

    @property
    def effect(self) -> Literal["permit", "forbid"]:
        """Whether it allows or forbids."""
        return self.form["effect"]

    @property
    def annotations(self) -> dict[str, str]:
        """What is written with `@` before it."""
        return {name: value or "" for name, value in self.form.get("annotations", {}).items()}

    @property
    def demands(self) -> ObligationKind | None:
        """What must be fulfilled for what it forbids to be allowed nevertheless; None when nothing helps."""
        kind = self.annotations.get("obligation")
        return next((known for known in OBLIGATIONS if known == kind), None)

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """What its further annotations say of the obligation, sorted."""
        return tuple(sorted((name, value) for name, value in self.annotations.items() if name not in _NOT_SETTINGS))
