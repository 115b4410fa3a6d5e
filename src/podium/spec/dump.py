"""From a model back to its file.

`dump(workflow, node_types=…)` writes a fresh file in canonical form. `dump(workflow, original=text, …)` is for a file
that exists: only what differs in meaning from what `text` says is changed in it, so comments, order, quotes and empty
lines stay, and a workflow that was loaded and not changed gives the same bytes. What is deleted takes its comments
along.

What comes out is read again and compared with the model; a text that would say something else is never given out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from podium.spec.dump_patch import expanded, patched
from podium.spec.dump_values import written
from podium.spec.format import changed, checked, formatted, same
from podium.spec.format_emit import text_of
from podium.spec.format_fresh import fresh
from podium.spec.format_tree import Tree
from podium.spec.load import load
from podium.spec.model import NodeTypes, Workflow

Json = Any
_FILE = "workflow.yaml"


def dump(workflow: Workflow, *, original: str | None = None, node_types: NodeTypes) -> str:
    """Return a workflow as YAML; with `original`, that text with only what says something else now changed.

    Raises:
        SpecError: when `original` is no workflow.
        PodiumError: SP022 when no text was found that says the same, which is a defect of Podium.
    """
    if original is None:
        text = text_of(Tree(fresh(written(workflow, node_types))))
        return _held(text, workflow, node_types)
    loaded = load(original, file=_FILE, node_types=node_types)
    old = checked(loaded, _FILE)
    if same(old, workflow):
        return original
    if loaded.old:
        original = formatted(original, file=_FILE, node_types=node_types, upgrade=True)
    before = written(old, node_types, like=old)
    # a default that is written out may stay, unless its node type refuses it beside what is new
    wanted = [written(workflow, node_types, like=old), written(workflow, node_types)]
    for text in _originals(original, node_types):
        for after in wanted:
            result = patched(text, before, after)
            if _says(result, workflow, node_types):
                return result
    raise changed(_FILE, "change what it means")


def _originals(original: str, node_types: NodeTypes) -> Iterator[str]:
    """Yield the text, then forms of it in which more can be changed: without aliases, then in canonical layout too."""
    yield original
    plain = expanded(original)
    yield plain
    yield formatted(plain, file=_FILE, node_types=node_types)


def _says(text: str, workflow: Workflow, node_types: NodeTypes) -> bool:
    again = load(text, file=_FILE, node_types=node_types).workflow
    return again is not None and same(again, workflow)


def _held(text: str, workflow: Workflow, node_types: NodeTypes) -> str:
    if not _says(text, workflow, node_types):
        raise changed(_FILE, "change what it means")
    return text
