"""What people read when a file is wrong: one golden text per mistake, so that reviewers read messages in the diff.

`PODIUM_GOLDEN=write` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.lint.lint import lint
from podium.spec.diagnostic import Diagnostic
from podium.spec.load import Loaded, load
from podium.spec.render import render

GOLDEN = Path(__file__).parents[1] / "golden" / "diagnostics"
MISTAKES = sorted(GOLDEN.glob("*.yaml"))
NODE_TYPES = shipped_nodes().configs()


def findings(loaded: Loaded, file: str) -> tuple[Diagnostic, ...]:
    """Return what `podium lint` tells."""
    if loaded.workflow is None:
        return loaded.diagnostics
    compiled, found = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    return found if compiled is None else lint(compiled, loaded.positions, file)


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_reads_as_its_golden_text(path: Path) -> None:
    file = f"{path.stem}.yaml"
    loaded = load(path.read_text(encoding="utf-8"), file=file, node_types=NODE_TYPES)
    told = render(findings(loaded, file), texts={file: loaded.text})

    golden = path.with_suffix(".txt")
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(told, encoding="utf-8")

    assert told != ""
    assert told == golden.read_text(encoding="utf-8")


def test_there_are_mistakes_to_test() -> None:
    assert len(MISTAKES) >= 25
    assert {path.stem for path in MISTAKES} == {path.stem for path in GOLDEN.glob("*.txt")}
