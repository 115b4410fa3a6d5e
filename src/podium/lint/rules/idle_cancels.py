"""LI015."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.graph.model import GraphNode
from podium.ids import NodeId
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class IdleCancels:
    """A node that is withdrawn when it has always ended already, or before it can ever begin.

    Why is this bad? `cancels` stops what is at work beside a node. What stands before the node has ended when it is
    done; what only comes after it would never run.

    Wrong:

    ```yaml
    podium: 1
    name: race
    nodes:
      ask: {human: Shall we?, cancels: [remind]}
      remind: {llm: Write a reminder., after: [ask]}
    ```

    Right:

    ```yaml
    podium: 1
    name: race
    nodes:
      ask: {human: Shall we?, cancels: [patience]}
      patience: {wait: 2d}
      remind: {llm: Write a reminder., after: [patience]}
    ```
    """

    code: ClassVar[str] = "LI015"
    name: ClassVar[str] = "idle-cancels"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare what is withdrawn with what stands before and after."""
        for spot in subject.spots:
            if spot.role != "node":
                continue
            graph, outcomes = spot.scope.graph, spot.scope.outcomes
            for place, name in enumerate(spot.node.config.cancels):
                loc, other = (*spot.loc, "cancels", place), graph.by_id[NodeId(name)]
                if other == spot.index:
                    yield Remark(f"`{name}` withdraws itself", loc, "delete it")
                elif other in outcomes.settled[spot.index]:
                    yield Remark(f"`{name}` has always ended when `{spot.node.id}` begins", loc, "delete it")
                elif _comes_after(graph.nodes[other], spot.index):
                    message = f"`{name}` only begins after `{spot.node.id}`, which withdraws it: it never runs"
                    yield Remark(message, loc, "name what runs beside it")


def _comes_after(node: GraphNode, index: int) -> bool:
    """Whether a node runs only when another one is done: it is no join and waits for its success."""
    return node.join is None and any(edge.source == index and edge.port == "out" for edge in node.incoming)
