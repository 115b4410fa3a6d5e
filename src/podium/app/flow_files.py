"""Files that are named as sub-workflows: `subflow: ./greet.yaml` becomes an entry under `flows:`, by that very text.

1. A name that stands under `flows:` is never a file. Otherwise a text that begins with `./` or `../`, or ends with
   `.yaml` or `.yml`, is a path from the folder of the file that names it.
2. With its symbolic links followed, the file stands in the same tree: below the root of the Git repository that the
   main file is in, or, outside of a repository, below the main file's folder. Nothing else on the machine is read.
3. Files name files at most 8 deep and never in a circle, and there are at most 200 of them.
4. Each file is checked by itself, and what is wrong with it is said with its own name and lines. Only when all of them
   hold, the one that names them is compiled.
5. Where a node says `version:`, the closure of what it runs must have that hash.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from podium.graph.closure import closure, version
from podium.graph.fields import written_at
from podium.nodes.subflow import SubflowConfig
from podium.spec.diagnostic import Diagnostic, Loc
from podium.spec.load import Loaded, load_file
from podium.spec.model import NodeConfig, NodeTypes, Workflow
from podium.spec.positions import Positions

MAX_DEPTH = 8
MAX_FILES = 200
_SHOWN = 12
"""Characters of a hash that people compare."""

Check = Callable[[Workflow, Loaded, str], tuple[Diagnostic, ...]]
"""Compiles and lints one file by itself: `(its workflow, what was loaded, its name)`."""


class WithFiles(NamedTuple):
    """A workflow with the files it names.

    Attributes:
        workflow: None when one of them does not hold.
        diagnostics: All that is to be said of it and of those files.
        texts: `{file: its text}` of the files it names.
    """

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]


class Call(NamedTuple):
    """A node that runs a sub-workflow, and where it names it."""

    config: NodeConfig
    loc: Loc
    at: Loc


def add_files(loaded: Loaded, path: Path, node_types: NodeTypes, check: Check) -> WithFiles:
    """Return the workflow of a file with those that its nodes name under `flows`, all of them checked."""
    files = _Files(tree=_tree_of(path), node_types=node_types, check=check)
    here = _Here(path=path, file=str(path), positions=loaded.positions, around=(path.resolve(),))
    return WithFiles(files.whole(loaded, here), tuple(files.found), files.texts)


def _tree_of(path: Path) -> Path:
    folder = path.resolve().parent
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """The file whose nodes are looked at.

    Attributes:
        around: It and those that led to it, links followed.
        named: Where the files that it names stand in it: what is remarked there has been said of the file itself.
    """

    path: Path
    file: str
    positions: Positions
    around: tuple[Path, ...]
    named: set[Loc] = field(default_factory=set[Loc])

    def is_told(self, found: Diagnostic) -> bool:
        """Whether a remark is about a file that is named."""
        return found.severity != "error" and any(found.loc[: len(loc)] == loc for loc in self.named)


@dataclass(slots=True, kw_only=True)
class _Files:
    tree: Path
    node_types: NodeTypes
    check: Check
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    loaded: dict[Path, Workflow | None] = field(default_factory=dict[Path, "Workflow | None"])

    def whole(self, loaded: Loaded, here: _Here) -> Workflow | None:
        """Return the workflow of a file with those it names, checked; None when anything is wrong."""
        self.found += loaded.diagnostics
        if loaded.workflow is None:
            return None
        before = len(self.found)
        workflow = self.resolved(loaded.workflow, here, ())
        if not self._is_wrong(before):
            found = self.check(workflow, loaded, here.file)
            self.found += [one for one in found if not here.is_told(one)]
        return None if self._is_wrong(before) else workflow

    def _is_wrong(self, since: int) -> bool:
        return any(found.severity == "error" for found in self.found[since:])

    def resolved(self, workflow: Workflow, here: _Here, loc: Loc) -> Workflow:
        """Return a workflow, that of a file or one under its `flows`, with the files it names."""
        flows = {name: self.resolved(flow, here, (*loc, "flows", name)) for name, flow in workflow.flows.items()}
        calls = list(_calls(workflow.nodes.items(), (*loc, "nodes")))
        for call in calls:
            name = call.config.flow()
            if name not in flows and _is_file(name):
                flow = self._file(name, call, here)
                if flow is not None:
                    flows[name] = flow
                    here.named.add((*loc, "flows", name))
        for call in calls:
            self._check_version(call, flows.get(call.config.flow()), here)
        return workflow.model_copy(update={"flows": flows}) if flows != workflow.flows else workflow

    def _file(self, name: str, call: Call, here: _Here) -> Workflow | None:
        path = here.path.parent / name
        real = path.resolve()
        if problem := self._problem(name, path, real, here):
            code, message, help_ = problem
            self._say(code, message, call.at, here, help_)
            return None
        if real not in self.loaded:
            self.loaded[real] = self._load(path, real, here)
        return self.loaded[real]

    def _problem(self, name: str, path: Path, real: Path, here: _Here) -> tuple[str, str, str] | None:
        if Path(name).is_absolute() or not real.is_relative_to(self.tree):
            help_ = "name a file beside this one or below; in a Git repository, anywhere in it"
            return "SP030", f"`{name}` is not in the tree of this workflow", help_
        if real in here.around:
            help_ = "a workflow cannot run itself; use `loop` to do work again"
            return "SP031", f"`{name}` leads back to itself: {_circle(real, here)}", help_
        if len(here.around) > MAX_DEPTH:
            return "SP032", f"sub-workflows name each other more than {MAX_DEPTH} deep", "let one do the work itself"
        if len(self.loaded) >= MAX_FILES and real not in self.loaded:
            return "SP032", f"more than {MAX_FILES} files are named", "split the workflow"
        if not path.is_file():
            return "SP007", f"cannot read `{name}`: there is no such file", "paths begin at the folder of this file"
        return None

    def _load(self, path: Path, real: Path, here: _Here) -> Workflow | None:
        shown = Path(os.path.normpath(path))
        loaded = load_file(shown, node_types=self.node_types)
        file = str(shown)
        self.texts[file] = loaded.text
        inner = _Here(path=shown, file=file, positions=loaded.positions, around=(*here.around, real))
        return self.whole(loaded, inner)

    def _check_version(self, call: Call, flow: Workflow | None, here: _Here) -> None:
        config = call.config
        if flow is None or not isinstance(config, SubflowConfig) or config.version is None:
            return
        actual = version(closure(flow))
        if not actual.startswith(config.version):
            self._say(
                "SP033",
                f"`{config.subflow}` has version `{actual[:_SHOWN]}`, not `{config.version[:_SHOWN]}`",
                (*call.loc, "version"),
                here,
                f"look at what has changed, then write `version: {actual[:_SHOWN]}`",
            )

    def _say(self, code: str, message: str, loc: Loc, here: _Here, help_: str) -> None:
        place = here.positions.value(loc)
        self.found.append(Diagnostic(code=code, message=message, file=here.file, place=place, help=help_, loc=loc))


def _is_file(name: str) -> bool:
    return name.startswith(("./", "../")) or name.endswith((".yaml", ".yml"))


def _circle(real: Path, here: _Here) -> str:
    names = [path.name for path in here.around[here.around.index(real) :]]
    return " → ".join((*names, real.name))


def _calls(nodes: Iterable[tuple[str, NodeConfig]], loc: Loc) -> Iterator[Call]:
    """Yield the nodes that run sub-workflows, with those inside and beside others."""
    for node, config in nodes:
        yield from _calls_of(config, (*loc, node))


def _calls_of(config: NodeConfig, loc: Loc) -> Iterator[Call]:
    if config.flow():
        yield Call(config, loc, (*loc, *written_at(config, config.flow())))
    for index, other in enumerate(config.fallback):
        yield from _calls_of(other, (*loc, "fallback", index))
    if config.compensate is not None:
        yield from _calls_of(config.compensate, (*loc, "compensate"))
    for body in config.bodies().values():
        yield from _calls(body.nodes.items(), (*loc, *body.loc))
