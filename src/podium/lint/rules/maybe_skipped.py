"""LI008."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.graph.fields import reads
from podium.graph.model import GraphNode, Program
from podium.ids import NodeId
from podium.lint.rule import Remark
from podium.lint.subject import Scope, Spot, Subject
from podium.spec.diagnostic import Loc, Severity

_ERROR = "error"
_FILTERS, _STOPS = "map", "end"
"""The type of node that leaves out what gives nothing, and the one that ends the run."""


class MaybeSkipped:
    """A reference to the result of a node that may have been skipped.

    Why is this bad? A node that was skipped has no result, and neither has one that failed and whose error another node
    handled. Reading it fails, in the runs in which that happened: seldom, and late.

    Wrong:

    ```yaml
    podium: 1
    name: reply
    inputs:
      letter: {type: text, default: "Wie heißt die Straße?"}
    nodes:
      summary: {llm: "Summarize in a sentence: ${inputs.letter}"}
      translation:
        llm: "Translate into English: ${inputs.letter}"
        when: inputs.letter.contains('ß')
      answer: {llm: "Answer this. ${summary.out} ${translation.out}"}
    ```

    Right: ask whether it is there, or let a `join` take what there is.

    ```yaml
    podium: 1
    name: reply
    inputs:
      letter: {type: text, default: "Wie heißt die Straße?"}
    nodes:
      summary: {llm: "Summarize in a sentence: ${inputs.letter}"}
      translation:
        llm: "Translate into English: ${inputs.letter}"
        when: inputs.letter.contains('ß')
      answer: {llm: "Answer this. ${summary.out} ${has(translation.out) ? translation.out : ''}"}
    ```

    The same holds for the result of a workflow, of a scope or of a loop's round. A `map` leaves out the items whose
    result was skipped. Every combination of what nodes may do is tried, up to some hundreds.
    """

    code: ClassVar[str] = "LI008"
    name: ClassVar[str] = "maybe-skipped"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at what nodes and results read."""
        for spot in subject.spots:
            for loc, name in dict.fromkeys(_unguarded(spot.node)):
                if (host := _host(spot, name)) is not None and _may_miss(*host, name):
                    yield _remark(name, f"`{spot.node.id}` runs", (*spot.loc, *loc))
        for scope in subject.scopes:
            yield from _results(scope)


def _remark(name: str, when: str, loc: Loc) -> Remark:
    return Remark(f"`{name}` may have no result when {when}", loc, f"read it as `has({name}.out) ? {name}.out : …`")


def _results(scope: Scope) -> Iterator[Remark]:
    """Look at what a scope gives once all its nodes have ended."""
    graph = scope.graph
    caller = scope.callers[0] if scope.callers and not scope.isolated else None
    told: list[tuple[Program, Loc, str]] = []
    if caller is None and graph.result is not None:
        told.append((graph.result, (*scope.top, "result"), "the workflow has ended"))
    if caller is not None:
        bodies = caller.node.config.bodies()
        part = next(part for part, body in caller.node.bodies.items() if body is graph)
        if graph.result is not None and caller.node.type != _FILTERS:
            told.append((graph.result, (*caller.loc, *bodies[part].result_loc), "the nodes around it have ended"))
        for name, inner in bodies[part].tells.items():
            if name in graph.tells:
                told.append((graph.tells[name], (*caller.loc, *inner.loc), "the nodes around it have ended"))
    for program, loc, when in told:
        for name in sorted(program.names - program.guarded):
            index = graph.by_id.get(NodeId(name))
            if index is not None and any(index not in ran for ran in _all_ended(scope)):
                yield _remark(name, when, loc)


def _all_ended(scope: Scope) -> Iterator[frozenset[int]]:
    """Yield the nodes that may have run when all have ended; after an `end` node nobody asks for a result."""
    nodes = scope.graph.nodes
    last = [node.index for node in nodes if not node.outgoing]
    stops = {node.index for node in nodes if node.type == _STOPS}
    return (ran for ran in scope.outcomes.tried(last).runs if not ran & stops)


def _host(spot: Spot, name: str) -> tuple[Scope, int] | None:
    """Return the scope that knows a name as a node, and which of its nodes reads it there, perhaps from within."""
    scope, index = spot.scope, spot.index
    while NodeId(name) not in scope.graph.by_id:
        if scope.isolated or scope.graph.variable == name:
            return None
        caller = scope.callers[0]
        scope, index = caller.scope, caller.index
    return scope, index


def _may_miss(scope: Scope, index: int, name: str) -> bool:
    other = scope.graph.by_id[NodeId(name)]
    return other != index and scope.outcomes.without(index, other)


def _unguarded(node: GraphNode) -> Iterator[tuple[Loc, str]]:
    """Yield where a node reads a result without asking by `has()`, in the same expression or its `when`, for it."""
    found = [read for read in reads(node.config) if read.loc[0] != "fallback"]
    asked = {(read.loc, read.offset, read.reference.name) for read in found if read.reference.guarded}
    asked_first = {read.reference.name for read in found if read.reference.guarded and read.loc == ("when",)}
    ours = {*asked_first, *node.config.late_names()}
    for read in found:
        name = read.reference.name
        sources = node.join is not None and read.loc[0] == node.type
        known = read.reference.port == _ERROR or name in ours or (read.loc, read.offset, name) in asked
        if not sources and not known:
            yield read.loc, name
