"""From a text to what can be run: load, compile, lint; whatever is wrong with it is a diagnostic."""

from __future__ import annotations

from typing import NamedTuple

from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.lint import lint
from podium.lint.premises import NOBODY_DECIDED, Premises
from podium.spec.diagnostic import Diagnostic
from podium.spec.load import Loaded, load
from podium.spec.model import NodeTypes, Workflow


class Checked(NamedTuple):
    """What is to be said of a workflow; `compiled` is None when any diagnostic is an error."""

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    text: str


def check_text(text: str, *, file: str, node_types: NodeTypes) -> Checked:
    """Return what a workflow says and what is to be said of it; `file` is what messages call it."""
    loaded = load(text, file=file, node_types=node_types)
    if loaded.workflow is None:
        return Checked(None, loaded.diagnostics, loaded.text)
    compiled, found = compile_and_lint(loaded.workflow, loaded, file)
    wrong = any(diagnostic.severity == "error" for diagnostic in found)
    return Checked(None if wrong else compiled, (*loaded.diagnostics, *found), loaded.text)


def compile_and_lint(
    workflow: Workflow, loaded: Loaded, file: str, premises: Premises = NOBODY_DECIDED
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Return a workflow that was loaded, compiled where that can be, and all that is to be said of it."""
    compiled, found = compile_workflow(workflow, file=file, positions=loaded.positions)
    return compiled, found if compiled is None else (*found, *lint(compiled, loaded.positions, file, premises))
