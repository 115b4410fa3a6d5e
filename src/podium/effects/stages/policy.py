"""Policy: deny by default. What the workflow does not grant is refused, recorded, and never reaches the network.

A tool is allowed as far as the workflow grants it, and then only as the policies in force allow: all of those in whose
names the effect acts (the person, the workflow, the agent) must be allowed to.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, refuse
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.node.calls import CodeCall, ModelCall, Reply, RunCall, ToolCall

_ALLOWED = {ToolCall: "granted", ModelCall: "no_policy", RunCall: "declared", CodeCall: "sandboxed"}
"""Why a call is allowed: which runs it may start or tell something stands in the workflow itself."""


@dataclass(frozen=True, slots=True)
class Policy:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Refuse what is not granted, or what a policy forbids."""
        refusal = _not_granted(effect)
        if refusal is not None:
            code, message, step = refusal
            await refuse(effect, code, at=self.clock.now())
            raise EffectDenied(code, message, help=step)
        effect.reasons.append(_ALLOWED[type(effect.call)])
        return await proceed(effect)


def _not_granted(effect: Effect) -> tuple[str, str, str] | None:
    call = effect.call
    if not isinstance(call, ToolCall):
        return None
    grant = effect.grants.get(call.tool)
    if grant is None:
        return "GA001", f"tool `{call.tool}` is not granted", "declare it under `tools:` in the workflow"
    if grant.only and call.function not in grant.only:
        return (
            "GA002",
            f"function `{call.function}` of tool `{call.tool}` is not granted",
            f"add it to `only:` of tool `{call.tool}`",
        )
    return None
