"""Concealing: what is recorded of a call that is not made, and what a person is asked of one in doubt.

A call that is denied leaves the door before its masks are put in, and one in doubt has not come to them yet. So before
either is written down, masks stand in the place of every secret, and of whatever the rules or the node would have taken
out. What nobody could look at is left out as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from podium.effects.effect import Effect, write_request
from podium.effects.loss import sink_of, texts_of_call
from podium.effects.masking import mask_call, redacted_names
from podium.effects.safeguards import Safeguards
from podium.errors import EffectError
from podium.gate.redact.finding import kinds_of
from podium.ids import IdSource
from podium.node.calls import ModelCall, ToolCall

_HIDDEN = ("redact", "deny")


@dataclass(frozen=True, slots=True)
class Concealing:
    """See the module's rules."""

    ids: IdSource
    safeguards: Safeguards

    async def __call__(self, effect: Effect) -> None:
        """Change the call, and its request, into what may be written down."""
        loss = self.safeguards.loss
        try:
            looked = await loss.look(texts_of_call(effect.call))
        except (RecursionError, EffectError):
            self._withhold(effect)
            return
        if not looked:
            return
        found = {finding.kind for findings in looked.values() for finding in findings}
        sink, sees = sink_of(effect)
        hidden = {kind for kind in found if loss.rules.action(sink, kind, sees=sees) in _HIDDEN}
        asked = {name for one in effect.obligations if one.kind == "redact" for name in redacted_names(one)}
        mask_call(effect, looked, kinds_of({"secret", *asked}).union(hidden), await effect.masks.ready(), self.ids)

    def _withhold(self, effect: Effect) -> None:
        call = effect.call
        if isinstance(call, ModelCall):
            effect.call = replace(call, messages=())
        elif isinstance(call, ToolCall):
            effect.call = replace(call, arguments={})
        write_request(effect, self.ids)
