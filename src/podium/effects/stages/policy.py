"""Policy: deny by default. What the workflow does not grant is refused, recorded, and never reaches the network.

Model calls are allowed until there are policies about models; tools are allowed as far as the workflow grants them.
"""

from __future__ import annotations

from podium.effects.effect import Effect, Proceed
from podium.errors import EffectDenied
from podium.ledger.record import EffectDenied as DeniedRecord
from podium.ledger.record import Entry, GateDecision
from podium.node.calls import ModelCall, Reply, RunCall, ToolCall

_ALLOWED = {ToolCall: "granted", ModelCall: "no_policy", RunCall: "declared"}
"""Why a call is allowed: which runs it may start or tell something stands in the workflow itself."""


async def policy(effect: Effect, proceed: Proceed) -> Reply:
    """Refuse what is not granted."""
    refusal = _refusal(effect)
    if refusal is None:
        effect.reasons.append(_ALLOWED[type(effect.call)])
        return await proceed(effect)
    code, message, step = refusal
    assert effect.request is not None
    denied = DeniedRecord(
        effect=effect.name,
        target=effect.target,
        id=effect.id,
        request=effect.request.ref,
        decision=GateDecision(verdict="deny", reasons=(code,)),
    )
    await effect.journal.append(
        [Entry(body=denied, path=effect.path, attempt=effect.attempt, payloads=(effect.request,))]
    )
    raise EffectDenied(code, message, help=step)


def _refusal(effect: Effect) -> tuple[str, str, str] | None:
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
