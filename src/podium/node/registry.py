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
from podium.node.function import node_of
from podium.node.guard import guarded
from podium.spec.model import NodeConfig, keys_of

ENTRY_POINT = "podium.nodes"


class Registry(Mapping[str, Node]):
    """`{type key: node type}`; a key is taken once."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        for node in nodes:
            if node.type in self._nodes:
                raise UsageError("AP003", f"node type `{node.type}` is defined twice", help="uninstall one plug-in")
            _name_config(node)
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


def _name_config(node: Node) -> None:
    """Tell the config by which key it is found; one that extends another type's config has that one's fields first."""
    config = node.config
    if node.type not in keys_of(config):
        message = f"node type `{node.type}` has a config without a field `{node.type}`"
        raise UsageError("AP052", message, help="name the main argument like the type")
    if vars(config).get("type_key", node.type) != node.type:
        message = f"node types `{config.type_key}` and `{node.type}` have the same config"
        raise UsageError("AP052", message, help="give each type a config class of its own")
    config.type_key = node.type


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
    """Return the node types of installed plug-ins, in the order of their names: classes, or marked functions."""
    found = sorted(entry_points(group=ENTRY_POINT), key=lambda point: point.name)
    return [guarded(node_of(point.load())) for point in found]
