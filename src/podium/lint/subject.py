"""What rules look at: the compiled workflow, its nodes with their place in the file, and what its expressions say.

A *spot* is a node at its place: a node of the workflow, of a body (a map, a scope, …), of a sub-workflow, a fallback or
a compensation. A *scope* is a graph at its place. A sub-workflow is one scope, however many nodes run it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from podium.graph.model import Compiled, Graph, GraphNode
from podium.lint.labels import Labels
from podium.lint.outcomes import Outcomes
from podium.lint.premises import NOBODY_DECIDED, Premises
from podium.spec.diagnostic import Loc
from podium.spec.model import (
    Expression,
    Retry,
    Template,
    ToolSpec,
    UsesTool,
    UsesTools,
    Workflow,
    expressions,
    split_template,
)

Role = Literal["node", "fallback", "compensation"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Scope:
    """A graph at its place.

    Attributes:
        loc: The keys of its nodes.
        top: The keys of the workflow or sub-workflow that it belongs to; () for the workflow itself.
        callers: The nodes that run it: one for a body, any number for a sub-workflow, none for the workflow.
        tools: What its nodes may use.
        outcomes: How its nodes may end.
    """

    graph: Graph
    loc: Loc
    top: Loc
    tools: Mapping[str, ToolSpec]
    callers: list[Spot] = field(default_factory=list["Spot"])

    @cached_property
    def outcomes(self) -> Outcomes:
        """How its nodes may end."""
        return Outcomes(self.graph)

    @property
    def isolated(self) -> bool:
        """Whether it sees nothing of what is around it: the workflow, and each sub-workflow."""
        return self.loc == (*self.top, "nodes")

    def around(self) -> Scope | None:
        """Return the scope whose names it sees, too."""
        return None if self.isolated else self.callers[0].scope


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """A node at its place.

    Attributes:
        index: That of the node which has a place in the graph: for a fallback, the node that it stands in for.
    """

    node: GraphNode
    scope: Scope
    loc: Loc
    index: int
    role: Role = "node"


class Used(NamedTuple):
    """One of the functions that a node may call; see `UsesTool`."""

    grant: str
    function: str
    retry: Retry | None


class Call(NamedTuple):
    """A call of a function of a granted tool; `grant` is None when nobody granted it."""

    spot: Spot
    tool: UsesTool | Used
    grant: ToolSpec | None

    @property
    def name(self) -> str:
        """The function as it is written: `files.write`."""
        return f"{self.tool.grant}.{self.tool.function}"

    @property
    def changes(self) -> bool:
        """Whether it changes the world."""
        return self.grant is not None and self.grant.effect_of(self.tool.function) in ("write", "irreversible")


@dataclass(frozen=True, eq=False)
class Subject:
    """A compiled workflow under examination."""

    compiled: Compiled
    premises: Premises = NOBODY_DECIDED

    @cached_property
    def labels(self) -> Labels:
        """The labels that its values may have."""
        return Labels(self.compiled.graph, self.premises.lattice, model=self.premises.model)

    @property
    def workflow(self) -> Workflow:
        """The workflow as written."""
        return self.compiled.workflow

    @cached_property
    def workflows(self) -> tuple[tuple[Loc, Workflow], ...]:
        """The workflow and all that are defined in it, with their keys."""
        return tuple(_workflows((), self.workflow))

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """All scopes, each after those that run it; sub-workflows that nobody runs are not compiled and not here."""
        return tuple(dict.fromkeys([self._root, *(spot.scope for spot in self.spots)]))

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """All nodes, those inside others after the node that runs them."""
        return tuple(self._walk(self._root))

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls of tools."""
        return tuple(
            Call(spot, used, spot.scope.tools.get(used.grant))
            for spot in self.spots
            for used in _used(spot.node.config)
        )

    def within(self, top: Loc) -> Iterator[Spot]:
        """Yield the nodes of the workflow or sub-workflow at `top`."""
        return (spot for spot in self.spots if spot.scope.top == top)

    def formulas(self, top: Loc) -> tuple[str, ...]:
        """Return the texts of all expressions of the workflow at `top`, without the text around them."""
        workflow = dict(self.workflows)[top]
        found = [one for spot in self.within(top) for _, one in expressions(spot.node.config)]
        found += [one for one in (workflow.result, workflow.concurrency and workflow.concurrency.key) if one]
        return tuple(text for one in found for text in formulas_of(one))

    @cached_property
    def _root(self) -> Scope:
        return Scope(graph=self.compiled.graph, loc=("nodes",), top=(), tools=self.workflow.tools)

    @cached_property
    def _flows(self) -> dict[int, Scope]:
        return {}

    def _walk(self, scope: Scope) -> Iterator[Spot]:
        for node in scope.graph.nodes:
            loc = (*scope.loc, node.id)
            yield from self._at(Spot(node, scope, loc, node.index))
            for number, fallback in enumerate(node.fallbacks):
                yield from self._at(Spot(fallback, scope, (*loc, "fallback", number), node.index, "fallback"))
            if node.compensation is not None:
                yield from self._at(Spot(node.compensation, scope, (*loc, "compensate"), node.index, "compensation"))

    def _at(self, spot: Spot) -> Iterator[Spot]:
        yield spot
        scope, node = spot.scope, spot.node
        if (name := node.config.flow()) and "" in node.bodies:
            known = self._flows.get(id(node.bodies[""]))
            if known is not None:
                known.callers.append(spot)
                return
            graph, top = node.bodies[""], (*scope.top, "flows", name)
            flow = Scope(graph=graph, loc=(*top, "nodes"), top=top, tools=graph.tools, callers=[spot])
            self._flows[id(graph)] = flow
            yield from self._walk(flow)
        for part, body in node.config.bodies().items():
            if part in node.bodies:
                graph, loc = node.bodies[part], (*spot.loc, *body.loc)
                inner = Scope(graph=graph, loc=loc, top=scope.top, tools=scope.tools, callers=[spot])
                yield from self._walk(inner)


def _used(config: object) -> Iterator[UsesTool | Used]:
    if isinstance(config, UsesTool):
        yield config
    elif isinstance(config, UsesTools):
        for name in config.may_call():
            grant, _, function = name.partition(".")
            yield Used(grant, function, config.retry)


def formulas_of(value: Expression | Template) -> Iterator[str]:
    """Yield the expressions of a field, without the text around them."""
    if isinstance(value, Expression):
        yield value
        return
    for _, text in value.texts():
        yield from (piece.text for piece in split_template(text) if piece.expression)


def _workflows(loc: Loc, workflow: Workflow) -> Iterator[tuple[Loc, Workflow]]:
    yield loc, workflow
    for name, flow in workflow.flows.items():
        yield from _workflows((*loc, "flows", name), flow)
