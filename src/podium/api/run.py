"""Start a workflow here: `run` and wait for what comes of it, `start` and keep a handle, `attach` to a run that exists.

A workflow is one built in Python, or the path of a file. It is checked, published as a version and started as by
`podium run`: recorded in the installation's store (`home`, by default the nearest `.podium` as for the command line),
under the same gate, with the same tools and models.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from podium.api.handle import Handle
from podium.api.result import Result
from podium.app.home import find_home
from podium.app.installation import Installation
from podium.app.publish import Published, check_text
from podium.building.workflow import Workflow
from podium.effects.ports import Models
from podium.graph.closure import closure, version
from podium.ledger.record import RunMode
from podium.ledger.store import WorkflowSource
from podium.node.contract import Node
from podium.spec.diagnostic import SpecError

Json = Any


async def run(
    workflow: Workflow | Path | str,
    inputs: Mapping[str, Json] | None = None,
    *,
    home: Path | str | None = None,
    model: Models | None = None,
    mode: RunMode = "live",
) -> Result:
    """Run a workflow until it has ended, or until only people can get it on.

    Args:
        workflow: One built in Python, or the path of a file.
        inputs: By name.
        home: The installation; by default the nearest `.podium`.
        model: What is asked in place of the installed models, such as a `ScriptedModel`.
        mode: `shadow` reads for real and writes nothing; in a `dry` run nothing leaves at all.

    Raises:
        SpecError: the workflow has errors.
        UsageError: the inputs do not fit.
    """
    async with await start(workflow, inputs, home=home, model=model, mode=mode) as handle:
        return await handle.rest()


async def start(
    workflow: Workflow | Path | str,
    inputs: Mapping[str, Json] | None = None,
    *,
    home: Path | str | None = None,
    model: Models | None = None,
    mode: RunMode = "live",
) -> Handle:
    """Start a workflow; it goes on in this process until the handle is closed or the loop ends.

    Args:
        workflow: One built in Python, or the path of a file.
        inputs: By name.
        home: The installation; by default the nearest `.podium`.
        model: What is asked in place of the installed models, such as a `ScriptedModel`.
        mode: `shadow` reads for real and writes nothing; in a `dry` run nothing leaves at all.

    Raises:
        SpecError: the workflow has errors.
        UsageError: the inputs do not fit.
    """
    declared = workflow.declared if isinstance(workflow, Workflow) else ()
    async with AsyncExitStack() as closing:
        installation = await _opened(closing, home, model, declared)
        published = await _published(installation, workflow)
        created = await installation.start(published, inputs or {}, mode=mode)
        return Handle(created, installation, closing.pop_all())


async def attach(
    run: str,
    *,
    home: Path | str | None = None,
    model: Models | None = None,
    workflow: Workflow | None = None,
) -> Handle:
    """Go on with a run that exists; where another process drives it, it is only watched and answered.

    Args:
        run: Its id, or the beginning of it.
        home: The installation; by default the nearest `.podium`.
        model: What is asked in place of the installed models.
        workflow: Where the run uses node types that a program declares: the workflow that has them.

    Raises:
        UsageError: AP002 when there is none, AP006 when there are several.
    """
    declared = workflow.declared if workflow is not None else ()
    async with AsyncExitStack() as closing:
        installation = await _opened(closing, home, model, declared)
        return Handle(await installation.find_run(run), installation, closing.pop_all())


async def _opened(
    closing: AsyncExitStack, home: Path | str | None, model: Models | None, declared: tuple[Node, ...]
) -> Installation:
    folder = await asyncio.to_thread(_folder, home)
    return await closing.enter_async_context(Installation.open(folder, models=model, nodes=declared))


def _folder(home: Path | str | None) -> Path:
    return find_home() if home is None else Path(home).expanduser().absolute()


async def _published(installation: Installation, workflow: Workflow | Path | str) -> Published:
    if not isinstance(workflow, Workflow):
        return await installation.publish(Path(workflow))
    text = await asyncio.to_thread(workflow.to_yaml)
    premises = await asyncio.to_thread(lambda: installation.premises)
    checked = await asyncio.to_thread(check_text, text, Path(workflow.file), installation.nodes, premises)
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts=checked.texts)
    content = closure(checked.compiled.workflow)
    source = WorkflowSource(
        version=version(content), name=workflow.name, closure=content, source=checked.text, file=workflow.file
    )
    await installation.store.publish(source)
    return Published(checked.compiled, source.version, checked.diagnostics, checked.text, checked.texts)
