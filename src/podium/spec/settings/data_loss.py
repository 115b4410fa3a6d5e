"""Sections `[data_loss]` and `[filters.NAME]` of `podium.toml`: what must not leave, and rules on content."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from podium.spec.base import SpecModel
from podium.spec.names import Name

LossAction = Literal["allow", "redact", "approval", "deny"]
LossTable = Annotated[dict[Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*|\*)$")], LossAction],
                      Field(max_length=100)]  # fmt: skip


class DataLossSettings(SpecModel):
    """What happens with personal data and secrets that an effect would send: `{kind, group or *: action}`."""

    models: LossTable = Field(default_factory=dict)
    """What goes to models. Secrets are redacted unless something else is said."""

    tools: LossTable = Field(default_factory=dict)
    """What goes to tools. Secrets are redacted for untrusted tools unless something else is said."""

    all: LossTable = Field(default_factory=dict)
    """What goes anywhere, where nothing is said above."""

    detectors: Annotated[tuple[Name, ...], Field(max_length=8)] = ()
    """Detectors beside the built-in one: `presidio`, or what a plug-in offers in the group `podium.detectors`."""


class FilterSettings(SpecModel):
    """Rules on content; what breaks one of them is not sent, or not taken as an answer."""

    terms: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=1_000)] = ()
    """Words and phrases that must not occur."""

    patterns: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    """Regular expressions, in the syntax of RE2, that must not match."""

    kinds: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Kinds of data that must not occur, such as `url` or `secret`."""

    max_chars: Annotated[int, Field(ge=0)] = 0
    """The longest text; 0 for any length."""

    of: tuple[Literal["request", "reply"], ...] = ("request", "reply")
    """Whether it is asked about what is sent, what comes back, or both."""

    on: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """Effects that it is always asked about, such as `model.chat` or `tool.mail.*`; others by a policy."""

    uses: str = ""
    """A filter that a plug-in offers in the group `podium.filters`; the rules above are then its own."""
