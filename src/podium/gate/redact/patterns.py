"""Regular expressions that other people write: RE2, which takes time in proportion to the text, whatever it holds.

Python's own can be made to take for ever by whoever writes the text, and the text is often an attacker's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cel_expr_python import cel

MAX_PATTERN = 1_000
"""Characters of one regular expression."""


@cache
def _matching() -> cel.Expression:
    return cel.NewEnv(variables={"text": cel.Type.STRING, "form": cel.Type.STRING}).compile("text.matches(form)")


class Pattern:
    """One regular expression, in the syntax of RE2: `(?i)` for any case, no references back, no looking around."""

    __slots__ = ("form",)

    def __init__(self, form: str) -> None:
        """Check the expression.

        Raises:
            ValueError: when it is none, or too long.
        """
        if len(form) > MAX_PATTERN:
            raise ValueError(f"expected at most {MAX_PATTERN} characters")
        self.form = form
        self.matches("")

    def matches(self, text: str) -> bool:
        """Whether any part of the text has this form.

        Raises:
            ValueError: when nobody can tell; the caller takes it for a yes.
        """
        found: Any = _matching().eval(data={"text": text, "form": self.form})
        value: object = found.plain_value() if found.type() != cel.Type.ERROR else None
        if not isinstance(value, bool):
            raise ValueError("expected a regular expression in the syntax of RE2")  # noqa: TRY004 - as the docstring says
        return value
