"""Where a run stands: the value that `fold` builds out of records and `decide` reads.

It holds references to payloads, never payloads, so an erased payload stops no fold. Nothing here is stored: it is
made anew from the records whenever a worker takes the run.

`ready` and `skips` are the frontier: what the last records made possible. They are kept up to date edge by edge, so
that a map of 10,000 items costs what its edges cost. `running` is the one part that no record knows: which ready
nodes this worker has begun. A new worker starts with none.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from podium.gate.approval import Ballot
from podium.gate.budget import Meter
from podium.gate.governor import Trajectory
from podium.graph.joins import Tally
from podium.graph.model import Graph, GraphNode
from podium.ids import EffectKey, NodeId, NodePath, RunId, child_path, item_path
from podium.ledger.record import (
    ApprovalGiven,
    EffectStaged,
    NodeFailed,
    NodeParked,
    NodeSkipped,
    OutboxDropped,
    OutboxReleased,
    OverrideRequested,
    PayloadRef,
    Reservation,
    RunCreated,
    RunEnded,
    RunStatus,
    SharedBudget,
    SignalReceived,
)
from podium.spec.approval_rule import Terms
from podium.spec.budget import BudgetSpec
from podium.spec.label import USER, Label

NodeStatus = Literal["pending", "ready", "waiting", "forked", "unwinding", "done", "failed", "skipped"]
"""`forked`: the nodes inside it are at work. `unwinding`: it failed, and what it did is being undone."""


class Given(NamedTuple):
    """What an item of a body is for: a place in a JSON list, or a whole payload when `at` is -1."""

    value: PayloadRef | None
    at: int
    part: str


ROOT = Given(None, -1, "")
"""Of the workflow, which is for nothing but itself."""


class Request(NamedTuple):
    """What a person wants of a node, and the key of the record that says so."""

    body: OverrideRequested
    key: str


@dataclass(slots=True)
class NodeState:
    """A node of a scope, or what undoes one (`undoes` is set).

    Attributes:
        round: How often it was begun anew.
        attempts: Attempts of this round, or of its present fallback, that failed.
        variant: Which of its ways is tried: 0 its own, then its fallbacks.
        also: Further ports by which it was left.
        parked: What it waits for; kept while it resumes.
        ballots: What was said to its present question.
        answer: What ended the wait; None with `parked` set and status `ready` means that nobody answered in time.
        due, arrived, need: For a join: its deadline has passed; its sources that fired, in the order in which they
            did; how many sources it wants when it was not content with those of its rule.
        items: What it opened inside itself, in that order. `queue`: what it has still to open.
        forked: It has opened something inside itself, if only nothing.
        count: How many there are in all.
        deadline: When what is inside it must be over, or 0.
        feedback: For a node sent back to work: why, and what it returned before. `told`: the labels of both.
        edits: Values that a person put in the place of its own.
        begun: It may have had effects in this round.
        spending: What its own budget still allows, and those of its fallbacks, once something counts against them.
        staged: Its effects that went into the outbox. `carried_out`: how many of them were let go from there.
        label, endorsed: What its result may do, and which parts of it somebody vouches for.
        control: Of the decisions that led to it, once worked out.
        undo: What undoes it, once there may be something to undo. `order`: its place in the order of completion.
        undone: Whether that has happened.
        unwinding: For what undoes: the undoing that it is part of. For a node whose inside is being undone: that.
    """

    node: GraphNode
    scope: Scope
    path: NodePath
    tally: Tally
    status: NodeStatus = "pending"
    round: int = 0
    attempts: int = 0
    variant: int = 0
    port: str = ""
    also: tuple[str, ...] = ()
    out: PayloadRef | None = None
    failure: NodeFailed | None = None
    parked: NodeParked | None = None
    answer: ApprovalGiven | SignalReceived | None = None
    answered_at: int = 0
    ballots: list[Ballot] = field(default_factory=list[Ballot])
    due: bool = False
    need: int = 0
    arrived: list[int] = field(default_factory=list[int])
    items: list[Scope] = field(default_factory=list["Scope"])
    queue: deque[Given] = field(default_factory=deque[Given])
    forked: bool = False
    count: int = 0
    open_items: int = 0
    failed_items: int = 0
    ok_items: int = 0
    deadline: int = 0
    feedback: tuple[PayloadRef, PayloadRef | None] | None = None
    told: tuple[Label, ...] = ()
    edits: PayloadRef | None = None
    begun: bool = False
    spending: dict[int, Meter | None] | None = None
    staged: tuple[EffectKey, ...] = ()
    carried_out: int = 0
    label: Label = USER
    endorsed: tuple[str, ...] = ()
    control: Label | None = None
    undo: NodeState | None = None
    undoes: NodeState | None = None
    order: int = 0
    undone: bool = False
    unwinding: Unwinding | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not run again in this round."""
        return self.status in ("done", "failed", "skipped")

    @property
    def asked(self) -> bool:
        """Whether what it waited for last was a person's word on its own question, and not on one of its effects."""
        return self.parked is not None and self.parked.reason == "approval" and not self.parked.effect

    @property
    def work(self) -> GraphNode:
        """What is tried at present: the node itself, or one of its fallbacks."""
        return self.node.fallbacks[self.variant - 1] if self.variant else self.node

    @property
    def place(self) -> NodePath:
        """Where its effects and what it opens stand: its path, and which fallback it is."""
        return NodePath(f"{self.path}.fallback{self.variant}") if self.variant else self.path


