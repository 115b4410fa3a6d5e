"""Claims: what a tool says of its own function, where that is worse than what the workflow granted.

A grant says what a function does to the world; the tool may say it too (`@tool(effect=…)`, the annotations of an MCP
server). A tool is believed when it warns, and never when it soothes: a function that is granted as `read` and calls
itself `write` or `irreversible` needs a person's word, unless the grant speaks of that very function
(`functions: {move: {effect: write}}`): then its author has looked at it.
"""

from __future__ import annotations

from typing import get_args

from podium.effects.effect import Effect, Proceed
from podium.gate.decision import Obligation
from podium.node.calls import Reply, ToolCall
from podium.spec.tool import EffectClass

_RANK = {effect: rank for rank, effect in enumerate(get_args(EffectClass))}


async def claims(effect: Effect, proceed: Proceed) -> Reply:
    """Ask a person when the tool warns."""
    if isinstance(effect.call, ToolCall) and effect.tool is not None and not _spoken_of(effect, effect.call):
        offered = (await effect.tool.functions()).get(effect.call.function)
        if offered is not None and offered.effect and _RANK[offered.effect] > _RANK[effect.effect_class]:
            about = f"the tool calls `{effect.name}` {offered.effect}, and it is granted as {effect.effect_class}"
            effect.obligations.append(Obligation(kind="approval", reason=f"claims:{offered.effect}", about=about))
    return await proceed(effect)


def _spoken_of(effect: Effect, call: ToolCall) -> bool:
    function = effect.grants[call.tool].functions.get(call.function)
    return function is not None and function.effect is not None
