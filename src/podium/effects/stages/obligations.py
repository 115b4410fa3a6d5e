"""Obligations: what is demanded of the content is done, before anybody approves it and before it is sent.

1. `redact`: masks are put in the place of what is found of the `kinds` that are named, all personal data and secrets
   where none is named. The same values are masked by whichever obligation asks for it.
2. `filter`: the content, masked, passes the filters that are named (`filter`), and those that the installation asks
   about every such effect; else the effect is denied.
3. What nobody can fulfil (an unknown kind, an unknown filter, a filter that fails) is denied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, refuse
from podium.effects.filtering import filters_of, refusal
from podium.effects.loss import texts_of_call
from podium.effects.masking import mask_call, redacted_names
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied, EffectError
from podium.gate.redact.finding import KINDS, kinds_of
from podium.ids import IdSource
from podium.node.calls import ModelCall, Reply, ToolCall


@dataclass(frozen=True, slots=True)
class Obligations:
    """See the module's rules."""

    clock: Clock
    ids: IdSource
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Redact, filter, then go on."""
        if not isinstance(effect.call, ModelCall | ToolCall):
            return await self._of_other_calls(effect, proceed)
        wanted = [one for one in effect.obligations if one.kind == "redact"]
        if wanted:
            await self._redact(effect, {name for one in wanted for name in redacted_names(one)})
        filters = filters_of(effect, self.safeguards)
        if filters:
            await self._filter(effect, filters)
        return await proceed(effect)

    async def _redact(self, effect: Effect, names: set[str]) -> None:
        kinds = kinds_of(names)
        known = frozenset(KINDS).union(*(detector.kinds for detector in self.safeguards.loss.detectors))
        if unknown := sorted(kinds - known):
            await self._deny(effect, "GA022", f"nobody can find `{unknown[0]}`", "name a kind that a detector knows")
        try:
            looked = await self.safeguards.loss.look(texts_of_call(effect.call))
        except EffectError as error:
            await self._deny(effect, error.code, error.message, error.help)
            raise
        masks = await effect.masks.ready()
        effect.reasons += (f"redacted:{kind}" for kind in mask_call(effect, looked, kinds, masks, self.ids))

    async def _filter(self, effect: Effect, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.safeguards.loss.filters:
                step = f"declare it as `[filters.{name}]` in podium.toml"
                await self._deny(effect, "GA024", f"there is no filter `{name}`", step)
            rule = await refusal(self.safeguards.loss.filters[name], texts_of_call(effect.call), direction="request")
            if rule:
                effect.reasons.append(f"filter:{name}:{rule}")
                message = f"what `{effect.name}` would send does not pass filter `{name}` ({rule})"
                await self._deny(effect, "GA023", message, "change what is sent, or the filter")
            effect.reasons.append(f"filter:{name}")

    async def _of_other_calls(self, effect: Effect, proceed: Proceed) -> Reply:
        """Nothing of a run or a program is looked at, because it stays here; to demand it is a mistake that denies."""
        if any(one.kind in ("redact", "filter") and one.reason != "node" for one in effect.obligations):
            message = f"what `{effect.name}` is given stays here and cannot be redacted or filtered"
            await self._deny(effect, "GA022", message, "demand it of models and tools only")
        return await proceed(effect)

    async def _deny(self, effect: Effect, code: str, message: str, step: str) -> None:
        await refuse(effect, code, at=self.clock.now())
        raise EffectDenied(code, message, help=step)
