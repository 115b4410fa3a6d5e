"""The compiled form of a workflow: what the engine runs and lint inspects. Immutable, no I/O.

How edges decide (see docs/adr/0007-joins-and-skips.md). Every edge ends in one of four states:

- **fired**: its source left by this edge's port (or handled its error by `continue`, for `out` edges);
- **not chosen**: its source is done and left by another port of its own choice (switch, or a handler that was not
  needed), or was itself skipped because of a choice (`not_chosen`, `when`);
- **blocked**: its source did not succeed (it left by a handled port such as `error` or `rejected`), or was itself
  skipped as blocked.

A node that is no join waits until all its incoming edges have ended, and then

1. is skipped as blocked when any `data` or `after` edge is blocked: what it builds on did not succeed;
2. is skipped when it has control edges and none of them fired: as blocked if one of them is, else as not chosen;
3. is skipped as not chosen when it has no control edges, has other edges, and none of them fired;
4. starts otherwise. (So two exclusive branches may meet in a plain node.)

A join starts when as many of its sources have fired as its rule needs (0: when all have ended and at least one
fired); it is skipped when that cannot happen any more, as blocked if any source is blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from podium.ids import NodeId
from podium.spec.model import InputSpec, JoinRule, NodeConfig, Workflow
from podium.spec.types import Type

Json = Any

CONTINUE = "continue"
"""Value of `on_error` that lets the run go on as if the node had given null."""


class Program(Protocol):
    """A checked expression, template or tree of them, ready to evaluate."""

    @property
    def names(self) -> frozenset[str]:
        """The names it reads: nodes, `inputs`, the item variable of a map."""
        ...

    @property
    def guarded(self) -> frozenset[str]:
        """Those of `names` that stand inside a `has(…)` somewhere in it."""
        ...

    @property
    def type(self) -> Type:
        """The type of its value."""
        ...

    def eval(self, names: Mapping[str, Json]) -> Json:
        """Return its value.

        Args:
            names: At least `self.names`. A node that is done is `{"out": value}`, one that was skipped `{}`, one that
                failed and is handled `{"error": {"code", "kind", "message"}}`.

        Raises:
            ExpressionError: for an error value, a missing field, a number out of range, or too much work.
        """
        ...


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a port of one node to another node, both by index in their graph.

    Attributes:
        held_by: The index of the validator whose span the edge leaves (the last one, when there are several), else
            -1. The edge ends only when that validator has ended: nobody uses a draft that is still being checked.
    """

    source: int
    port: str
    target: int
    kind: Literal["control", "data", "after"]
    held_by: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphNode:
    """A node of a graph.

    Attributes:
        index: Its place in `Graph.nodes`; a topological order.
        fields: What is evaluated before it runs, `{config field: program}`; `when` and late fields excluded. A field
            that is a tuple or mapping with expressions inside is one program that gives a list or object.
        late: Programs of late fields, by the text of the expression.
        join: Set for joins; its edges have kind `data`.
        body: What it runs per item, or None.
        handlers: `{port: node index}` for `on_<port>`, `CONTINUE` for `on_error: continue`.
        span: For a node that revises: the nodes between its target and itself, both included, by index.
        target: For a node that revises: the index of the node it sends back to work, else -1.
        max_rounds: For a node that revises: how often, else 0.
        out: Type of its result.
    """

    index: int
    id: NodeId
    type: str
    config: NodeConfig
    when: Program | None = None
    fields: Mapping[str, Program] = field(default_factory=dict[str, Program])
    late: Mapping[str, Program] = field(default_factory=dict[str, Program])
    join: JoinRule | None = None
    body: Graph | None = None
    handlers: Mapping[str, int | Literal["continue"]] = field(default_factory=dict[str, int | Literal["continue"]])
    span: tuple[int, ...] = ()
    target: int = -1
    max_rounds: int = 0
    incoming: tuple[Edge, ...] = ()
    outgoing: tuple[Edge, ...] = ()
    out: Type = field(default_factory=Type.any)


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A scope: the workflow, or the body of a map.

    Attributes:
        nodes: In a topological order, so a node's sources stand before it.
        result: What the scope gives, or None.
        variable: The name of the item in the body of a map, else "".
        concurrency: Items open at once, for a body.
    """

    nodes: tuple[GraphNode, ...]
    by_id: Mapping[NodeId, int]
    result: Program | None
    variable: str = ""
    concurrency: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A workflow that can be run."""

    workflow: Workflow
    graph: Graph
    inputs: Mapping[str, InputSpec]
    result: Type
