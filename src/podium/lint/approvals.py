"""Where a person has certainly said yes before a node runs, and which calls ask for one by themselves."""

from __future__ import annotations

from podium.gate.autonomy import demanded
from podium.graph.model import CONTINUE, Edge, Graph, GraphNode
from podium.lint.staging import asks, commits, commits_of, is_staged
from podium.lint.subject import Call, Scope, Spot, Subject
from podium.spec.tool import EffectClass


class Approvals:
    """Of one workflow."""

    def __init__(self, subject: Subject) -> None:
        self._commits = commits(subject)
        self._nodes: dict[int, frozenset[int]] = {}
        self._scopes: dict[int, bool] = {}

    def asked(self, spot: Spot) -> bool:
        """Tell whether a person said yes before a node runs: beside it, or before whatever runs its scope."""
        scope = spot.scope
        if id(scope) not in self._nodes:
            self._nodes[id(scope)] = _approved_nodes(scope.graph)
            self._scopes[id(scope)] = bool(scope.callers) and all(self.asked(caller) for caller in scope.callers)
        return spot.index in self._nodes[id(scope)] or self._scopes[id(scope)]

    def declared(self, call: Call) -> bool:
        """Tell whether a person is asked about the very call: by its grant, its workflow, or who releases it."""
        grant = call.grant
        if grant is None:
            return False
        effect = grant.effect_of(call.tool.function)
        if grant.approval_of(call.tool.function) != "never":
            return True
        if call.spot.role != "compensation" and _demands(call.spot.scope, effect):
            return True
        return is_staged(call) and all(asks(spot) for spot in commits_of(call, self._commits))

    def released_on_a_word(self, call: Call) -> bool:
        """Tell whether a call is only prepared, and happens after somebody's yes, or never."""
        return is_staged(call) and all(asks(one) or self.asked(one) for one in commits_of(call, self._commits))


def _demands(scope: Scope, effect: EffectClass) -> bool:
    """Whether the file of a scope lets it not go far enough by itself, or those of all that run it do not."""
    if any(one.kind == "approval" for one in demanded(scope.graph.autonomy, effect)):
        return True
    return bool(scope.callers) and all(_demands(caller.scope, effect) for caller in scope.callers)


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
