"""Where a run stands: the value that `fold` builds out of records and `decide` reads.

It holds references to payloads, never payloads, so an erased payload stops no fold. Nothing here is stored: it is
made anew from the records whenever a worker takes the run.

`ready` and `skips` are the frontier: what the last records made possible. They are kept up to date edge by edge, so
that a map of 10,000 items costs what its edges cost. `running` is the one part that no record knows: which ready
nodes this worker has begun. A new worker starts with none.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Literal

from podium.graph.joins import Tally
from podium.graph.model import Graph, GraphNode
from podium.ids import EffectKey, NodeId, NodePath, RunId, child_path, item_path
from podium.ledger.record import (
    ApprovalGiven,
    NodeFailed,
    NodeParked,
    NodeSkipped,
    PayloadRef,
    RunCreated,
    RunEnded,
    RunStatus,
    SignalReceived,
)

NodeStatus = Literal["pending", "ready", "waiting", "forked", "done", "failed", "skipped"]


@dataclass(slots=True)
class NodeState:
    """A node of a scope.

    Attributes:
        round: How often it was sent back to work.
        attempts: Attempts of this round that failed.
        parked: What it waits for; kept while it resumes.
        answer: What ended the wait; None with `parked` set and status `ready` means that nobody answered in time.
        due, arrived: For a join: its deadline has passed; its sources that fired, in the order in which they did.
        items: For a map: its items, opened in order.
        count, list_: For a map: how many items there will be, and the list of them.
        max_failed: For a map: more failed items than this end it at once; -1 for no such bound.
        feedback: For a node sent back to work: why, and what it returned before.
    """

    node: GraphNode
    scope: Scope
    path: NodePath
    tally: Tally
    status: NodeStatus = "pending"
    round: int = 0
    attempts: int = 0
    port: str = ""
    out: PayloadRef | None = None
    failure: NodeFailed | None = None
    parked: NodeParked | None = None
    answer: ApprovalGiven | SignalReceived | None = None
    answered_at: int = 0
    due: bool = False
    arrived: list[int] = field(default_factory=list[int])
    items: list[Scope] = field(default_factory=list["Scope"])
    count: int = 0
    list_: PayloadRef | None = None
    open_items: int = 0
    failed_items: int = 0
    max_failed: int = -1
    feedback: tuple[PayloadRef, PayloadRef | None] | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not run again in this round."""
        return self.status in ("done", "failed", "skipped")


@dataclass(slots=True)
class Scope:
    """The nodes of the workflow, or of one item of a map.

    Attributes:
        prefix: Path of the item, None for the workflow.
        open: Nodes that have not ended.
        failures: Nodes whose failure nobody handles; the first one ends the scope.
        closed: Nothing in it will run any more.
    """

    graph: Graph
    prefix: NodePath | None
    parent: NodeState | None = None
    index: int = 0
    nodes: list[NodeState] = field(default_factory=list[NodeState])
    open: int = 0
    failures: list[NodeState] = field(default_factory=list[NodeState])
    closed: bool = False

    @classmethod
    def of(cls, graph: Graph, parent: NodeState | None = None, index: int = 0) -> Scope:
        """Return a scope in which nothing has happened."""
        prefix = item_path(parent.path, index) if parent else None
        scope = cls(graph=graph, prefix=prefix, parent=parent, index=index, open=len(graph.nodes))
        scope.nodes = [NodeState(node, scope, child_path(prefix, node.id), Tally.of(node)) for node in graph.nodes]
        return scope

    def find(self, node: NodeId) -> NodeState | None:
        """Return a node of this scope or of one around it."""
        scope: Scope | None = self
        while scope is not None:
            index = scope.graph.by_id.get(node)
            if index is not None:
                return scope.nodes[index]
            scope = scope.parent.scope if scope.parent else None
        return None


@dataclass(slots=True)
class EffectState:
    """What the ledger says of one effect; all attempts share it.

    Attributes:
        attempts: Intents so far.
        lost: Intents in a row without a known outcome.
        doubt: Whether the last intent has no known outcome.
        send_before: Of the last intent.
        reply: The recorded answer, once there is one.
        landed: A person said that it happened, though there is no recorded answer.
        approval: Key of the record that approved it.
    """

    attempts: int = 0
    lost: int = 0
    doubt: bool = False
    send_before: int = 0
    reply: PayloadRef | None = None
    landed: bool = False
    approval: str = ""
    question: PayloadRef | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run must end, as soon as what is running has stopped."""

    status: RunStatus
    code: str = ""
    node: NodePath | Literal[""] = ""


@dataclass(slots=True)
class RunState:
    """A run.

    Attributes:
        ready: Nodes that can start or go on, in the order in which they became so.
        running: Those that this worker has begun.
        skips: Nodes that will not run, and why; a record will say so.
        stops: Nodes that this worker runs though their scope is over.
        timers: Heap of (when, path); entries whose node no longer waits are dropped when they surface.
        signals: Signals that nobody has waited for yet, by name.
        tolerated: Errors that were let pass by `on_error: continue` or inside a map.
        ending: Set as soon as the end is certain.
        ended: The record that closed it.
    """

    run: RunId
    graph: Graph
    root: Scope
    created: RunCreated | None = None
    created_at: int = 0
    epoch: int = 0
    nodes: dict[NodePath, NodeState] = field(default_factory=dict[NodePath, NodeState])
    ready: dict[NodePath, NodeState] = field(default_factory=dict[NodePath, NodeState])
    running: dict[NodePath, NodeState] = field(default_factory=dict[NodePath, NodeState])
    skips: dict[NodePath, NodeSkipped] = field(default_factory=dict[NodePath, NodeSkipped])
    stops: dict[NodePath, None] = field(default_factory=dict[NodePath, None])
    effects: dict[EffectKey, EffectState] = field(default_factory=dict[EffectKey, EffectState])
    timers: list[tuple[int, NodePath]] = field(default_factory=list[tuple[int, NodePath]])
    signals: dict[str, list[tuple[SignalReceived, int]]] = field(
        default_factory=dict[str, list[tuple[SignalReceived, int]]]
    )
    tolerated: int = 0
    cancel: bool = False
    ending: Ending | None = None
    ended: RunEnded | None = None

    @classmethod
    def of(cls, run: RunId, graph: Graph) -> RunState:
        """Return the state before the first record."""
        root = Scope.of(graph)
        return cls(run=run, graph=graph, root=root, nodes={state.path: state for state in root.nodes})

    def begin(self, path: NodePath) -> NodeState:
        """Mark a ready node as begun by this worker and return it."""
        state = self.ready.pop(path)
        self.running[path] = state
        return state

    def halt(self, path: NodePath) -> None:
        """Take back `begin`: the attempt was stopped and nothing is recorded of its end."""
        self.stops.pop(path, None)
        state = self.running.pop(path, None)
        if state is not None and state.status == "ready" and not state.scope.closed:
            self.ready[path] = state

    def effect(self, key: EffectKey) -> EffectState:
        """Return what is known of an effect."""
        return self.effects.setdefault(key, EffectState())

    def remind(self, when: int, path: NodePath) -> None:
        """Look at a waiting node again at `when`."""
        heapq.heappush(self.timers, (when, path))

    def next_timer(self) -> int:
        """Return when the next waiting node is due, 0 for never."""
        while self.timers:
            when, path = self.timers[0]
            state = self.nodes.get(path)
            if state is not None and state.status in ("waiting", "pending"):
                return when
            heapq.heappop(self.timers)
        return 0
