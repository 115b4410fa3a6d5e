"""Diagnostics for people and for programs.

    examples/refund.yaml:14:11: SP014: node `sumarize` is not defined
       14 |   after: [sumarize]
          |           ^^^^^^^^ did you mean `summarize`?

Plain text without colour: whoever prints it may add some. The JSON form has the same facts, one object a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from podium.spec.diagnostic import Diagnostic

Json = Any


def render(diagnostics: Sequence[Diagnostic], *, texts: Mapping[str, str]) -> str:
    """Return all findings, each ending in a newline; `texts` is `{file: its text}`, for the lines that are shown."""
    raise NotImplementedError


def as_json(diagnostic: Diagnostic) -> dict[str, Json]:
    """Return `{code, severity, message, help, file, line, column, end_column, loc, page}`; places are null if none."""
    raise NotImplementedError
