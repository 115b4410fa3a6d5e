"""A node that has no name yet: what `podium.make` gives, and what stands as a fallback or a compensation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from podium.node.contract import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A node without a name.

    Attributes:
        type: Its type key.
        settings: By the keys of a file, with references and Python types as they were given; the type key comes first.
        node_type: The type itself when it is declared in this program and not installed.
    """

    type: str
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    node_type: Node | None = None
