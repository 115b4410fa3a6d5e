"""What people read when a file is wrong: one golden text per mistake, so that reviewers read messages in the diff.

`PODIUM_GOLDEN=write` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.spec.load import load
from podium.spec.render import render

GOLDEN = Path(__file__).parents[1] / "golden" / "diagnostics"
MISTAKES = sorted(GOLDEN.glob("*.yaml"))
NODE_TYPES = shipped_nodes().configs()


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_reads_as_its_golden_text(path: Path) -> None:
    file = f"{path.stem}.yaml"
    loaded = load(path.read_text(encoding="utf-8"), file=file, node_types=NODE_TYPES)
    told = render(loaded.diagnostics, texts={file: loaded.text})

    golden = path.with_suffix(".txt")
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(told, encoding="utf-8")

    assert loaded.workflow is None
    assert told == golden.read_text(encoding="utf-8")


def test_there_are_mistakes_to_test() -> None:
    assert len(MISTAKES) >= 25
    assert {path.stem for path in MISTAKES} == {path.stem for path in GOLDEN.glob("*.txt")}
