"""From a file to a published version: load it and the files it names, compile, lint, keep.

A version is published before its first run and never changes; what a run executes is compiled from the stored
closure, so a file that has been edited since changes no run that is on its way.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from podium.app.flow_files import add_files
from podium.errors import LedgerError
from podium.graph.closure import closure, version
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.ids import ADMIN, WorkflowVersion
from podium.ledger.store import RunStore, WorkflowSource
from podium.lint.check import compile_and_lint
from podium.lint.premises import NOBODY_DECIDED, Premises
from podium.node.registry import Registry
from podium.spec.diagnostic import Diagnostic, SpecError
from podium.spec.load import Loaded, load, load_file
from podium.spec.model import NodeTypes, Workflow


class Checked(NamedTuple):
    """What is to be said of a file; `compiled` is None when any diagnostic is an error.

    Attributes:
        text: Its text.
        texts: `{file: text}` of it and of the files that it names as sub-workflows.
        linted: What was looked at, also where lint has found errors; None when it does not compile.
    """

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    text: str
    texts: dict[str, str]
    linted: Compiled | None = None


class Published(NamedTuple):
    """A workflow that runs can be started with, and what lint remarked."""

    compiled: Compiled
    version: WorkflowVersion
    diagnostics: tuple[Diagnostic, ...]
    text: str
    texts: dict[str, str]


def check_file(path: Path, nodes: Registry, premises: Premises = NOBODY_DECIDED) -> Checked:
    """Load, compile and lint a file and those it names; whatever is wrong with them is a diagnostic."""
    types = nodes.configs()
    return _check(load_file(path, node_types=types), path, types, premises)


def check_text(text: str, path: Path, nodes: Registry, premises: Premises = NOBODY_DECIDED) -> Checked:
    """Do the same for text that is not yet in its file, such as what an editor holds."""
    types = nodes.configs()
    return _check(load(text, file=str(path), node_types=types), path, types, premises)


def _check(loaded: Loaded, path: Path, types: NodeTypes, premises: Premises) -> Checked:
    compiled: dict[str, Compiled | None] = {}

    def check(workflow: Workflow, each: Loaded, file: str) -> tuple[Diagnostic, ...]:
        compiled[file], diagnostics = compile_and_lint(workflow, each, file, premises)
        return diagnostics

    whole = add_files(loaded, path, types, check)
    texts, linted = {**whole.texts, str(path): loaded.text}, compiled.get(str(path))
    return Checked(linted if whole.workflow else None, whole.diagnostics, loaded.text, texts, linted)


async def publish(
    store: RunStore, nodes: Registry, path: Path, *, by: str = "", premises: Premises = NOBODY_DECIDED
) -> Published:
    """Check a file and keep it as a version.

    Raises:
        SpecError: when it cannot be run, with all that is wrong.
    """
    checked = await asyncio.to_thread(check_file, path, nodes, premises)
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts=checked.texts)
    content = closure(checked.compiled.workflow)
    name = checked.compiled.workflow.name
    source = WorkflowSource(
        version=version(content), name=name, closure=content, source=checked.text, file=str(path), by=by
    )
    await store.publish(source)
    return Published(checked.compiled, source.version, checked.diagnostics, checked.text, checked.texts)


def compile_stored(source: WorkflowSource, nodes: Registry) -> Compiled:
    """Return the compiled form of a published version.

    Raises:
        SpecError: when this installation lacks what it needs, such as a plug-in.
        LedgerError: LE012 when it is not the one of its version.
    """
    if version(source.closure) != source.version:
        raise LedgerError(
            "LE012",
            f"the store has another workflow as version `{source.version[:12]}`",
            stream=ADMIN,
            seq=None,
            help="somebody changed the store; keep it as it is, and compare it with a backup",
        )
    text = source.closure.decode()
    loaded = load(text, file=source.file, node_types=nodes.configs())
    if loaded.workflow is None:
        raise SpecError(loaded.diagnostics, texts={source.file: text})
    compiled, found = compile_workflow(loaded.workflow, file=source.file, positions=loaded.positions)
    if compiled is None:
        raise SpecError(found, texts={source.file: text})
    return compiled
