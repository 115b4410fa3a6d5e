"""A problem at some characters of a text, before it is known how lines and columns are counted."""

from __future__ import annotations

from typing import NamedTuple

from podium.spec.positions import Span


class Finding(NamedTuple):
    """A problem of the text.

    Attributes:
        help: The next step.
        first: For something written twice: where it stands first.
    """

    code: str
    message: str
    span: Span
    help: str = ""
    first: Span | None = None


class Refused(Exception):
    """Reading ends here: what follows cannot be understood, or should not be read."""

    def __init__(self, code: str, message: str, span: Span, *, help: str = "") -> None:  # noqa: A002 - as in PodiumError
        super().__init__(message)
        self.finding = Finding(code, message, span, help)
