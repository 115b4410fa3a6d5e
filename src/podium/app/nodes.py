"""The node types that come with Podium; the one list of them."""

from __future__ import annotations

from podium.node.registry import Registry, installed_nodes
from podium.nodes.end import EndNode
from podium.nodes.human import HumanNode
from podium.nodes.join import JoinNode
from podium.nodes.llm import LlmNode
from podium.nodes.map import MapNode
from podium.nodes.switch import SwitchNode
from podium.nodes.tool import ToolNode
from podium.nodes.transform import TransformNode
from podium.nodes.validate import ValidateNode
from podium.nodes.wait import WaitNode


def shipped_nodes() -> Registry:
    """Return the shipped node types, followed by those of installed plug-ins.

    Raises:
        UsageError: AP003 when a plug-in takes a type key that is taken.
    """
    return Registry(
        (
            LlmNode(),
            ToolNode(),
            TransformNode(),
            SwitchNode(),
            MapNode(),
            JoinNode(),
            HumanNode(),
            ValidateNode(),
            WaitNode(),
            EndNode(),
            *installed_nodes(),
        )
    )
