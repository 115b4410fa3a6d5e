"""How work on an answer is watched and stopped, inside the child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Cancelled(Exception):
    """The parent does not want the answer any more."""


class Telling(NamedTuple):
    """The three ways.

    Attributes:
        reading: Called with the tokens of the prompt that were read, and all of them.
        piece: Called with each piece of text.
        cancelled: Says whether to stop.
    """

    reading: Callable[[int, int], None]
    piece: Callable[[str], None]
    cancelled: Callable[[], bool]
