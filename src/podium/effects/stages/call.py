"""Call: the one place where an effect leaves the process. Once, and only within `send_before`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, cast

from podium.clock import Clock
from podium.effects.effect import Effect
from podium.effects.flights import Flight, Flights, denied
from podium.effects.ports import Runs, SecretReference
from podium.errors import EffectError
from podium.ids import RunId
from podium.ledger.record import ArgumentLabel
from podium.node.calls import CodeCall, ModelCall, Reply, RunCall, RunReply, ToolCall
from podium.spec.label import USER

Json = Any


def _filled(effect: Effect, call: ToolCall) -> dict[str, Json]:
    """Return the arguments of a call, marking what is still the reference to a secret that the author wrote."""
    if not call.secrets or "twin" in effect.reasons:
        return call.arguments  # the double of a tool gets none of its secrets
    marked = {
        name: SecretReference(written)
        for name, secret in call.secrets.items()
        if call.arguments.get(name) == (written := f"${{secrets.{secret}}}")
    }
    return {**call.arguments, **marked}


@dataclass(frozen=True, slots=True)
class Call:
    """The end of the door."""

    runs: Runs
    clock: Clock
    flights: Flights

    async def __call__(self, effect: Effect) -> Reply:
        """Send it.

        Raises:
            EffectDenied: GA004 when somebody stopped it.
            EffectError: from the port; `timeout` with `landed="unknown"` when the port itself did not keep its time.
        """
        if self.clock.now() > effect.known.send_before:
            raise EffectError(
                "EF053",
                f"`{effect.name}` was not sent: this worker was stopped for too long after recording its intent",
                kind="unavailable",
                help="it is tried again where `retry` allows it",
            )
        flight: Flight | None = None
        try:
            # A second more than the port was given: the port's own timeout knows better what happened.
            with self.flights.under_way(effect) as flight:
                async with asyncio.timeout(effect.limit_s + 1) as flight.timer:
                    return await self._send(effect)
        except TimeoutError:
            if flight is not None and flight.stopped is not None:
                raise denied(effect, flight.stopped, sent=True) from None
            raise EffectError(
                "EF054",
                f"`{effect.target}` did not answer within {effect.limit_s:g} s",
                kind="timeout",
                landed="unknown",
                help="raise `timeout`, or look whether the server is alive",
            ) from None

    async def _send(self, effect: Effect) -> Reply:
        call = effect.call
        if isinstance(call, ModelCall):
            assert effect.model is not None
            return await effect.model.call(call, key=effect.id, timeout_s=effect.limit_s, progress=effect.progress)
        if isinstance(call, RunCall):
            return RunReply(run=await self._other_run(effect, call))
        if isinstance(call, CodeCall):
            assert effect.sandbox is not None
            return await effect.sandbox.run(call, timeout_s=effect.limit_s, progress=effect.progress)
        assert effect.tool is not None
        return await effect.tool.call(
            call.function, _filled(effect, call), key=effect.id, timeout_s=effect.limit_s, progress=effect.progress
        )

    async def _other_run(self, effect: Effect, call: RunCall) -> str:
        if call.action == "signal":
            by = f"{effect.run}/{effect.path}"
            await self.runs.signal(RunId(call.run), call.name, call.value, key=effect.id, by=by)
            return call.run
        flow = effect.flows[call.workflow]
        inputs = cast("dict[str, Json]", call.value or {})
        given = effect.labels
        labels = {"": given.control} | {name: given.arguments.get(name, given.read) for name in inputs}
        return await self.runs.start(
            flow,
            inputs,
            key=effect.id,
            parent=effect.run,
            by=effect.principal,
            chain=effect.chain,
            labels=tuple(ArgumentLabel(name, label) for name, label in labels.items() if label != USER),
            budgets=effect.shared,
            autonomy=effect.autonomy,
        )