@dataclass(slots=True)
class Scope:
    """The nodes of the workflow, or one item of a body of a node.

    Attributes:
        prefix: Path of the item, None for the workflow.
        given: What an item is for.
        open: Nodes that have not ended.
        failures: Nodes whose failure nobody handles; the first one ends the scope.
        late: It was stopped because it took too long.
        withdrawn: It was stopped because other items were enough.
        closed: Nothing in it will begin any more, but for what undoes.
        unwinding: What was done in it is being undone.
        meter: What its budget still allows.
        home: The workflow or sub-workflow that it stands in: the outermost scope that its nodes can see.
        label: Of what an item is for, once worked out.
    """

    graph: Graph
    prefix: NodePath | None
    parent: NodeState | None = None
    given: Given = ROOT
    index: int = 0
    nodes: list[NodeState] = field(default_factory=list[NodeState])
    open: int = 0
    failures: list[NodeState] = field(default_factory=list[NodeState])
    late: bool = False
    withdrawn: bool = False
    closed: bool = False
    unwinding: Unwinding | None = None
    home: Scope = field(init=False)
    meter: Meter | None = None
    label: Label | None = None

    def __post_init__(self) -> None:
        if self.graph.budget is not None:
            self.meter = Meter.of(self.graph.budget)
        inside = self.parent is not None and not self.graph.flow
        self.home = self.parent.scope.home if inside and self.parent is not None else self

    def homes(self) -> tuple[Scope, ...]:
        """Return the workflow that it stands in and the sub-workflows within each other, the innermost last."""
        home = self.home
        return (*home.parent.scope.homes(), home) if home.parent is not None else (home,)

    @classmethod
    def of(cls, graph: Graph) -> Scope:
        """Return the scope of a workflow in which nothing has happened."""
        return _filled(cls(graph, None))

    @classmethod
    def inside(cls, parent: NodeState, given: Given) -> Scope:
        """Return the next item of a node, in which nothing has happened."""
        graph, index = parent.work.bodies[given.part], len(parent.items)
        if graph.each:
            prefix = item_path(parent.place, index)
        else:
            prefix = NodePath(f"{parent.place}.{given.part}") if given.part else parent.place
        return _filled(cls(graph, prefix, parent, given, index))

    @classmethod
    def again(cls, item: Scope) -> Scope:
        """Return an item as it was before anything happened in it."""
        return _filled(cls(item.graph, item.prefix, item.parent, item.given, item.index))

    def around(self) -> Iterator[Scope]:
        """Yield this scope and those around it that its nodes can see, as far as the sub-workflow reaches."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent.scope if scope.parent is not None and not scope.graph.flow else None

    def find(self, node: NodeId) -> NodeState | None:
        """Return a node of this scope or of one around it."""
        for scope in self.around():
            index = scope.graph.by_id.get(node)
            if index is not None:
                return scope.nodes[index]
        return None

    def within(self, outer: Scope | NodeState) -> bool:
        """Whether this scope is, or stands in, another one or a node."""
        scope: Scope | None = self
        while scope is not None:
            if scope is outer or scope.parent is outer:
                return True
            scope = scope.parent.scope if scope.parent else None
        return False


def _filled(scope: Scope) -> Scope:
    prefix, nodes = scope.prefix, scope.graph.nodes
    scope.open = len(nodes)
    scope.nodes = [NodeState(node, scope, child_path(prefix, node.id), Tally.of(node)) for node in nodes]
    return scope


@dataclass(slots=True)
class Unwinding:
    """What was done inside a scope, or inside a node, is undone in the reverse order of completion.

    Attributes:
        owner: Whose work is undone.
        stack: What is left to do, the next one last.
        cause: The failure that began it, and where; None when the run is being cancelled.
        late: It is for what came to light after the scope had failed; nobody is told when it is over.
    """

    owner: Scope | NodeState
    stack: list[NodeState]
    cause: NodeState | None
    late: bool = False


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
        approval: Key of the record that approved it; `terms`, `ballots`: what was asked of whom, and who said what.
        edited: JSON {value: {arguments}} that a person put in the place of the call's own; `edited_request`: SHA-256
            (hex) of the call with them.
        reservation: What its last attempt reserved, where something limits it.
        once: A second attempt might be a second effect.
        staged: It stands in the outbox, or stood there.
    """

    attempts: int = 0
    lost: int = 0
    doubt: bool = False
    send_before: int = 0
    reply: PayloadRef | None = None
    landed: bool = False
    approval: str = ""
    terms: Terms | None = None
    ballots: tuple[Ballot, ...] = ()
    edited: PayloadRef | None = None
    edited_request: str = ""
    question: PayloadRef | None = None
    reservation: Reservation | None = None
    once: bool = False
    staged: bool = False


