"""Diagnostics for people and for programs.

    examples/refund.yaml:14:11: SP014: node `sumarize` is not defined
       14 |   after: [sumarize]
          |           ^^^^^^^^ did you mean `summarize`?

Plain text without colour: whoever prints it may add some. The JSON form has the same facts, one object a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from podium.spec.diagnostic import Diagnostic, Place

Json = Any
_WIDTH = 160
HIDDEN = "(not shown)"


def render(diagnostics: Sequence[Diagnostic], *, texts: Mapping[str, str]) -> str:
    """Return all findings, each ending in a newline; `texts` is `{file: its text}`, for the lines that are shown."""
    lines = {file: text.split("\n") for file, text in texts.items()}
    return "".join(_one(diagnostic, lines.get(diagnostic.file, ())) for diagnostic in diagnostics)


def as_json(diagnostic: Diagnostic) -> dict[str, Json]:
    """Return `{code, severity, message, help, file, line, column, end_column, loc}`; places are null if none."""
    place = diagnostic.place
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": diagnostic.file,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_column": place.end_column if place else None,
        "loc": list(diagnostic.loc),
    }


def _one(diagnostic: Diagnostic, lines: Sequence[str]) -> str:
    place = diagnostic.place
    where = f"{diagnostic.file}:{place.line}:{place.column}" if place else diagnostic.file
    severity = "" if diagnostic.severity == "error" else f"{diagnostic.severity}: "
    head = f"{where}: {diagnostic.code}: {severity}{diagnostic.message}\n"
    if place is None or not 0 < place.line <= len(lines):
        return head + (f"     {diagnostic.help}\n" if diagnostic.help else "")
    line = (HIDDEN, 0, len(HIDDEN)) if diagnostic.secret else _window(lines[place.line - 1], place)
    shown, indent, width = line
    margin = " " * len(str(place.line))
    carets = f"{' ' * indent}{'^' * width} {diagnostic.help}".rstrip()
    return f"{head}{f'   {place.line} | {shown}'.rstrip()}\n   {margin} | {carets}\n"


def _window(line: str, place: Place) -> tuple[str, int, int]:
    """Return the part of a line that is shown, and where in it the carets begin and how many they are."""
    line = line.replace("\t", " ")
    start, end = place.column - 1, max(place.end_column - 1, place.column)
    left = max(0, min(start - _WIDTH // 2, len(line) - _WIDTH)) if len(line) > _WIDTH else 0
    shown = line[left : left + _WIDTH]
    marked = shown[: start - left], shown[start - left : end - left]
    before = ("…" if left else "") + shown + ("…" if left + _WIDTH < len(line) else "")
    indent = cell_len(marked[0]) + (1 if left else 0)
    return before, indent, max(1, cell_len(marked[1]))
