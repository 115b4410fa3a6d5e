"""One kind, one file, one registration: a node type is its module, and everything else is found from there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

import podium.nodes
from podium.app.nodes import shipped_nodes
from podium.node.contract import Done, Fork, Node, Park
from podium.spec.load import load
from podium.spec.model import NodeConfig

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r'^```yaml run="(?P<want>[^"]+)"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
NODES = Path(podium.nodes.__path__[0])
NAMES = sorted(path.stem for path in NODES.glob("*.py") if path.stem != "__init__")
TYPES = shipped_nodes()


def classes_of(name: str) -> list[type]:
    module = import_module(f"podium.nodes.{name}")
    return [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__]


def test_there_are_node_types_to_look_at() -> None:
    assert {"llm", "tool", "map", "join", "human"} <= set(NAMES)


def test_the_registry_holds_exactly_the_modules() -> None:
    shipped = [key for key, node in TYPES.items() if type(node).__module__.startswith("podium.nodes.")]

    assert sorted(shipped) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_module_defines_one_node_type_and_its_config(name: str) -> None:
    nodes = [
        cast("type[Node]", found) for found in classes_of(name) if hasattr(found, "type") and hasattr(found, "run")
    ]
    configs = [found for found in classes_of(name) if issubclass(found, NodeConfig)]

    assert [node.type for node in nodes] == [name]
    assert [node.config for node in nodes] == configs


@pytest.mark.parametrize("name", NAMES)
def test_the_first_setting_is_the_type_key(name: str) -> None:
    own = [
        field.alias or key
        for key, field in TYPES[name].config.model_fields.items()
        if key not in NodeConfig.model_fields
    ]

    assert own[0] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_help_text(name: str) -> None:
    silent = [key for key, field in TYPES[name].config.model_fields.items() if not field.description]

    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_a_node_that_pauses_can_go_on(name: str) -> None:
    returns = inspect.signature(type(TYPES[name]).run).return_annotation

    assert hasattr(TYPES[name], "resume") == (Park.__name__ in returns)
    assert hasattr(TYPES[name], "collect") == (Fork.__name__ in returns)
    assert {Done.__name__, Park.__name__, Fork.__name__} & set(returns.split(" | ")) or name == "end"


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_shows_a_workflow_that_uses_it(name: str) -> None:
    blocks = FENCE.findall(inspect.getdoc(import_module(f"podium.nodes.{name}")) or "")

    assert blocks
    for _, body in blocks:
        loaded = load(body, file=f"{name}.py", node_types=TYPES.configs())
        assert loaded.diagnostics == ()
        assert loaded.workflow is not None
        assert name in set(types_in(loaded.workflow.nodes))


def types_in(nodes: Mapping[Any, NodeConfig]) -> Iterator[str]:
    """Yield the types of these nodes and of those inside them."""
    for node in nodes.values():
        yield TYPES_OF[type(node)]
        for body in node.bodies().values():
            yield from types_in(body.nodes)


TYPES_OF = {node.config: key for key, node in TYPES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_its_test_file_exists(name: str) -> None:
    assert (ROOT / "tests" / "nodes" / f"test_{name}.py").is_file()
