"""The node types of this installation: the shipped ones, and plug-ins."""

from __future__ import annotations

import podium.nodes
from podium.node.registry import Registry, installed_nodes, nodes_in


def shipped_nodes() -> Registry:
    """Return the shipped node types, followed by those of installed plug-ins.

    Raises:
        UsageError: AP003 when a plug-in takes a type key that is taken.
    """
    return Registry((*nodes_in(podium.nodes), *installed_nodes()))
