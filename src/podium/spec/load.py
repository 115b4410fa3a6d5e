"""Loading a workflow file: text in, a model or diagnostics out.

Nothing that a file can contain raises: every problem becomes a diagnostic with its place, one per problem, in our own
words. A workflow comes out only when there is no error.

```python
loaded = load(text, file="release.yaml", node_types=registry.configs())
if loaded.workflow is None:
    print(render(loaded.diagnostics, texts={"release.yaml": loaded.text}))
```
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from podium.spec.diagnostic import Diagnostic
from podium.spec.finding import Finding
from podium.spec.model import NodeTypes, Workflow
from podium.spec.positions import Positions, Written
from podium.spec.problems import diagnostics
from podium.spec.source import MAX_BYTES, read
from podium.spec.upgrade.chain import upgraded, version_of
from podium.spec.wording import described, typed

Json = Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a file says.

    Attributes:
        workflow: None when any diagnostic is an error.
        diagnostics: In the order of their places.
        positions: Where everything is written.
        text: What was read, for showing lines of it.
        root: What was written, in this version of the language; None when it is not readable.
        old: It is written in an older version.
    """

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    positions: Positions
    text: str
    root: Written | None = None
    old: bool = False


LANGUAGE = 1
"""The version of the language that this Podium speaks."""

_SPARE = 8
"""Bytes read beyond the largest file, so that a larger one is seen to be larger, a character cut off or not."""


def load(text: str, *, file: str, node_types: NodeTypes) -> Loaded:
    """Return the workflow written in `text`, or what is wrong with it; never raises for what is in it.

    `file` is the path as the person gave it, for messages.
    """
    source = read(text)
    positions = source.positions
    found = [_from_finding(finding, file, positions) for finding in source.findings]
    workflow, root, old = None, source.root, False
    if root is not None:
        now = upgraded(root)
        old, root = now.root is not root, now.root
        positions = positions.of(root)
        found += [_upgrade(now.changes, file, positions, version_of(source.root or root))] if old else []
        problems = _version(root.value, file, positions)
        if not problems:
            workflow, problems = _validate(root.value, file=file, positions=positions, node_types=node_types)
        found += problems
    found.sort(key=lambda diagnostic: diagnostic.place or (0, 0, 0))
    wrong = any(diagnostic.severity == "error" for diagnostic in found)
    return Loaded(
        workflow=None if wrong else workflow,
        diagnostics=tuple(found),
        positions=positions,
        text=source.text,
        root=root,
        old=old,
    )


def load_file(path: Path, *, node_types: NodeTypes) -> Loaded:
    """Return the workflow in a UTF-8 file; a file that cannot be read is diagnostic SP007."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + _SPARE)
        cut = len(content) > MAX_BYTES  # perhaps within a character; it is refused for its size
        return load(content.decode(errors="ignore" if cut else "strict"), file=file, node_types=node_types)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        return _unread(file, "SP007", f"cannot read `{path.name}`: {reason}", "check the path")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _unread(file, "SP005", f"this is not UTF-8 text, from line {line} on", "save the file as UTF-8")


def _unread(file: str, code: str, message: str, help_: str) -> Loaded:
    diagnostic = Diagnostic(code=code, message=message, help=help_, file=file, place=None)
    return Loaded(workflow=None, diagnostics=(diagnostic,), positions=Positions(), text="")


def _from_finding(finding: Finding, file: str, positions: Positions) -> Diagnostic:
    help_ = finding.help
    if finding.first is not None:
        help_ = f"{help_}; it stands in line {positions.at(finding.first).line} already"
    place = positions.at(finding.span)
    return Diagnostic(code=finding.code, message=finding.message, help=help_, file=file, place=place)


def _upgrade(changes: tuple[str, ...], file: str, positions: Positions, version: int | None) -> Diagnostic:
    message = f"this is written in language version {version}, and read as version {LANGUAGE}"
    return Diagnostic(
        code="SP023",
        severity="note",
        message=message + "".join(f"; {change}" for change in changes),
        help="`podium fmt --upgrade` writes it so",
        file=file,
        place=positions.value(("podium",)),
        loc=("podium",),
    )


def _version(root: Json, file: str, positions: Positions) -> list[Diagnostic]:
    """Return what is wrong when this is no workflow of our version; nothing else is worth saying then."""
    if not isinstance(root, dict):
        message = f"expected a workflow, which is a mapping, got {described(root)}"
        help_ = f"begin the file with `podium: {LANGUAGE}`"
        return [Diagnostic(code="SP012", message=message, help=help_, file=file, place=positions.value(()))]
    version = cast("dict[str, Json]", root).get("podium", LANGUAGE)
    if type(version) is int and version == LANGUAGE:
        return []
    newer = type(version) is int and version > LANGUAGE
    got = typed(version) if isinstance(version, str) else described(version)
    message = f"expected language version {LANGUAGE}, got {got}"
    help_ = "install a newer Podium to run this file" if newer else f"write `podium: {LANGUAGE}`"
    place = positions.value(("podium",))
    return [Diagnostic(code="SP006", message=message, help=help_, file=file, place=place, loc=("podium",))]


def _validate(
    root: Json, *, file: str, positions: Positions, node_types: NodeTypes
) -> tuple[Workflow | None, list[Diagnostic]]:
    try:
        context = {"node_types": node_types}
        return Workflow.model_validate(root, context=context, by_alias=True, by_name=False), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
        return None, diagnostics(errors, root, file=file, positions=positions, node_types=node_types)
