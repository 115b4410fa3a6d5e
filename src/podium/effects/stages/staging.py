"""Staging: what is only to be prepared goes into the outbox instead of into the world.

It comes after every check: what is denied is denied when it is asked for, not when it is released. Only an approval
can wait: whoever releases a batch is asked about all of it at once. The record is durable before the run goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, decided
from podium.effects.outbox import Because, because, leaves, made_up, stand_in, twin_of
from podium.effects.ports import Tools
from podium.errors import EffectError
from podium.ids import IdSource
from podium.ledger.payload import json_payload
from podium.ledger.record import EffectStaged, Entry, Payload
from podium.node.calls import Reply, ToolCall, ToolReply
from podium.spec.label import USER
from podium.spec.tool import ToolSpec

MAX_PREVIEW_CHARS = 20_000
"""The longest preview that is kept."""

PREVIEW_S = 10.0
"""How long a tool may take to say what it would change."""


@dataclass(frozen=True, slots=True)
class Staging:
    """See the module's rules."""

    tools: Tools
    clock: Clock
    ids: IdSource

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Put it into the outbox, let its twin answer, or go on."""
        why = because(effect)
        if why is None and effect.mode != "dry":
            return proceed(effect)
        return self._instead(effect, proceed, why)

    async def _instead(self, effect: Effect, proceed: Proceed, why: Because | None) -> Reply:
        twin = twin_of(effect)
        if why is not None and not effect.known.staged:
            await effect.journal.append([await self._entry(effect, why, twin)])
        if twin is not None:
            self._swap(effect, twin)
        elif why is not None:
            return stand_in(effect)
        elif leaves(effect):
            return ToolReply(value=made_up(effect, effect.output), staged=True)
        return await proceed(effect)

    def _swap(self, effect: Effect, twin: ToolSpec) -> None:
        """Let the twin be called instead of the tool."""
        call = effect.call
        assert isinstance(call, ToolCall)
        grant = effect.grants[call.tool]
        effect.tool = self.tools.open(grant.twin if isinstance(grant.twin, str) else f"{call.tool}_twin", twin)
        effect.target = effect.tool.target
        effect.effect_class = twin.effect_of(call.function)
        effect.delivery = twin.delivery_of(call.function)
        effect.limit_s = min(effect.limit_s, twin.timeout.total_seconds())
        effect.reasons.append("twin")

    async def _entry(self, effect: Effect, why: Because, twin: ToolSpec | None) -> Entry:
        assert effect.request is not None
        preview = await self._preview(effect)
        labels = effect.labels
        body = EffectStaged(
            effect=effect.name,
            target=effect.target,
            effect_class=effect.effect_class,
            delivery=effect.delivery,
            id=effect.id,
            request=effect.request.ref,
            decision=decided(effect, "allow", at=self.clock.now()),
            because=why,
            twin="" if twin is None else twin.python or "twin",
            control=None if labels.control == USER else labels.control,
            read=None if labels.read == USER else labels.read,
            preview=preview.ref if preview else None,
        )
        return Entry(
            body=body,
            path=effect.path,
            attempt=effect.attempt,
            key=f"staged:{effect.id}",
            payloads=(effect.request, *((preview,) if preview else ())),
        )

    async def _preview(self, effect: Effect) -> Payload | None:
        """Return what the effect would change, when its tool can say so without leaving this process."""
        call = effect.call
        if effect.mode == "dry" or not isinstance(call, ToolCall) or effect.tool is None:
            return None
        if effect.grants[call.tool].python is None:
            return None
        name, only = f"preview_{call.function}", effect.grants[call.tool].only
        if only and name not in only:
            return None
        try:
            offered = (await effect.tool.functions()).get(name)
            if offered is None or offered.effect not in ("none", "read"):
                return None
            told = await effect.tool.call(
                name, call.arguments, key=effect.id, timeout_s=PREVIEW_S, progress=effect.progress
            )
        except EffectError:
            return None  # what cannot be shown can still be done, or will say then why not
        text = told.value if isinstance(told.value, str) else ""
        return json_payload(text[:MAX_PREVIEW_CHARS], self.ids) if text else None
