"""LI004."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from podium.graph.model import Edge, Graph
from podium.lint.rule import Remark
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity
from podium.spec.model import UsesTool


class WriteWithoutApproval:
    """A call that changes the world, with no person asked before it.

    Why is this bad? What a model wrote or a web page said goes out unseen. For changes that nobody needs to see, say so
    by declaring the function's real effect.

    Wrong:

    ```yaml
    podium: 1
    name: notice
    tools:
      files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
    nodes:
      text: {llm: Write a notice for the canteen.}
      post:
        tool: files.write
        with: {path: notice.md, text: "${text.out}"}
    ```

    Right: ask in a node before it, or with `approval: required` at the tool.

    ```yaml
    podium: 1
    name: notice
    tools:
      files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
    nodes:
      text: {llm: Write a notice for the canteen.}
      approve: {human: Post this?, show: text.out}
      post:
        tool: files.write
        with: {path: notice.md, text: "${approve.out}"}
    ```
    """

    code: ClassVar[str] = "LI004"
    name: ClassVar[str] = "write-without-approval"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at calls with effect `write` or `irreversible`."""
        approved = {id(graph): _approved_nodes(graph) for graph in subject.graphs}
        for spot in subject.spots:
            config = spot.node.config
            grant = subject.workflow.tools.get(config.grant) if isinstance(config, UsesTool) else None
            if grant is None or not isinstance(config, UsesTool) or _approved(spot, approved):
                continue
            effect = grant.effect_of(config.function)
            if effect in {"write", "irreversible"} and grant.approval_of(config.function) == "never":
                message = f"`{config.grant}.{config.function}` ({effect}) runs without anybody's approval"
                help_ = "ask in a `human` node before it, or declare `approval: required`"
                yield Remark(message, (*spot.loc, spot.node.type), help_)


def _approved(spot: Spot, approved: Mapping[int, frozenset[int]]) -> bool:
    """Tell whether a person said yes before a node runs, here or before the node whose body it stands in."""
    here = spot.node.index in approved[id(spot.graph)]
    return here or (spot.parent is not None and _approved(spot.parent, approved))


def _approved_nodes(graph: Graph) -> frozenset[int]:
    """Return the nodes that cannot run unless a person said yes (rules of `graph/model.py`).

    A node that is no join is blocked by any data or after edge that did not succeed, so one approved edge is enough; by
    control edges any that fires starts it, so all must be approved. A join may start without any one of its sources.
    """
    approved = set[int]()

    def carries(edge: Edge) -> bool:
        asked = graph.nodes[edge.source].type == "human" and edge.port == "out"
        return asked or edge.source in approved

    for node in graph.nodes:
        control = [carries(edge) for edge in node.incoming if edge.kind == "control"]
        others = [carries(edge) for edge in node.incoming if edge.kind != "control"]
        if node.join is not None:
            yes = bool(node.incoming) and all(carries(edge) for edge in node.incoming)
        else:
            yes = any(others) or (bool(control) and all(control))
        if yes:
            approved.add(node.index)
    return frozenset(approved)
