"""From a text to what can be run: load, compile, lint; whatever is wrong with it is a diagnostic."""

from __future__ import annotations

from typing import NamedTuple

from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.lint import lint
from podium.spec.diagnostic import Diagnostic
from podium.spec.load import Loaded, load
from podium.spec.model import NodeTypes


class Checked(NamedTuple):
    """What is to be said of a workflow; `compiled` is None when any diagnostic is an error."""

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    text: str


def check_text(text: str, *, file: str, node_types: NodeTypes) -> Checked:
    """Return what a workflow says and what is to be said of it; `file` is what messages call it."""
    return check_loaded(load(text, file=file, node_types=node_types), file)


def check_loaded(loaded: Loaded, file: str) -> Checked:
    """Return the same for what has been loaded."""
    if loaded.workflow is None:
        return Checked(None, loaded.diagnostics, loaded.text)
    compiled, found = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    if compiled is None:
        return Checked(None, (*loaded.diagnostics, *found), loaded.text)
    diagnostics = (*loaded.diagnostics, *found, *lint(compiled, loaded.positions, file))
    wrong = any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return Checked(None if wrong else compiled, diagnostics, loaded.text)
