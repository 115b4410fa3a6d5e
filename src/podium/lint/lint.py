"""Lint: is a workflow that compiles also sensible? Runs every rule in `podium.lint.rules` over the compiled form."""

from __future__ import annotations

from podium.graph.model import Compiled
from podium.spec.diagnostic import Diagnostic
from podium.spec.positions import Positions


def lint(compiled: Compiled, positions: Positions, file: str) -> tuple[Diagnostic, ...]:
    """Return what the rules found, in the order of the places."""
    raise NotImplementedError
