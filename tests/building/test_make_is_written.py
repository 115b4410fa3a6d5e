"""The functions of `make` are what the node types say; `make golden` writes them anew."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.building import make
from podium.building.nodes import Nodes
from podium.building.signatures import method, shipped, written
from podium.node.contract import NodeConfig

FILE = Path(make.__file__)
RUFF = Path(sys.executable).parent / "ruff"


def formatted(text: str) -> str:
    arguments = [RUFF, "format", "--stdin-filename", str(FILE), "-"]
    return subprocess.run(arguments, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.skipif(
    not RUFF.exists() and shutil.which("ruff") is None, reason="compared in the form that ruff gives it"
)
def test_the_checked_in_text_is_what_the_configs_give() -> None:
    text = formatted(written())
    if os.environ.get("PODIUM_GOLDEN") == "write":
        FILE.write_text(text)

    assert FILE.read_text() == text, "run `make golden` and read the diff"


@pytest.mark.parametrize("key", sorted(shipped()))
def test_every_setting_is_a_parameter_and_told(key: str) -> None:
    function = getattr(make, method(key))
    own = set(shipped()[key].model_fields) - set(NodeConfig.model_fields)

    assert set(inspect.signature(function).parameters) == own | {"properties"}
    assert all(f"\n    {name}: " in inspect.getdoc(function) for name in own)  # type: ignore[operator]


def test_every_property_of_a_node_is_a_keyword() -> None:
    assert set(make.Properties.__annotations__) == set(NodeConfig.model_fields)


@pytest.mark.parametrize("key", sorted(shipped_nodes().keys() & shipped().keys()))
def test_a_workflow_has_a_method_for_every_node_type(key: str) -> None:
    assert inspect.getattr_static(Nodes, method(key)).__doc__ == getattr(make, method(key)).__doc__
