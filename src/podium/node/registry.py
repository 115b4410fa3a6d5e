"""The node types of an installation: the shipped ones and plug-ins found by entry point `podium.nodes`."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import cast

from podium.errors import UsageError
from podium.node.contract import Node
from podium.spec.model import NodeConfig

ENTRY_POINT = "podium.nodes"


class Registry(Mapping[str, Node]):
    """`{type key: node type}`; a key is taken once."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        for node in nodes:
            if node.type in self._nodes:
                raise UsageError("AP003", f"node type `{node.type}` is defined twice", help="uninstall one plug-in")
            self._nodes[node.type] = node

    def __getitem__(self, key: str) -> Node:
        return self._nodes[key]

    def __iter__(self):  # noqa: ANN204 - inherited
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def configs(self) -> dict[str, type[NodeConfig]]:
        """Return what the loader needs: `{type key: config}`."""
        return {key: node.config for key, node in self._nodes.items()}


def nodes_in(package: ModuleType) -> list[Node]:
    """Return the node types of a package, one a module, in the order of their names.

    A module's node type is its one class with `type` and `run`; a module without one is no node type.
    """
    found: list[Node] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        name = f"{package.__name__}.{module}"
        classes = [value for value in vars(import_module(name)).values() if isinstance(value, type)]
        found += [cast("Node", kind()) for kind in classes if kind.__module__ == name and hasattr(kind, "type")]
    return found


def installed_nodes() -> list[Node]:
    """Return the node types of installed plug-ins, in the order of their names."""
    found = sorted(entry_points(group=ENTRY_POINT), key=lambda point: point.name)
    return [cast("Node", point.load()()) for point in found]
