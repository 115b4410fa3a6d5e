"""The node type that the documentation of `podium.node` shows works as a plug-in would."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import podium.node
from podium.errors import UsageError
from podium.node import Done
from podium.node.registry import Registry
from podium.nodes.llm import LlmNode
from podium.spec.load import load
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

FENCE = re.compile(r"^```python\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def shout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    match = FENCE.search(podium.node.__doc__ or "")
    assert match is not None
    (tmp_path / "shouting_plug_in.py").write_text(match["body"])
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return import_module("shouting_plug_in").ShoutNode()


async def test_the_documented_node_type_works(shout: Any) -> None:
    loaded = load(
        "podium: 1\nname: loud\nnodes:\n  a: {shout: hello}\n",
        file="loud.yaml",
        node_types=Registry([LlmNode(), shout]).configs(),
    )

    assert loaded.diagnostics == ()
    assert loaded.workflow is not None
    assert await shout.run(ScriptedContext(), loaded.workflow.nodes["a"], {"shout": "hello"}) == Done("HELLO")


def test_a_type_key_is_taken_once(shout: Any) -> None:
    with pytest.raises(UsageError) as caught:
        Registry([shout, shout])

    assert caught.value.code == "AP003"
