"""Where a node stands for the governor: within which strand its calls are counted, and at which place.

The rounds of a loop are one place, the items of a map are many. What stands in no loop is a strand of its own, in which
only the turns of its own conversation can repeat anything.
"""

from __future__ import annotations

from podium.engine.state import NodeState, Scope
from podium.gate.governor import Trail

LOOP = "loop"
"""The node type whose items come one after the other, each for what the one before it found."""


def in_loop(node: NodeState) -> bool:
    """Whether a node is part of the rounds of some loop."""
    return _outermost_loop(node.scope) is not None


def trail(node: NodeState) -> Trail:
    """Return where the calls of a node are counted."""
    loop, place = _outermost_loop(node.scope), _place(node)
    return Trail(place if loop is None else _place(loop), place)


def _outermost_loop(scope: Scope) -> NodeState | None:
    found: NodeState | None = None
    around: Scope | None = scope
    while around is not None:
        parent = around.parent
        if parent is not None and parent.work.type == LOOP:
            found = parent
        around = parent.scope if parent is not None else None
    return found


def _place(node: NodeState) -> str:
    name = f"{node.node.id}.{node.variant}" if node.variant else node.node.id
    scope, parent = node.scope, node.scope.parent
    if parent is None:
        return name
    item = f"[{scope.index}]" if scope.graph.each and parent.work.type != LOOP else ""
    part = f".{scope.given.part}" if scope.given.part else ""
    return f"{_place(parent)}{part}{item}/{name}"
