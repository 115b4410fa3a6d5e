"""A diagnostic: what is wrong in a file, where, and what to do next.

Rendered as

    examples/refund.yaml:14:11: SP014: node `sumarize` is not defined
       14 |   after: [sumarize]
          |           ^^^^^^^^ did you mean `summarize`?

Lines and columns count from 1. A diagnostic is a value: the loader, the compiler and lint return lists of them, and
only the command line and `SpecError` print them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from podium.errors import UsageError

Severity = Literal["error", "warning", "note"]

Loc = tuple[str | int, ...]
"""Keys and indices from the top of the file, such as `("nodes", "drafts", "do", "write", "llm")`."""


class Place(NamedTuple):
    """Where something is written; lines and columns from 1, `end_column` exclusive and on the same line."""

    line: int
    column: int
    end_column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: Such as `SP014`.
        message: One lower-case sentence, user text in backticks.
        severity: An error stops the run; a warning stops it under `--strict`.
        file: The path as the person gave it.
        place: Where, or None when it is the file as a whole.
        help: The next step, or "".
        loc: The same place as keys, for editors and the canvas.
        secret: The line is not to be shown.
    """

    code: str
    message: str
    severity: Severity = "error"
    file: str
    place: Place | None
    help: str = ""
    loc: Loc = ()
    secret: bool = False


class SpecError(UsageError):
    """A file is wrong; nothing was run.

    Attributes:
        diagnostics: Everything that was found, at least one error.
        texts: `{file: its text}`, for showing the lines.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], *, texts: dict[str, str]) -> None:
        first = next(diagnostic for diagnostic in diagnostics if diagnostic.severity == "error")
        where = f"{first.file}:{first.place.line}:{first.place.column}: " if first.place else f"{first.file}: "
        super().__init__(first.code, where + first.message, help=first.help)
        self.diagnostics = tuple(diagnostics)
        self.texts = texts
