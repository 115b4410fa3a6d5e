"""LI008."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from podium.graph.model import Edge, Graph, GraphNode
from podium.ids import NodeId
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class MaybeSkipped:
    """A reference to the result of a node that may have been skipped.

    Why is this bad? A node that was skipped has no result. Reading it fails, in the runs in which it was skipped:
    seldom, and late.

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
    """

    code: ClassVar[str] = "LI008"
    name: ClassVar[str] = "maybe-skipped"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at what nodes read, within each scope."""
        guards = {id(graph): _guards(graph) for graph in subject.graphs}
        for spot in subject.spots:
            of = guards[id(spot.graph)]
            for key, name in _unguarded(spot.node):
                source = spot.graph.by_id.get(NodeId(name))
                if source is None or not of[source].exact or of[source].all <= of[spot.node.index].all:
                    continue
                message = f"`{name}` may have been skipped when `{spot.node.id}` runs"
                yield Remark(message, (*spot.loc, key), f"read it as `has({name}.out) ? {name}.out : …`")


class _Guards(NamedTuple):
    """What holds whenever a node runs: nodes whose `when` was true, ports by which a node was left.

    `exact` when the node also runs whenever all of it holds, failures aside.
    """

    all: frozenset[tuple[int, str]]
    exact: bool


def _unguarded(node: GraphNode) -> Iterator[tuple[str, str]]:
    """Yield what a node reads without asking by `has()` whether it is there: the key, and the name."""
    programs = [*node.fields.items(), *([("when", node.when)] if node.when else [])]
    for key, program in programs:
        if not (node.join is not None and key == node.type):
            yield from ((key, name) for name in sorted(program.names - program.guarded))


def _guards(graph: Graph) -> list[_Guards]:
    """Follow the rules of `graph/model.py` in topological order."""
    found: list[_Guards] = []
    for node in graph.nodes:
        control = [_along(edge, found) for edge in node.incoming if edge.kind == "control"]
        others = [_along(edge, found) for edge in node.incoming if edge.kind != "control"]
        any_of = _any(control or others)
        own = frozenset({(node.index, "when")}) if node.when else frozenset[tuple[int, str]]()
        found.append(_Guards(any_of.all | own, any_of.exact and node.join is None))
    return found


def _along(edge: Edge, found: list[_Guards]) -> _Guards:
    source = found[edge.source]
    return _Guards(source.all | {(edge.source, edge.port)}, source.exact) if edge.kind == "control" else source


def _any(ways: list[_Guards]) -> _Guards:
    """Return what holds when at least one of several ways was taken."""
    if not ways:
        return _Guards(frozenset(), exact=True)
    common = ways[0].all.intersection(*(way.all for way in ways))
    return _Guards(common, any(way.all == common and way.exact for way in ways))
