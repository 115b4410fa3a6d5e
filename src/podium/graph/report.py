"""Where the compiler's findings are gathered: from keys and offsets to places in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from podium.graph.problem import Problem
from podium.spec.diagnostic import Diagnostic, Loc, Place

_FIRST = Place(1, 1, 2)


class Positions(Protocol):
    """Where things are written; `podium.spec.positions.Positions` is one."""

    def key(self, loc: Loc) -> Place:
        """Return where the last key of `loc` is written."""
        ...

    def value(self, loc: Loc) -> Place:
        """Return where the value at `loc` is written."""
        ...

    def inside(self, loc: Loc, offset: int, length: int) -> Place:
        """Return where characters of the text at `loc` are written."""
        ...


class Report:
    """The findings of one compilation.

    Attributes:
        hidden: Names that cannot be seen from everywhere, and why: `{name: help}`.
    """

    def __init__(self, file: str, positions: Positions) -> None:
        self._file = file
        self._positions = positions
        self._found: list[Diagnostic] = []
        self.hidden: dict[str, str] = {}

    def at_key(self, code: str, message: str, loc: Loc, help_: str = "") -> None:
        """Report something about the key at `loc`."""
        self._add(code, message, help_, loc, self._positions.key(loc))

    def at_value(self, code: str, message: str, loc: Loc, help_: str = "") -> None:
        """Report something about the value at `loc`."""
        self._add(code, message, help_, loc, self._positions.value(loc))

    def inside(self, code: str, message: str, loc: Loc, span: tuple[int, int], help_: str = "") -> None:
        """Report something about `(offset, length)` of the text at `loc`."""
        self._add(code, message, help_, loc, self._positions.inside(loc, *span))

    def problem(self, problem: Problem, loc: Loc, others: Mapping[str, str] | None = None) -> None:
        """Report what is wrong with an expression; `others` says why a name that is not known might be expected."""
        reasons = {**self.hidden, **(others or {})}
        help_ = reasons.get(problem.name, problem.help) if problem.name else problem.help
        self.inside(problem.code, problem.message, (*loc, *problem.loc), (problem.offset, problem.length), help_)

    def _add(self, code: str, message: str, help_: str, loc: Loc, place: Place) -> None:
        diagnostic = Diagnostic(code=code, message=message, help=help_, file=self._file, place=place, loc=loc)
        if diagnostic not in self._found:
            self._found.append(diagnostic)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the findings in the order of their places."""
        return tuple(sorted(self._found, key=lambda found: (found.place or _FIRST, found.code, found.message)))

    def __bool__(self) -> bool:
        return bool(self._found)
