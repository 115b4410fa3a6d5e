"""A workflow that is stored is the workflow that was written: what every example says survives JSON and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.spec.load import load

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))
TYPES = shipped_nodes().configs()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


def test_the_examples_use_every_node_type() -> None:
    text = "\n".join(path.read_text() for path in EXAMPLES)

    assert [key for key in TYPES if f"{key}: " not in text and f"{key}:\n" not in text] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("mode", ["python", "json"])
def test_an_example_survives_being_stored(path: Path, mode: str) -> None:
    written = load(path.read_text(), file=path.name, node_types=TYPES)
    assert written.diagnostics == ()
    assert written.workflow is not None

    stored = json.dumps(written.workflow.model_dump(by_alias=True, exclude_defaults=True, mode=mode))
    read = load(stored, file=path.name, node_types=TYPES)

    assert read.diagnostics == ()
    assert read.workflow == written.workflow
