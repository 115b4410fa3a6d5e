"""Where a workflow that somebody only looks at comes from: a file, a file as Git had it, or a published version.

Nothing is published and nothing is run. Git is asked for the bytes of one file, by name and revision; it runs no
filter, no hook and no pager for that.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

from podium.app.installation import Installation
from podium.app.publish import check_file, compile_stored
from podium.errors import UsageError
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.ids import WorkflowVersion
from podium.node.registry import Registry
from podium.spec.diagnostic import SpecError
from podium.spec.load import load

GIT_TIMEOUT_S = 20
LATEST_RUNS = 1_000
"""Runs among whose versions the beginning of a hash is looked for."""

_PUBLISHED = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,63})@(?P<hash>[0-9a-f]{4,64})")
_WHOLE = 64


def is_published(text: str) -> bool:
    """Whether a text names a published version, `name@hash`, and not a file."""
    return _PUBLISHED.fullmatch(text) is not None


def from_file(path: Path, nodes: Registry) -> Compiled:
    """Return what a file says now.

    Raises:
        SpecError: when it cannot be run, with all that is wrong.
    """
    checked = check_file(path, nodes)
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts=checked.texts)
    return checked.compiled


def from_revision(path: Path, revision: str, nodes: Registry) -> Compiled:
    """Return what a file said at a revision of the Git repository that it is in.

    Raises:
        UsageError: AP032 when Git does not have it.
        SpecError: when it cannot be run, with all that is wrong.
    """
    file = f"{path}@{revision}"
    text = _blob(path, revision)
    loaded = load(text, file=file, node_types=nodes.configs())
    if loaded.workflow is None:
        raise SpecError(loaded.diagnostics, texts={file: text})
    compiled, found = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    if compiled is None:
        raise SpecError(found, texts={file: text})
    return compiled


def _blob(path: Path, revision: str) -> str:
    if revision.startswith("-"):  # would be an option
        raise UsageError("AP032", f"`{revision}` is no revision", help="give a commit, a branch or a tag")
    command = ["git", "cat-file", "blob", f"{revision}:./{path.name}"]
    try:
        # the revision is one argument and no option, the name is that of a file the person named
        done = subprocess.run(  # noqa: S603
            command, cwd=path.resolve().parent, capture_output=True, check=False, timeout=GIT_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("AP032", f"Git cannot be asked: {error}", help="is `git` installed?") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(
            "AP032", f"Git has no `{path}` at `{revision}`: {said}", help="`git log FILE` shows where it is"
        )
    return done.stdout.decode(errors="replace")


async def from_version(installation: Installation, text: str) -> Compiled:
    """Return a published version, by the name of its workflow and the beginning of its hash.

    Raises:
        UsageError: AP033 when there is none, or several; ST008 when it is not published here.
    """
    match = _PUBLISHED.fullmatch(text)
    assert match is not None
    name, start = match["name"], match["hash"]
    found = [WorkflowVersion(start)] if len(start) == _WHOLE else await _versions(installation, name, start)
    if len(found) != 1:
        known = ", ".join(version[:12] for version in found)
        message = f"`{text}` fits several versions" if found else f"no run of `{name}` has a version `{start}…`"
        step = f"which one: {known}?" if found else "`podium runs show RUN` names a run's version"
        raise UsageError("AP033", message, help=step)
    source = await installation.store.workflow(found[0])
    if source.name != name:
        message = f"version `{start[:12]}` is one of `{source.name}`, not of `{name}`"
        raise UsageError("AP033", message, help=f"write `{source.name}@{start[:12]}`")
    return await asyncio.to_thread(compile_stored, source, installation.nodes)


async def _versions(installation: Installation, name: str, start: str) -> list[WorkflowVersion]:
    rows = await installation.store.rows(limit=LATEST_RUNS)
    return sorted(
        {WorkflowVersion(row.version) for row in rows if row.workflow == name and row.version.startswith(start)}
    )
