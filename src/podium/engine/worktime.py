"""Time at work: what `wall` limits, in a run and in nodes with nodes inside.

It passes while a run is at work or waits for a timer. It stands still while all that the run waits for is a person or a
signal, while it is paused, once it has ended, and between the death of a worker and the next one. It is counted by the
times of the records, so every process counts the same.
"""

from __future__ import annotations

from podium.engine.state import NodeState, RunState, is_alive
from podium.ids import NodePath
from podium.ledger.record import AnyBody, NodeParked, RunClaimed, RunCreated

_OUTSIDE = ("approval", "ask", "doubt", "signal")
"""Reasons to wait for which nobody at work can do anything."""


def begins(state: RunState, node: NodeState) -> None:
    """A node opens the first nodes inside it: from now on its time counts."""
    inner = (body.budget for body in node.work.bodies.values() if body.flow)
    limits = [budget.wall_ms for budget in (node.node.config.budget, *inner) if budget is not None and budget.wall]
    if limits:
        state.walls[node.path] = state.worked + min(limits)


def passes(state: RunState, body: AnyBody, at: int) -> None:
    """Count the time since the record before this one, as the run stood then."""
    if isinstance(body, RunCreated):
        state.worked = 0
    elif not state.resting:
        until = at if not isinstance(body, RunClaimed) else _left_at(state, at)
        state.worked += max(0, until - state.counted_until)
    state.counted_until = max(at, state.counted_until)


def _left_at(state: RunState, at: int) -> int:
    """Return until when a run was at work, or waited for a timer, that another worker takes at `at`."""
    if state.ready or state.running:
        return state.counted_until  # whoever was at work on them died, or nobody had begun
    return min(at, state.next_timer() or at)


def stands(state: RunState, body: AnyBody, path: NodePath) -> None:
    """See whether the time stands still after a record."""
    if isinstance(body, NodeParked) and body.reason in _OUTSIDE and (node := state.nodes.get(path)) is not None:
        state.outside[path] = node
    state.resting = state.ended is not None or state.paused or (not state.ready and not state.running and _waits(state))


def _waits(state: RunState) -> bool:
    """Whether a node waits for somebody outside; forgets those that do not any more."""
    for path in list(state.outside):
        node = state.outside[path]
        if node.status == "waiting" and node.parked is not None and node.parked.reason in _OUTSIDE and is_alive(node):
            return True
        del state.outside[path]
    return False


def worked(state: RunState, now: int) -> int:
    """Return the milliseconds at work by now."""
    return state.worked + (0 if state.resting else max(0, now - state.counted_until))


def run_is_over(state: RunState, now: int) -> bool:
    """Whether the run has used up its time at work."""
    budget = state.graph.budget
    return budget is not None and bool(budget.wall) and worked(state, now) >= budget.wall_ms


def overspent(state: RunState, now: int) -> NodePath | None:
    """Return a node with nodes inside that has used up its time at work."""
    for path, until in state.walls.items():
        node = state.nodes.get(path)
        if node is not None and node.status == "forked" and is_alive(node) and worked(state, now) >= until:
            return path
    return None


def due(state: RunState, now: int) -> int:
    """Return when the first of them is used up if work goes on, 0 for never."""
    if state.resting:
        return 0
    budget = state.graph.budget
    limits = [budget.wall_ms] if budget is not None and budget.wall else []
    limits += [until for path, until in state.walls.items() if path in state.nodes and state.nodes[path].forked]
    return now + max(0, min(limits) - worked(state, now)) if limits else 0


def left_ms(state: RunState, node: NodeState, now: int) -> int | None:
    """Return how much time at work a node has left, by its own limits and those around it; None without a limit."""
    budget = state.graph.budget
    limits = [budget.wall_ms] if budget is not None and budget.wall else []
    around: NodeState | None = node
    while around is not None:
        limits += [state.walls[around.path]] if around.path in state.walls else []
        around = around.scope.parent
    return max(0, min(limits) - worked(state, now)) if limits else None
