"""From a file to a published version: load, compile, lint, keep.

A version is published before its first run and never changes; what a run executes is compiled from the stored
closure, so a file that has been edited since changes no run that is on its way.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from podium.graph.closure import closure, version
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.ids import WorkflowVersion
from podium.ledger.store import RunStore, WorkflowSource
from podium.lint.lint import lint
from podium.node.registry import Registry
from podium.spec.diagnostic import Diagnostic, SpecError
from podium.spec.load import Loaded, load, load_file


class Checked(NamedTuple):
    """What is to be said of a file; `compiled` is None when any diagnostic is an error."""

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    text: str


class Published(NamedTuple):
    """A workflow that runs can be started with, and what lint remarked."""

    compiled: Compiled
    version: WorkflowVersion
    diagnostics: tuple[Diagnostic, ...]
    text: str


def check_file(path: Path, nodes: Registry) -> Checked:
    """Load, compile and lint a file; whatever is wrong with it is a diagnostic."""
    return _check(load_file(path, node_types=nodes.configs()), str(path))


def _check(loaded: Loaded, file: str) -> Checked:
    if loaded.workflow is None:
        return Checked(None, loaded.diagnostics, loaded.text)
    compiled, found = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    if compiled is None:
        return Checked(None, (*loaded.diagnostics, *found), loaded.text)
    remarks = lint(compiled, loaded.positions, file)
    diagnostics = (*loaded.diagnostics, *found, *remarks)
    wrong = any(diagnostic.severity == "error" for diagnostic in diagnostics)
    return Checked(None if wrong else compiled, diagnostics, loaded.text)


async def publish(store: RunStore, nodes: Registry, path: Path) -> Published:
    """Check a file and keep it as a version.

    Raises:
        SpecError: when it cannot be run, with all that is wrong.
    """
    checked = await asyncio.to_thread(check_file, path, nodes)
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts={str(path): checked.text})
    content = closure(checked.compiled.workflow)
    name = checked.compiled.workflow.name
    source = WorkflowSource(version=version(content), name=name, closure=content, source=checked.text, file=str(path))
    await store.publish(source)
    return Published(checked.compiled, source.version, checked.diagnostics, checked.text)


def compile_stored(source: WorkflowSource, nodes: Registry) -> Compiled:
    """Return the compiled form of a published version.

    Raises:
        SpecError: when this installation lacks what it needs, such as a plug-in.
    """
    text = source.closure.decode()
    loaded = load(text, file=source.file, node_types=nodes.configs())
    if loaded.workflow is None:
        raise SpecError(loaded.diagnostics, texts={source.file: text})
    compiled, found = compile_workflow(loaded.workflow, file=source.file, positions=loaded.positions)
    if compiled is None:
        raise SpecError(found, texts={source.file: text})
    return compiled
