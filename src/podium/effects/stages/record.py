"""Record: the intent is durable before the act, the outcome is recorded after it.

1. Decision, intent and reservation are one append. If it cannot be written, nothing is sent.
2. Whatever happens to the call, an outcome follows: `ok`, `error` (it certainly did not happen, or the tool said that
   it failed), or `unknown` (it may have happened). Only a dying process leaves an intent without one.
3. An unknown outcome of a `once` effect is not an error to retry but a question for a person.
4. The outcome of a `once` effect is durable before anything else happens. Other outcomes may travel with the intent
   that follows: losing one in a crash costs a harmless second call, and a chain of steps one commit each instead of
   two (docs/adr/0008).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from podium.clock import Clock, Millis
from podium.effects.costs import cost
from podium.effects.effect import Effect, Proceed, decided, did_it_land
from podium.errors import EffectDenied, EffectError, Rejected
from podium.ids import IdSource
from podium.ledger.payload import payload
from podium.ledger.record import EffectIntent, EffectOutcome, Entry
from podium.node.calls import ModelReply, Reply, Usage

SEND_WITHIN_MS = 5_000
"""How long after its intent an effect may still be sent. After that nobody sends it, and doubt may be asked about."""

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Recording:
    """See the module's rules."""

    clock: Clock
    ids: IdSource

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Write the intent, let the effect happen, write the outcome."""
        await self._announce(effect)
        begun = self.clock.monotonic()
        try:
            reply = await proceed(effect)
        except EffectError as error:
            await self._close(effect, self._error(effect, error), begun)
            if error.landed == "unknown" and effect.delivery == "once":
                raise await did_it_land(effect) from error
            raise
        except asyncio.CancelledError:
            outcome = EffectOutcome(id=effect.id, status="unknown", code="EF052", error_kind="cancelled")
            effect.unknown = True
            await self._close(effect, Entry(body=outcome), begun)
            raise
        await self._close(effect, self._ok(effect, reply), begun)
        return reply

    async def _announce(self, effect: Effect) -> None:
        """Write the intent; when we are stopped meanwhile and it was written, write too that nothing was sent."""
        try:
            await effect.journal.append([self._intent(effect)])
        except asyncio.CancelledError:
            if await self._is_announced(effect):
                outcome = EffectOutcome(id=effect.id, status="error", code="EF052", error_kind="cancelled", micro_wh=0)
                await self._close(effect, Entry(body=outcome), self.clock.monotonic())
            raise
        except Rejected as error:
            if error.code != "ST007":
                raise
            raise EffectDenied("GA004", error.message, help=error.help) from error

    async def _is_announced(self, effect: Effect) -> bool:
        """Whether the intent was written after all: the store may have refused it while nobody waited any more.

        An outcome of an effect without an intent would be evidence that does not hold.
        """
        await effect.journal.append([])  # comes back when what was handed in before it is written or refused
        return effect.intents is None or effect.intents(effect.id) > effect.known.attempts

    def _intent(self, effect: Effect) -> Entry:
        assert effect.request is not None
        attempt, now = effect.known.attempts + 1, self.clock.now()
        body = EffectIntent(
            effect=effect.name,
            target=effect.target,
            effect_class=effect.effect_class,
            delivery=effect.delivery,
            id=effect.id,
            request=effect.request.ref,
            decision=decided(effect, "allow", at=now),
            reservation=effect.reservation,
            send_before=Millis(now + SEND_WITHIN_MS),
            fingerprint=effect.asked,
        )
        effect.begun_at, effect.known.send_before = now, body.send_before
        return Entry(
            body=body,
            path=effect.path,
            attempt=effect.attempt,
            key=f"intent:{effect.id}:{attempt}",
            payloads=(effect.request,),
        )

    def _ok(self, effect: Effect, reply: Reply) -> Entry:
        stored = payload(_encode(reply), self.ids)
        usage = reply.usage if isinstance(reply, ModelReply) else None
        nano_usd, micro_wh = cost(effect, usage)
        body = EffectOutcome(
            id=effect.id,
            status="ok",
            reply=stored.ref,
            model=reply.model if isinstance(reply, ModelReply) else "",
            fingerprint=effect.mark(reply) if effect.mark else 0,
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            cached_tokens=usage.cached_tokens if usage else 0,
            nano_usd=nano_usd,
            micro_wh=micro_wh,
        )
        return Entry(body=body, payloads=(stored,))

    def _error(self, effect: Effect, error: EffectError) -> Entry:
        stored = payload(_encode({"message": error.message, "help": error.help}), self.ids)
        usage = Usage(input_tokens=error.tokens[0], output_tokens=error.tokens[1], cached_tokens=error.tokens[2])
        nano_usd, micro_wh = cost(effect, usage, error.kind)
        body = EffectOutcome(
            id=effect.id,
            status="unknown" if error.landed == "unknown" else "error",
            code=error.code,
            error_kind=error.kind,
            reply=stored.ref,
            fingerprint=effect.mark(error) if effect.mark else 0,
            input_tokens=error.tokens[0],
            output_tokens=error.tokens[1],
            cached_tokens=error.tokens[2],
            nano_usd=nano_usd,
            micro_wh=micro_wh,
        )
        return Entry(body=body, payloads=(stored,))

    async def _close(self, effect: Effect, entry: Entry, begun: float) -> None:
        assert isinstance(entry.body, EffectOutcome)
        attempt = effect.known.attempts + 1
        held = effect.reservation.budgets if effect.reservation else ()
        closing = Entry(
            body=msgspec.structs.replace(
                entry.body,
                ms=round((self.clock.monotonic() - begun) * 1000),
                budgets=tuple([budget.id for budget in held]),
            ),
            path=effect.path,
            attempt=effect.attempt,
            key=f"outcome:{effect.id}:{attempt}",
            payloads=entry.payloads,
        )
        effect.known.attempts = attempt
        if effect.delivery == "once":
            await effect.journal.append([closing])
        else:
            effect.journal.defer([closing])
