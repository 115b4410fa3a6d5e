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
fired); it is skipped when all have ended and that has not happened, as blocked if any source is blocked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from podium.ids import NodeId
from podium.spec.autonomy import Autonomy
from podium.spec.model import ASK, CONTINUE, BudgetSpec, InputSpec, JoinRule, NodeConfig, ToolSpec, UsesTool, Workflow
from podium.spec.types import Type

Json = Any


Handler = int | Literal["continue", "ask"]
"""Who goes on when a node leaves by a port: a node by index, or one of `CONTINUE` and `ASK`."""

__all__ = ["ASK", "CONTINUE", "Compiled", "Edge", "Graph", "GraphNode", "Handler", "Program", "Reads", "Use", "uses"]


class Use(NamedTuple):
    """What an expression reads: a name, the port or input below it, and the fields below that."""

    name: str
    port: str = ""
    path: tuple[str, ...] = ()


class Reads(Protocol):
    """One occurrence of a name in a program, as far as labels want to know it."""

    @property
    def name(self) -> str:
        """A node, `inputs`, the variable of a body."""
        ...

    @property
    def port(self) -> str:
        """The field that is selected of it, or ""."""
        ...

    @property
    def path(self) -> tuple[str, ...]:
        """The fields that are selected below the port."""
        ...


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

    @property
    def references(self) -> Sequence[Reads]:
        """What it reads, each occurrence."""
        ...

    @property
    def parts(self) -> Mapping[str, Sequence[Reads]]:
        """Of an object that is written out, what each of its keys reads; {} for anything else."""
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
        bodies: What it runs inside, `{part: graph}`; the main part is called "".
        handlers: `{port: who goes on}` for `on_<port>`; a port may be `error.<kind>`.
        default: What stands in for its result when it finally failed, or None.
        fallbacks: Nodes that are tried in its place when it finally failed, in this order. They have its index and no
            edges, handlers or fallbacks of their own.
        compensation: What undoes it, likewise; or None.
        cancels: The nodes that are withdrawn once it is done, by index.
        control: Whether any incoming edge is a control edge.
        span: For a node that revises: the nodes between its target and itself, both included, by index.
        target: For a node that revises: the index of the node it sends back to work, else -1.
        max_rounds: For a node that revises: how often, else 0.
        out: Type of its result.
        uses: What its own expressions read; `when`, `default` and `endorse` excluded.
        arguments: Of what is written out under `with`, which key reads what.
        chooses: Whether it may choose at run time what it calls; a node that names one function does not.
    """

    index: int
    id: NodeId
    type: str
    config: NodeConfig
    when: Program | None = None
    fields: Mapping[str, Program] = field(default_factory=dict[str, Program])
    late: Mapping[str, Program] = field(default_factory=dict[str, Program])
    join: JoinRule | None = None
    bodies: Mapping[str, Graph] = field(default_factory=dict[str, "Graph"])
    handlers: Mapping[str, Handler] = field(default_factory=dict[str, Handler])
    default: Program | None = None
    fallbacks: tuple[GraphNode, ...] = ()
    compensation: GraphNode | None = None
    cancels: tuple[int, ...] = ()
    span: tuple[int, ...] = ()
    target: int = -1
    max_rounds: int = 0
    incoming: tuple[Edge, ...] = ()
    outgoing: tuple[Edge, ...] = ()
    out: Type = field(default_factory=Type.any)
    control: bool = field(init=False)
    uses: tuple[Use, ...] = field(init=False)
    arguments: Mapping[str, tuple[Use, ...]] = field(init=False)
    chooses: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chooses", not isinstance(self.config, UsesTool))
        object.__setattr__(self, "control", any(edge.kind == "control" for edge in self.incoming))
        own = [program for key, program in self.fields.items() if key != "endorse"]
        programs = (*own, *self.late.values())
        object.__setattr__(self, "uses", tuple(sorted({use for program in programs for use in uses(program)})))
        given = self.fields.get("with")
        written = {key: _uses(found) for key, found in given.parts.items()} if given is not None else {}
        object.__setattr__(self, "arguments", written)


def uses(program: Program | None) -> tuple[Use, ...]:
    """Return what a program reads, each once, sorted."""
    return _uses(program.references) if program is not None else ()


def _uses(references: Sequence[Reads]) -> tuple[Use, ...]:
    return tuple(sorted({Use(found.name, found.port, found.path) for found in references}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A scope: the workflow, or a body of a node (`podium.spec.model.Body` tells the rest of a body's attributes).

    Attributes:
        nodes: In a topological order, so a node's sources stand before it.
        result: What the scope gives, or None.
        variable: The name of what a body is run for, else "".
        tells: What else a node wants to know of an item of its body.
        budget: What all of it together may use.
        flow: For a sub-workflow, its name: nothing outside is seen from within but what it is given as `inputs`.
        autonomy: For a workflow and a sub-workflow, how far it may go by itself, as its file says.
        tools, flows, inputs: For a workflow and a sub-workflow, the tools that its nodes may use, the workflows that
            they may run, and what it is given.
    """

    nodes: tuple[GraphNode, ...]
    by_id: Mapping[NodeId, int]
    result: Program | None
    variable: str = ""
    each: bool = False
    concurrency: int = 1
    max_failed: int | None = None
    enough: int = 0
    signal: str = ""
    tells: Mapping[str, Program] = field(default_factory=dict[str, Program])
    budget: BudgetSpec | None = None
    flow: str = ""
    autonomy: Autonomy | None = None
    tools: Mapping[str, ToolSpec] = field(default_factory=dict[str, ToolSpec])
    flows: Mapping[str, Workflow] = field(default_factory=dict[str, Workflow])
    inputs: Mapping[str, InputSpec] = field(default_factory=dict[str, InputSpec])


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A workflow that can be run."""

    workflow: Workflow
    graph: Graph
    inputs: Mapping[str, InputSpec]
    result: Type
