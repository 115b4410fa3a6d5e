"""Findings as the lines by which a job on GitHub Actions marks them in a change.

    ::warning file=a.yaml,line=4,col=20,endColumn=31,title=LI006::this text looks like a secret; refer to it as …

A line break, a percent sign, and in properties a comma or colon would end something; they are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable

from podium.spec.diagnostic import Diagnostic

_KINDS = {"error": "error", "warning": "warning", "note": "notice"}
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def marks(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line a finding, each ending in a newline."""
    return "".join(_line(diagnostic) for diagnostic in diagnostics)


def _line(diagnostic: Diagnostic) -> str:
    about = {"file": diagnostic.file}
    if (place := diagnostic.place) is not None:
        about |= {"line": str(place.line), "col": str(place.column), "endColumn": str(place.end_column)}
    about["title"] = diagnostic.code
    written = ",".join(f"{key}={value.translate(str.maketrans(_IN_PROPERTIES))}" for key, value in about.items())
    text = f"{diagnostic.message}; {diagnostic.help}" if diagnostic.help else diagnostic.message
    return f"::{_KINDS[diagnostic.severity]} {written}::{text.translate(str.maketrans(_IN_TEXT))}\n"
