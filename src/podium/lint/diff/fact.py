"""A fact about a workflow: something that can be the same or not in another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from podium.lint.diff.scales import Scale, neutral

Json = Any


class Fact(NamedTuple):
    """One thing that a workflow says.

    Attributes:
        value: Never None; the part of it that is compared is all of it.
        scale: What a change of it means.
        owners: The places of the things it belongs to.
        always: Worth telling also when an owner is there only once, unless the change is neutral.
        words: What the thing is, for one that says that the thing is there.
    """

    value: Json
    scale: Scale = neutral
    owners: tuple[str, ...] = ()
    always: bool = False
    words: str = ""


THERE: Json = True
"""The value of a fact that says that something is there."""

Facts = Mapping[tuple[str, str], Fact]
"""`{(place, aspect): fact}`; aspect "" says that the thing is there."""
