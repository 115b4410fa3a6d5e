"""Data loss: what is in the call that must not leave?

What is found is added to the label's categories, as facts for policies (`pii`, `secret`, and each kind); then the
installation's rules say what happens with it. A denial comes at once; anything else is an
obligation, which a later stage fulfils.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, refuse
from podium.effects.loss import DataLoss, Looked, sink_of, texts_of_call
from podium.effects.masking import redacted_names
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied, EffectError
from podium.gate.decision import Obligation
from podium.gate.redact.finding import KINDS, kinds_of
from podium.gate.redact.rules import Action
from podium.node.calls import ModelCall, Reply, ToolCall
from podium.spec.label import Label

_CATEGORY = {"personal": "pii", "secret": "secret"}
"""What a policy sees of a group of kinds, beside the kinds themselves."""


@dataclass(frozen=True, slots=True)
class Loss:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Look at what would leave, then deny, oblige, or go on."""
        if not isinstance(effect.call, ModelCall | ToolCall):
            return await proceed(effect)
        loss = self.safeguards.loss
        looked = await self._look(effect, loss)
        if looked:
            kinds = {found.kind for findings in looked.values() for found in findings}
            categories = {*kinds, *(_CATEGORY[group] for kind in kinds if (group := KINDS.get(kind)) in _CATEGORY)}
            facts = Label(categories=tuple(sorted(categories)))
            effect.label = self.safeguards.lattice.join(effect.label, facts)
            await self._decide(effect, loss, sorted(kinds))
        return await proceed(effect)

    async def _look(self, effect: Effect, loss: DataLoss) -> Looked:
        try:
            return await loss.look(texts_of_call(effect.call))
        except RecursionError:
            code, message = "GA021", f"the arguments of `{effect.name}` are too deep to be looked at"
        except EffectError as error:
            code, message = error.code, error.message
        await refuse(effect, code, at=self.clock.now())
        raise EffectDenied(code, message, help="nothing was sent, because nobody could see what it holds")

    async def _decide(self, effect: Effect, loss: DataLoss, kinds: Iterable[str]) -> None:
        sink, sees = sink_of(effect)
        stays = kinds_of(name for one in effect.obligations if one.kind == "redact" for name in redacted_names(one))
        by_action: dict[Action, list[str]] = {}
        for kind in kinds:
            if kind in stays:
                continue  # the node has it masked, so it does not leave
            by_action.setdefault(loss.rules.action(sink, kind, sees=sees), []).append(kind)
        if denied := by_action.get("deny"):
            await refuse(effect, f"data_loss:{denied[0]}", at=self.clock.now())
            raise EffectDenied(
                "GA020",
                f"`{effect.name}` would send what must not leave: {', '.join(denied)}",
                help="leave it out, mask it with `redact:`, or change `[data_loss]` in podium.toml",
            )
        for kind in by_action.get("approval", ()):
            about = f"`{effect.name}` would send something of kind `{kind}`"
            effect.obligations.append(Obligation(kind="approval", reason=f"data_loss:{kind}", about=about))
        if redacted := by_action.get("redact"):
            settings = (("kinds", ",".join(redacted)),)
            effect.obligations.append(Obligation(kind="redact", reason="data_loss", settings=settings))
