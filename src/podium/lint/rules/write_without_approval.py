"""LI004."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.graph.model import CONTINUE, Edge, Graph, GraphNode
from podium.lint.rule import Remark
from podium.lint.staging import asks, commits, commits_of, is_staged
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity


class WriteWithoutApproval:
    """A call that changes the world, with no person asked before it.

    Why is this bad? What a model wrote or a web page said goes out unseen. For changes that nobody needs to see, say so
    by declaring the function's real effect. A question whose silence means yes (`on_expiry: approve`) is no approval.

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
        """Look at calls with effect `write` or `irreversible`; what undoes something needs no approval of its own."""
        approvals, released = _Approvals(), commits(subject)
        for call in subject.calls:
            if call.grant is None or not call.changes or call.spot.role == "compensation":
                continue
            if is_staged(call) and all(asks(spot) or approvals.asked(spot) for spot in commits_of(call, released)):
                continue  # it happens on the word of whoever lets it go, or never
            if call.grant.approval_of(call.tool.function) == "never" and not approvals.asked(call.spot):
                effect = call.grant.effect_of(call.tool.function)
                message = f"`{call.name}` ({effect}) runs without anybody's approval"
                help_ = "ask in a `human` node before it, or declare `approval: required`"
                yield Remark(message, (*call.spot.loc, call.spot.node.type), help_)


class _Approvals:
    """Where a person has certainly said yes before a node runs."""

    def __init__(self) -> None:
        self._nodes: dict[int, frozenset[int]] = {}
        self._scopes: dict[int, bool] = {}

    def asked(self, spot: Spot) -> bool:
        """Tell whether a person said yes before a node runs: beside it, or before whatever runs its scope."""
        scope = spot.scope
        if id(scope) not in self._nodes:
            self._nodes[id(scope)] = _approved_nodes(scope.graph)
            self._scopes[id(scope)] = bool(scope.callers) and all(self.asked(caller) for caller in scope.callers)
        return spot.index in self._nodes[id(scope)] or self._scopes[id(scope)]


def _says_yes(node: GraphNode) -> bool:
    """Whether a node that is done has certainly been approved by a person: silence is none."""
    return node.type == "human" and getattr(node.config, "on_expiry", "reject") != "approve" and not node.fallbacks


def _approved_nodes(graph: Graph) -> frozenset[int]:
    """Return the nodes that cannot run unless a person said yes (rules of `graph/model.py`).

    A node that is no join is blocked by any data or after edge that did not succeed, so one approved edge is enough; by
    control edges any that fires starts it, so all must be approved. A join may start without any one of its sources.
    """
    approved = set[int]()

    def carries(edge: Edge) -> bool:
        source = graph.nodes[edge.source]
        asked = edge.port == "out" and _says_yes(source) and CONTINUE not in source.handlers.values()
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