@dataclass(slots=True)
class Staged:
    """An effect in the outbox of a run.

    Attributes:
        path: Where it stands: its node, or one of the node's fallbacks.
        status: `sent`: it was released, and its outcome is not known. `dropped`: it will not happen.
        decided_by: The commit that has decided about it, "" while none has.
    """

    body: EffectStaged
    path: NodePath
    status: Literal["staged", "sent", "done", "dropped"] = "staged"
    decided_by: NodePath | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run must end, as soon as what is running has stopped."""

    status: RunStatus
    code: str = ""
    node: NodePath | Literal[""] = ""


@dataclass
class RunState:
    """A run.

    Attributes:
        ready: Nodes that can start or go on, in the order in which they became so.
        running: Those that this worker has begun.
        skips: Nodes that will not run, and why; a record will say so.
        stops: Nodes that this worker runs though their scope is over, or they are withdrawn.
        trajectory: What the governor knows of the calls that could be repeated.
        timers: Heap of (when, path); entries whose node no longer waits are dropped when they surface.
        signals: Signals that nobody has waited for yet, by name.
        takers: Nodes that make an item of each signal, by its name.
        requests: What people want of nodes, by path; done as soon as the node is not at work.
        locks: Which node holds a lock, by its name.
        doubts: Effects without a known outcome, by the path of their node, where that matters: what may be undone, what
            counts against a budget, and what must not happen twice (`once`).
        outbox: What was staged, in the order in which that happened.
        decisions: What each commit has decided, by its path.
        unwindings: What is being undone.
        not_undone: Compensations that failed.
        completed: Counts completions, for their order.
        tolerated: Errors that were let pass by `on_error: continue` or inside a map.
        earlier: The runs that this one goes on from, the first one first.
        masked: What stands for which value in what was sent, as recorded.
        worked: Milliseconds at work until the moment `counted_until`; `resting`: it does not count now (worktime).
        outside: Nodes that wait for somebody outside, and some that did. `walls`: how much time at work is over when a
            node with nodes inside has used up its own.
        shared: The budgets beyond this run that all of it counts against, whatever the installation says.
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
    doubts: dict[NodePath, set[EffectKey]] = field(default_factory=dict[NodePath, set[EffectKey]])
    trajectory: Trajectory = field(default_factory=Trajectory)
    timers: list[tuple[int, NodePath]] = field(default_factory=list[tuple[int, NodePath]])
    signals: dict[str, list[tuple[SignalReceived, int]]] = field(
        default_factory=dict[str, list[tuple[SignalReceived, int]]]
    )
    takers: dict[str, NodeState] = field(default_factory=dict[str, NodeState])
    requests: dict[NodePath, Request] = field(default_factory=dict[NodePath, Request])
    locks: dict[str, NodePath] = field(default_factory=dict[str, NodePath])
    outbox: dict[EffectKey, Staged] = field(default_factory=dict[EffectKey, Staged])
    decisions: dict[NodePath, OutboxReleased | OutboxDropped] = field(
        default_factory=dict[NodePath, "OutboxReleased | OutboxDropped"]
    )
    unwindings: list[Unwinding] = field(default_factory=list[Unwinding])
    not_undone: int = 0
    completed: int = 0
    tolerated: int = 0
    earlier: tuple[RunId, ...] = ()
    masked: list[PayloadRef] = field(default_factory=list[PayloadRef])
    shared: tuple[SharedBudget, ...] = ()
    worked: int = 0
    counted_until: int = 0
    resting: bool = False
    outside: dict[NodePath, NodeState] = field(default_factory=dict[NodePath, NodeState])
    walls: dict[NodePath, int] = field(default_factory=dict[NodePath, int])
    paused: bool = False
    cancel: bool = False
    kill: bool = False
    ending: Ending | None = None
    ended: RunEnded | None = None

    @classmethod
    def of(cls, run: RunId, graph: Graph) -> RunState:
        """Return the state before the first record."""
        root = Scope.of(graph)
        return cls(run=run, graph=graph, root=root, nodes={state.path: state for state in root.nodes})

    @cached_property
    def timed(self) -> bool:
        """Whether anything in the workflow limits its time at work."""
        return _has_wall(self.graph)

    @cached_property
    def metered(self) -> bool:
        """Whether anything in the workflow has a budget."""
        return _has_budget(self.graph)

    def begin(self, path: NodePath) -> NodeState:
        """Mark a ready node as begun by this worker and return it."""
        state = self.ready.pop(path)
        self.running[path] = state
        self.hold(state)
        return state

    def halt(self, path: NodePath) -> None:
        """Take back `begin`: the attempt was stopped and nothing is recorded of its end."""
        self.stops.pop(path, None)
        state = self.running.pop(path, None)
        if state is None or state.status != "ready":
            return
        if state.scope.closed or (not state.begun and state.parked is None and not state.forked):
            self.let_go(state)
        if path not in self.skips and (state.undoes is not None or not state.scope.closed):
            self.ready[path] = state

    def may_have_happened(self, path: NodePath) -> bool:
        """Whether a node, or anything inside it, has an effect of which nobody knows and that must not happen twice."""
        return any(
            self.effects[key].once
            for place, keys in self.doubts.items()
            if place == path or place.startswith((f"{path}/", f"{path}[", f"{path}."))
            for key in keys
        )

    def hold(self, node: NodeState) -> None:
        """Give a node its lock, if it has one."""
        lock = node.node.config.lock
        if lock is not None and node.undoes is None:
            self.locks.setdefault(lock, node.path)

    def let_go(self, node: NodeState) -> None:
        """Take a node's lock away."""
        lock = node.node.config.lock
        if lock is not None and self.locks.get(lock) == node.path:
            del self.locks[lock]

    def effect(self, key: EffectKey) -> EffectState:
        """Return what is known of an effect."""
        return self.effects.setdefault(key, EffectState())

    def intents(self, key: EffectKey) -> int:
        """Return how many intents of an effect are recorded."""
        known = self.effects.get(key)
        return known.attempts if known is not None else 0

    def remind(self, when: int, path: NodePath) -> None:
        """Look at a waiting node again at `when`."""
        heapq.heappush(self.timers, (when, path))

    def next_timer(self) -> int:
        """Return when the next waiting node is due, 0 for never."""
        while self.timers:
            when, path = self.timers[0]
            state = self.nodes.get(path)
            if state is not None and is_alive(state) and when == _due(state, when):
                return when
            heapq.heappop(self.timers)
        return 0


def _has_wall(graph: Graph) -> bool:
    inner = (body for node in graph.nodes for body in node.bodies.values())
    own = (node.config.budget for node in graph.nodes)
    return any(budget is not None and budget.wall for budget in (graph.budget, *own)) or any(map(_has_wall, inner))


def _has_budget(graph: Graph) -> bool:
    inner = (body for node in graph.nodes for body in node.bodies.values())
    own = (budget for node in graph.nodes for budget in _budgets(node))
    return any(Meter.of(budget) is not None for budget in (graph.budget, *own)) or any(map(_has_budget, inner))


def _budgets(node: GraphNode) -> Iterator[BudgetSpec | None]:
    yield node.config.budget
    yield from (fallback.config.budget for fallback in node.fallbacks)


def _due(node: NodeState, when: int) -> int:
    """Return when a node is due; a join is at any time at which somebody wanted to look at it again."""
    match node.status:
        case "waiting":
            return node.parked.due if node.parked is not None else 0
        case "forked":
            return node.deadline
        case "pending":
            return 0 if node.due else when
        case _:
            return 0


def is_alive(node: NodeState) -> bool:
    """Whether a node that has not ended may still go on: its scope is open, or it undoes something."""
    return node.undoes is not None or not node.scope.closed
