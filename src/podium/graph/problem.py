"""What is wrong with an expression, by its place in the expression's own text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from podium.spec.diagnostic import Loc


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One finding in an expression or template.

    Attributes:
        code: `EX…`; has a page in `docs/errors`.
        message: One lower-case sentence, user text in backticks.
        help: The next step, or "".
        offset, length: Where, in characters of the text that was checked.
        name: The name that is not known, for callers that know why; else "".
        loc: Keys below the value that was checked, for a template that is a list or an object.
    """

    code: str
    message: str
    help: str = ""
    offset: int = 0
    length: int = 1
    name: str = ""
    loc: Loc = ()

    def moved(self, loc: Loc, offset: int) -> Problem:
        """Return the same problem in the text at `loc` of which the checked text is the part at `offset`."""
        return replace(self, loc=loc, offset=self.offset + offset)
