"""Identify: the effect's name, key, class and delivery; and what the ledger says of it already.

1. A recorded reply is returned; nothing that is known to have happened happens again.
2. Doubt (an intent without a known outcome) is settled by the effect's delivery: `repeatable` and `keyed` go on,
   `once` asks a person, and not before the old intent can no longer be sent.
3. An effect whose worker died under it ten times in a row is not tried again: it is what kills the worker.
4. How far those may go by themselves in whose names it acts is looked up now, not when the run began.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.autonomy import workflows_of
from podium.effects.effect import Effect, Proceed, did_it_land, write_request
from podium.effects.outbox import stand_in, twin_of
from podium.effects.safeguards import Safeguards
from podium.errors import EffectError
from podium.gate.autonomy import READING, demanded, least
from podium.gate.decision import Obligation
from podium.ids import IdSource, effect_key
from podium.node.calls import CodeCall, ModelCall, Reply, RunCall, ToolCall, ToolReply
from podium.spec.approval import rule_of

MAX_LOST = 10
"""Intents in a row without a known outcome."""


@dataclass(frozen=True, slots=True)
class Identify:
    """See the module's rules."""

    clock: Clock
    ids: IdSource
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Name the effect, then answer from the record or go on."""
        call = effect.call
        if isinstance(call, ModelCall):
            effect.name, effect.effect_class, effect.delivery = "model.chat", "read", "repeatable"
        elif isinstance(call, RunCall):
            effect.name, effect.effect_class, effect.delivery = f"run.{call.action}", "write", "keyed"
        elif isinstance(call, CodeCall):
            effect.name, effect.effect_class, effect.delivery = "code.run", "none", "repeatable"
        else:
            _identify_tool(effect, call)
        position = call.position if isinstance(call, ToolCall) else 0
        effect.id = effect.releases or effect_key(
            effect.root, effect.path, effect.name, turn=call.turn, position=position
        )
        known = effect.known
        if known.reply is not None:
            return known.reply
        if known.landed:
            return ToolReply(value=None)
        if known.staged and not effect.releases and twin_of(effect) is None:
            return stand_in(effect)
        write_request(effect, self.ids)
        if known.doubt and effect.delivery == "once":
            raise await did_it_land(effect)
        if known.lost >= MAX_LOST:
            raise EffectError(
                "EF051",
                f"`{effect.name}` was begun {known.lost} times and no worker lived to tell how it ended",
                kind="internal",
                help="look at the worker's log, then `podium runs retry`",
            )
        if isinstance(call, ToolCall):
            effect.obligations += await self._demanded(effect, call)
        return await proceed(effect)

    async def _demanded(self, effect: Effect, call: ToolCall) -> tuple[Obligation, ...]:
        """Return what autonomy demands; what undoes something must not wait for anybody."""
        if effect.undoes or effect.effect_class in READING or call.tool not in effect.grants:
            return ()
        ceiling = await self.safeguards.ceilings.ceiling(workflows_of(effect.chain))
        return demanded(least(effect.autonomy, ceiling), effect.effect_class)


def _identify_tool(effect: Effect, call: ToolCall) -> None:
    effect.name = f"tool.{call.tool}.{call.function}"
    grant = effect.grants.get(call.tool)
    if grant is None:
        return  # policy denies it; what is not granted counts as the worst it could be
    effect.effect_class = grant.effect_of(call.function)
    effect.delivery = grant.delivery_of(call.function)
    rule = rule_of(grant.approval_of(call.function))
    if rule is not None:
        about = "the workflow asks for it"
        effect.obligations.append(Obligation(kind="approval", reason="grant", about=about, rule=rule))
