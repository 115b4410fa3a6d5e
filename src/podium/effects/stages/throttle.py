"""Throttle: too much at once, or too soon?

The rules of `[throttle]` that fit a call are its lanes; it begins when all of them let it. Lanes are those of this
process: two workers beside each other let through twice as much.
"""

from __future__ import annotations

from collections.abc import Awaitable
from fnmatch import fnmatchcase

from podium.clock import Clock
from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended
from podium.effects.lanes import Later, Queue, through, under_way
from podium.effects.safeguards import Safeguards
from podium.gate.throttle import Lane
from podium.node.calls import ModelCall, Reply, ToolCall
from podium.spec.settings.throttle import ThrottleRule

_Rules = tuple[tuple[str, Queue], ...]


class Throttle:
    """See the module's rules."""

    def __init__(self, *, clock: Clock, safeguards: Safeguards) -> None:
        settings = safeguards.throttle
        self._clock = clock
        self._scopes: dict[str, _Rules] = {
            scope: tuple((name, Queue(_lane(rule), clock)) for name, rule in rules.items())
            for scope, rules in (
                ("tool", settings.tool),
                ("model", settings.model),
                ("agent", settings.agent),
                ("workflow", settings.workflow),
                ("tenant", settings.tenant),
            )
            if rules
        }

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Wait for its turn, then go on."""
        queues = self._fitting(effect) if self._scopes else []
        return self._in_turn(queues, effect, proceed) if queues else proceed(effect)

    async def _in_turn(self, queues: list[Queue], effect: Effect, proceed: Proceed) -> Reply:
        try:
            await through(queues, effect.id, self._clock)
        except Later as later:
            question = EffectQuestion(reason="budget", text="", show=None, not_before=later.at)
            raise Suspended(effect.id, question) from None
        with under_way(queues, self._clock):
            return await proceed(effect)

    def _fitting(self, effect: Effect) -> list[Queue]:
        return [
            queue
            for scope, rules in self._scopes.items()
            for name, queue in rules
            if any(fnmatchcase(called, name) for called in _names(effect, scope))
        ]


def _names(effect: Effect, scope: str) -> tuple[str, ...]:
    """Return by which names a call is known in a scope; none where it has no part in it."""
    call = effect.call
    match scope:
        case "tool":
            return (call.tool, f"{call.tool}.{call.function}", effect.target) if isinstance(call, ToolCall) else ()
        case "model":
            return (effect.target,) if isinstance(call, ModelCall) else ()
        case "tenant":
            return (effect.tenant,) if effect.tenant else ()
        case _:
            links = (link.removeprefix(f"{scope}:") for link in effect.chain if link.startswith(f"{scope}:"))
            return tuple(name for link in links for name in (link, link.partition("@")[0]))


def _lane(rule: ThrottleRule) -> Lane:
    return Lane(calls=rule.calls, period_ms=rule.period_ms, concurrency=rule.concurrency or 0)
