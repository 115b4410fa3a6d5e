"""What rules look at: the compiled workflow, its nodes with their place in the file, and what its expressions say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from podium.graph.model import Compiled, Graph, GraphNode
from podium.spec.diagnostic import Loc
from podium.spec.model import Expression, Template, Workflow, expressions, split_template


class Spot(NamedTuple):
    """A node, the scope it stands in, its keys in the file, and the node whose body that scope is."""

    node: GraphNode
    graph: Graph
    loc: Loc
    parent: Spot | None


@dataclass(frozen=True)
class Subject:
    """A compiled workflow under examination."""

    compiled: Compiled

    @property
    def workflow(self) -> Workflow:
        """The workflow as written."""
        return self.compiled.workflow

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """All nodes, those of bodies after the node that runs them."""
        return tuple(_spots(self.compiled.graph, ("nodes",), None))

    @cached_property
    def graphs(self) -> tuple[Graph, ...]:
        """All scopes."""
        bodies = [graph for spot in self.spots for graph in spot.node.bodies.values()]
        return (self.compiled.graph, *bodies)

    @cached_property
    def formulas(self) -> tuple[str, ...]:
        """The texts of all expressions, without the text around them."""
        configs = [found for spot in self.spots for _, found in expressions(spot.node.config)]
        results = [self.workflow.result] if self.workflow.result else []
        return tuple(text for found in (*configs, *results) for text in _formulas(found))


def _spots(graph: Graph, loc: Loc, parent: Spot | None) -> Iterator[Spot]:
    for node in graph.nodes:
        spot = Spot(node, graph, (*loc, node.id), parent)
        yield spot
        for part, body in node.config.bodies().items():
            if part in node.bodies:
                yield from _spots(node.bodies[part], (*spot.loc, *body.loc), spot)


def _formulas(value: Expression | Template) -> Iterator[str]:
    if isinstance(value, Expression):
        yield value
        return
    for _, text in value.texts():
        yield from (piece.text for piece in split_template(text) if piece.expression)
