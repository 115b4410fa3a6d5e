"""What goes into the outbox instead of into the world, and what is answered in its place.

1. A write is staged when its node, its grant or a policy wants a `commit` first, and always in a shadow or dry run.
2. A shadow run reads for real. In a dry run nothing leaves at all: what is read is not known.
3. The answer that the run goes on with is that of the tool's twin (shadow and dry runs only), else, in such runs, an
   example of the type that the node declares, else `{"staged": id}`.

A run's mode is stronger than everything else: nothing releases a write in a run that is not live.
"""

from __future__ import annotations

from typing import Any, Literal

from podium.effects.effect import Effect, Unknowable
from podium.ids import EffectKey
from podium.node.calls import Reply, RunCall, RunReply, ToolCall, ToolReply
from podium.spec.example import example_value
from podium.spec.tool import ToolSpec
from podium.spec.types import Type

Json = Any
Because = Literal["staged", "mode"]

WRITES = frozenset({"write", "irreversible"})


def because(effect: Effect) -> Because | None:
    """Return why an effect goes into the outbox, None when it does not."""
    if effect.effect_class not in WRITES:
        return None
    if effect.releases:
        return None if effect.mode == "live" else "mode"
    if effect.staged is not False and (effect.staged or _is_obliged(effect) or _is_granted_so(effect)):
        return "staged"
    return None if effect.mode == "live" else "mode"


def _is_obliged(effect: Effect) -> bool:
    return any(obligation.kind == "stage" for obligation in effect.obligations)


def _is_granted_so(effect: Effect) -> bool:
    call = effect.call
    grant = effect.grants.get(call.tool) if isinstance(call, ToolCall) else None
    return grant is not None and isinstance(call, ToolCall) and grant.staged_of(call.function)


def twin_of(effect: Effect) -> ToolSpec | None:
    """Return the grant of what is called instead of the tool; None in a live run, and where there is no twin."""
    call = effect.call
    if effect.mode == "live" or not isinstance(call, ToolCall):
        return None
    grant = effect.grants.get(call.tool)
    return grant.double(effect.grants) if grant is not None else None


def leaves(effect: Effect) -> bool:
    """Whether something that only reads would leave this process."""
    call = effect.call
    if not isinstance(call, ToolCall):
        return False
    grant = effect.grants[call.tool]
    return grant.python is None or effect.effect_class != "none"


def stand_in(effect: Effect) -> Reply:
    """Return what the run goes on with when nothing was called."""
    if isinstance(effect.call, RunCall):
        return RunReply(run=f"staged:{effect.id}")
    if effect.mode != "live" and effect.output is not None and (found := _example(effect.output)) is not None:
        return ToolReply(value=found, staged=True)
    return ToolReply(value=placeholder(effect.id), staged=True)


def placeholder(effect: EffectKey) -> Json:
    """Return what stands for the answer of an effect that nobody knows."""
    return {"staged": effect}


def made_up(effect: Effect, output: Type | None) -> Json:
    """Return an example of what is declared of an answer.

    Raises:
        Unknowable: nothing is declared, or there is no easy example.
    """
    found = _example(output) if output is not None else None
    if found is None:
        raise Unknowable(effect.name)
    return found


def _example(output: Type) -> Json:
    try:
        return example_value(output.schema) if output.schema else None
    except ValueError:
        return None
