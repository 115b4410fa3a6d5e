"""Governor: is this run going in circles?

Only calls that can be repeated are looked at: those inside a loop, and the later turns of a conversation. What they
ask and what comes back is told by fingerprints (keyed with the installation's secret, so they tell nothing of short
arguments), which are recorded with intent and outcome: after a crash the governor knows what it knew before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass

import msgspec

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, refuse
from podium.effects.safeguards import Safeguards
from podium.errors import EffectError
from podium.gate.governor import Circle, Limits
from podium.ids import RunId
from podium.node.calls import Call, ModelReply, Reply, ToolCall, ToolReply

_PASSING = frozenset({"timeout", "unavailable", "rate_limited", "cancelled", "limit", "denied"})
"""Kinds of error that tell nothing of what the same call would bring another time."""

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Governor:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards
    secret: bytes

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Go on unless nothing comes of it."""
        if effect.trajectory is None or effect.trail is None:
            return proceed(effect)
        effect.mark = lambda answer: self._answered(effect.run, answer)
        effect.asked = self._fingerprint(effect.run, _what(effect.call))
        found = effect.trajectory.verdict(
            effect.trail, effect.name, effect.asked, self._limits(effect), now=self.clock.now()
        )
        return proceed(effect) if found is None else self._stop(effect, found)

    async def _stop(self, effect: Effect, circle: Circle) -> Reply:
        await refuse(effect, "GA060", at=self.clock.now())
        raise EffectError("GA060", _diagnosis(effect, circle), kind="limit", help=_step(circle))

    def _limits(self, effect: Effect) -> Limits:
        own, general = effect.governor, self.safeguards.governor
        if own is None:
            return general
        return Limits(
            general.repeats if own.repeats is None else own.repeats,
            general.per_minute if own.per_minute is None else own.per_minute,
        )

    def _answered(self, run: RunId, answer: Reply | EffectError) -> int:
        if isinstance(answer, EffectError):
            return 0 if answer.kind in _PASSING else self._fingerprint(run, [answer.code, answer.message])
        match answer:
            case ToolReply():
                return self._fingerprint(run, answer.value)
            case ModelReply():
                return self._fingerprint(run, answer.text)
            case _:
                return self._fingerprint(run, answer)

    def _fingerprint(self, run: RunId, value: object) -> int:
        """Return 48 bits, never 0."""
        digest = hashlib.blake2b(_encode(value), digest_size=6, key=self.secret[:64], salt=run.encode()[:16])
        return int.from_bytes(digest.digest(), "big") or 1


def _what(call: Call) -> Call:
    """Return a call without the place that it has in its conversation."""
    if isinstance(call, ToolCall):
        return msgspec.structs.replace(call, turn=0, position=0)
    return msgspec.structs.replace(call, turn=0)


def _diagnosis(effect: Effect, circle: Circle) -> str:
    match circle.kind:
        case "repeat":
            return f"`{effect.name}` was called {circle.times} times with the same arguments and the same answer"
        case "ping_pong":
            return (
                f"{circle.length} calls take turns and bring the same answers: "
                f"`{effect.name}` would be called the same way for the {_nth(circle.times + 1)} time"
            )
        case "velocity":
            return f"`{effect.path}` made {circle.times} calls in a minute"


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _step(circle: Circle) -> str:
    if circle.kind == "velocity":
        return "put a `wait` into the loop, or raise `governor.per_minute`"
    return "let each round use what the last one found, end it with `until`, put a `wait` into it, or see `governor`"
