"""Every whole workflow of the node types and the examples can be loaded, touched and written without loss."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import podium
from podium.graph.closure import closure

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r'^```yaml run="ok"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def texts() -> dict[str, str]:
    found = {str(file.relative_to(ROOT)): file.read_text() for file in sorted((ROOT / "examples").glob("**/*.yaml"))}
    for file in sorted((ROOT / "src/podium/nodes").glob("[a-z]*.py")):
        for number, text in enumerate(FENCE.findall(ast.get_docstring(ast.parse(file.read_text())) or "")):
            found[f"{file.stem}:{number}"] = text
    return found


TEXTS = texts()


def test_there_are_workflows_to_look_at() -> None:
    assert len(TEXTS) > 20


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_that_is_touched_in_code_means_what_it_meant(name: str) -> None:
    wf = podium.Workflow.from_yaml(TEXTS[name])
    assert wf.to_yaml() == TEXTS[name]
    before = closure(wf.model)

    for node in wf.values():
        node.set(about="Touched.")
    assert closure(wf.model) != before
    touched = podium.Workflow.from_yaml(wf.to_yaml())
    assert touched.model == wf.model

    original = podium.Workflow.from_yaml(TEXTS[name]).model
    for node in wf.values():
        node.set(about=original.nodes[node.id].about)
    assert closure(wf.model) == before
