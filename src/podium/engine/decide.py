"""Decide: what must happen next, given where a run stands.

Pure, and it reads no payload: branches taken, item counts and verdicts are fields of records. So a simulator can
drive the engine through every crash point, and an erased payload stops nothing.

An ending (cancelled, failed, denied, limit) comes before everything else: nothing begins after it but what undoes what
was done. A killed run undoes nothing. While a run is paused nothing begins, and what runs comes to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from podium.clock import Millis
from podium.engine.state import Ending, NodeState, Request, RunState
from podium.engine.undo import is_needed, may_begin, may_collect, something_to_undo
from podium.engine.worktime import overspent, run_is_over
from podium.ids import NodePath
from podium.ledger.record import NodeSkipped


@dataclass(frozen=True, slots=True)
class Start:
    """Begin an attempt of a node, or let it go on after an answer or after its items."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class Skip:
    """Record that a node will not run."""

    path: NodePath
    body: NodeSkipped


@dataclass(frozen=True, slots=True)
class Expire:
    """The time that a node waited for has come."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class Overrun:
    """What is inside a node took longer than it may."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class Overspent:
    """What is inside a node was longer at work than it may."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop what this worker runs in an item that is over, or of a node that is withdrawn."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class AddItem:
    """A signal adds an item to a node."""

    path: NodePath
    signal: str


@dataclass(frozen=True, slots=True)
class Override:
    """Do with a node what a person wants."""

    path: NodePath
    request: Request


@dataclass(frozen=True, slots=True)
class Unwind:
    """Stop everything that runs, undo what was done, then close the run."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Finish:
    """Stop everything that runs, then close the run."""

    ending: Ending


MOST_ITEMS = 100_000
"""Items of one node; a signal that would add another one is kept for whoever waits for it."""

Command = Start | Skip | Expire | Overrun | Overspent | Stop | AddItem | Override | Unwind | Finish


def decide(state: RunState, now: Millis) -> list[Command]:
    """Return what to do now, [] when there is nothing but to wait."""
    if state.ended is not None or state.created is None:
        return []
    if state.kill:
        return [Finish(Ending("cancelled"))]
    if state.ending is not None:
        if not state.unwindings:
            return [Finish(state.ending)]
    elif (ending := _from_outside(state, now)) is not None:
        return [Unwind(ending) if something_to_undo(state.root) else Finish(ending)]
    elif state.root.closed and not state.running:
        return [Finish(Ending("done_with_errors" if state.tolerated else "done"))]
    commands: list[Command] = [Stop(path) for path in state.stops]
    if state.requests:
        commands += _requests(state)
    if state.skips:
        commands += [Skip(path, body) for path, body in state.skips.items() if path not in state.running]
    if state.paused:
        return commands
    if state.walls and (path := overspent(state, now)) is not None:
        commands.append(Overspent(path))
    due = state.next_timer()
    if 0 < due <= now:
        commands.append(_due(state, state.timers[0][1], now))
    if state.takers:
        commands += _more_items(state)
    if state.locks or state.unwindings or any(node.forked for node in state.ready.values()):
        commands += _allowed(state)
    else:
        commands += _startable(state)
    return commands


def _from_outside(state: RunState, now: Millis) -> Ending | None:
    assert state.created is not None
    if state.cancel:
        return Ending("cancelled")
    if state.timed and run_is_over(state, now):
        return Ending("limit", "GA052")
    return Ending("limit", "EN005") if 0 < state.created.deadline <= now else None


def _due(state: RunState, path: NodePath, now: Millis) -> Command:
    node = state.nodes[path]
    return Overrun(path) if node.status == "forked" and 0 < node.deadline <= now else Expire(path)


def _requests(state: RunState) -> Iterator[Command]:
    for path, request in state.requests.items():
        node = state.nodes.get(path)
        if path in state.running:
            if path not in state.stops:
                yield Stop(path)
        elif node is not None and not node.ended:
            yield Override(path, request)


def _more_items(state: RunState) -> Iterator[Command]:
    for signal, node in state.takers.items():
        open_ = node.status == "forked" and not node.scope.closed and node.count < MOST_ITEMS
        if open_ and state.signals.get(signal):
            yield AddItem(node.path, signal)


def _startable(state: RunState) -> Iterator[Command]:
    """Yield what can begin while no lock is held; of several with one lock, the first."""
    taken = set[str]()
    for path, node in state.ready.items():
        lock = node.node.config.lock
        if lock is None:
            yield Start(path)
        elif lock not in taken:
            taken.add(lock)
            yield Start(path)


def _allowed(state: RunState) -> Iterator[Command]:
    """Yield what can begin beside locks that are held, and beside what is being undone."""
    taken = dict(state.locks)
    for path, node in state.ready.items():
        if node.undoes is not None:
            yield from _undoing(state, node)
            continue
        if node.forked and not may_collect(state, node):
            continue
        lock = node.node.config.lock
        if lock is None or taken.setdefault(lock, path) == path:
            yield Start(path)


def _undoing(state: RunState, node: NodeState) -> Iterator[Command]:
    unwinding = node.unwinding
    if (unwinding is not None and unwinding.stack[-1] is not node) or not may_begin(state, node):
        return
    if is_needed(state, node):
        yield Start(node.path)
    else:
        yield Skip(node.path, NodeSkipped(reason="not_chosen"))
