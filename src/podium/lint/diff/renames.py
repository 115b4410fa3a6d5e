"""Nodes that are the same under another id.

A node that only one workflow has and one that only the other has are the same when their configs are, once the names
that are known to be the same are written alike. What refers to a renamed node is looked at again, so a whole chain may
have new names. Only nodes of the same scope are compared: moving a node into a map is a change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from podium.graph.model import Graph, GraphNode
from podium.lint.diff.plain import Names, whole

Renames = Mapping[str, Names]
"""`{scope: {name before: name after}}`; a scope is written as after: "" for the workflow, `drafts`, `pay.catch1`."""


def scope_of(place: str, part: str) -> str:
    """Return the name of a scope inside a node, such as `pay.catch1`."""
    return f"{place}.{part}" if part else place


def place_in(scope: str, node: str) -> str:
    """Return the place of a node in a scope, such as `drafts/write`."""
    return f"{scope}/{node}" if scope else node


def renames(before: Graph, after: Graph) -> Renames:
    """Return the ids that changed."""
    found: dict[str, Names] = {}
    _compare(before, after, "", {}, found)
    return found


def _compare(before: Graph, after: Graph, scope: str, outer: Names, found: dict[str, Names]) -> None:
    names = _pairs(before, after, outer)
    if names:
        found[scope] = names
    for node in before.nodes:
        name = names.get(node.id, node.id)
        other = next((one for one in after.nodes if one.id == name), None)
        for part, body in node.bodies.items() if other else ():
            if other and part in other.bodies and not body.flow:
                inner = scope_of(place_in(scope, name), part)
                _compare(body, other.bodies[part], inner, {**outer, **names}, found)


def _pairs(before: Graph, after: Graph, outer: Names) -> dict[str, str]:
    gone = [node for node in before.nodes if node.id not in after.by_id]
    new = [node for node in after.nodes if node.id not in before.by_id]
    names: dict[str, str] = {}
    for _ in range(min(len(gone), len(new))):
        left = _by_content([node for node in gone if node.id not in names], {**outer, **names})
        right = _by_content([node for node in new if node.id not in names.values()], {})
        pairs = [pair for key in left.keys() & right.keys() for pair in zip(left[key], right[key], strict=False)]
        if not pairs:
            break
        names |= dict(pairs)
    return names


def _by_content(nodes: Sequence[GraphNode], names: Names) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for node in sorted(nodes, key=lambda node: node.id):
        found[f"{node.type} {json.dumps(whole(node.config, names), sort_keys=True)}"].append(node.id)
    return found
