"""Decide: what must happen next, given where a run stands.

Pure, and it reads no payload: branches taken, item counts and verdicts are fields of records. So a simulator can
drive the engine through every crash point, and an erased payload stops nothing.

An ending (cancelled, failed, denied, limit) comes before everything else: nothing starts after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.clock import Millis
from podium.engine.state import Ending, RunState
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
class Stop:
    """Stop what this worker runs in an item that is over."""

    path: NodePath


@dataclass(frozen=True, slots=True)
class Finish:
    """Stop everything that runs, then close the run."""

    ending: Ending


Command = Start | Skip | Expire | Stop | Finish


def decide(state: RunState, now: Millis) -> list[Command]:
    """Return what to do now, [] when there is nothing but to wait."""
    if state.ended is not None or state.created is None:
        return []
    if state.cancel:
        return [Finish(Ending("cancelled"))]
    if state.ending is not None:
        return [Finish(state.ending)]
    if 0 < state.created.deadline <= now:
        return [Finish(Ending("limit", "EN005"))]
    if state.root.closed and not state.running:
        return [Finish(Ending("done_with_errors" if state.tolerated else "done"))]
    commands: list[Command] = [Stop(path) for path in state.stops]
    commands += [Skip(path, body) for path, body in state.skips.items()]
    due = state.next_timer()
    if 0 < due <= now:
        commands.append(Expire(state.timers[0][1]))
    commands += [Start(path) for path in state.ready]
    return commands
