"""The bound on what one evaluation of an expression may do."""

from __future__ import annotations

from podium.errors import ExpressionError

MAX_WORK = 50_000
"""Units of work in one evaluation: rounds of loops, and parts of values handed to CEL. About half a second."""


class TooMuchWork(ExpressionError):
    """The bound on work was reached; nothing absorbs this."""


class Work:
    """What one evaluation may still do."""

    __slots__ = ("left",)

    def __init__(self, units: int = MAX_WORK) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Take `units`.

        Raises:
            TooMuchWork: when there are not so many left.
        """
        self.left -= units
        if self.left < 0:
            raise TooMuchWork(
                f"the expression takes more than {MAX_WORK} steps", help="go through the list with a `map` node"
            )
