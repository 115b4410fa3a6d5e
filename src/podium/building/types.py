"""The node types that a workflow built here may use: the shipped ones, plug-ins, and those this program declares."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import podium.nodes
from podium.node.contract import Node
from podium.node.registry import Registry, installed_nodes, nodes_in


@cache
def node_types() -> Registry:
    """Return the shipped node types and those of installed plug-ins, looked up once a process."""
    return Registry((*nodes_in(podium.nodes), *installed_nodes()))


def with_declared(declared: Iterable[Node]) -> Registry:
    """Return these beside the others.

    Raises:
        UsageError: AP003 when one takes a type key that is taken.
    """
    extra = tuple(declared)
    return Registry((*node_types().values(), *extra)) if extra else node_types()
