"""What the compiler tells a person, one golden text per mistake, so that reviewers read messages in the diff.

`PODIUM_GOLDEN=write` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.spec.load import load
from podium.spec.render import render

GOLDEN = Path(__file__).parents[1] / "golden" / "compile"
MISTAKES = sorted(GOLDEN.glob("*.yaml"))
NODE_TYPES = shipped_nodes().configs()


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_of_sense_reads_as_its_golden_text(path: Path) -> None:
    file = f"{path.stem}.yaml"
    loaded = load(path.read_text(encoding="utf-8"), file=file, node_types=NODE_TYPES)
    assert loaded.workflow is not None, render(loaded.diagnostics, texts={file: loaded.text})

    compiled, diagnostics = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    told = render(diagnostics, texts={file: loaded.text})

    golden = path.with_suffix(".txt")
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(told, encoding="utf-8")
    assert compiled is None
    assert told == golden.read_text(encoding="utf-8")


def test_there_are_mistakes_of_sense_to_test() -> None:
    assert len(MISTAKES) >= 15
    assert {path.stem for path in MISTAKES} == {path.stem for path in GOLDEN.glob("*.txt")}
