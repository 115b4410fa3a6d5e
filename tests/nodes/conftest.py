"""Node configs from YAML, as the loader makes them, and what is wrong with bad ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from podium.app.nodes import shipped_nodes
from podium.spec.model import AnyNode, NodeConfig

_TYPES = shipped_nodes().configs()  # here, since plug-ins are looked for on disk
_NODE: TypeAdapter[NodeConfig] = TypeAdapter(AnyNode)


def _configure(text: str) -> NodeConfig:
    mapping: Any = cast("Any", YAML(typ="safe", pure=True)).load(text)  # not typed
    return _NODE.validate_python(mapping, context={"node_types": _TYPES})


def _complaints(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        _configure(text)
    found = [(".".join(map(str, error["loc"])), error["msg"]) for error in caught.value.errors()]
    # a list whose only item is wrong counts as too short as well; the loader tells the inner mistake alone
    return [(place, text) for place, text in found if not any(other.startswith(place + ".") for other, _ in found)]


@pytest.fixture
def configure() -> Callable[[str], Any]:
    """Return the config that a node written in YAML becomes."""
    return _configure


@pytest.fixture
def complaints() -> Callable[[str], list[tuple[str, str]]]:
    """Return `(place, message)` of everything that is wrong with the form of a node written in YAML."""
    return _complaints
