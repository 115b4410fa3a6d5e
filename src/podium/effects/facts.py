"""What policies are told of an effect; from the effect itself, or later from what was recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from podium.effects.effect import Effect
from podium.effects.safeguards import Safeguards
from podium.gate.policy.facts import Action, Facts, Resource
from podium.node.calls import Call, CodeCall, ModelCall, RunCall
from podium.spec.tool import ToolSpec

Json = Any

LOCAL = "local/"
"""How the names of models begin that run on this machine."""

_UNTRUSTED = "untrusted_argument:"


def facts_of(effect: Effect, safeguards: Safeguards, *, at: int) -> Facts:
    """Return what is known of an effect before it happens."""
    call, label = effect.call, effect.label
    grant = None if isinstance(call, ModelCall | RunCall | CodeCall) else effect.grants.get(call.tool)
    region = safeguards.model(effect.target).region if isinstance(call, ModelCall) else ""
    return Facts(
        chain=effect.chain,
        action=action_of(call),
        resource=resource_of(call, grant=grant, target=effect.target, region=region),
        arguments=arguments_of(call),
        integrity=label.integrity,
        control=effect.labels.control.integrity,
        untrusted=untrusted_of(effect),
        level=label.level,
        categories=label.categories,
        residency=label.residency,
        tenant=effect.tenant,
        attempt=effect.attempt,
        at=at,
    )


def untrusted_of(effect: Effect) -> tuple[str, ...]:
    """Return the arguments that decide who or what is affected and that nobody vouches for."""
    reasons = (obligation.reason for obligation in effect.obligations)
    return tuple(sorted(reason.removeprefix(_UNTRUSTED) for reason in reasons if reason.startswith(_UNTRUSTED)))


def action_of(call: Call) -> Action:
    """Return what a call is, as policies name it."""
    if isinstance(call, ModelCall):
        return "call_model"
    if isinstance(call, RunCall):
        return "start_run" if call.action == "start" else "signal_run"
    return "run_code" if isinstance(call, CodeCall) else "call_tool"


def resource_of(call: Call, *, grant: ToolSpec | None, target: str, region: str) -> Resource:
    """Return what a call acts on; `region` is that of the model."""
    if isinstance(call, ModelCall):
        return Resource("Model", target, region=region, local=target.startswith(LOCAL))
    if isinstance(call, RunCall):
        return Resource("Workflow", call.workflow) if call.action == "start" else Resource("Run", call.run)
    if isinstance(call, CodeCall):
        return Resource("Sandbox", call.profile, isolation=target)
    name = f"{call.tool}.{call.function}"
    if grant is None:
        return Resource("Function", name, tool=call.tool, effect="irreversible", delivery="once", trust="untrusted")
    return Resource(
        "Function",
        name,
        tool=call.tool,
        effect=grant.effect_of(call.function),
        delivery=grant.delivery_of(call.function),
        trust=grant.trust_of(call.function),
        region=grant.region,
    )


def arguments_of(call: Call) -> Mapping[str, Json]:
    """Return what policies may read of what is sent."""
    if isinstance(call, ModelCall):
        return {"max_tokens": call.max_tokens, "prefer": call.prefer, "quality": call.quality}
    if isinstance(call, RunCall):
        value: Json = call.value
        return cast("Mapping[str, Json]", value) if isinstance(value, dict) else {"value": value}
    return {} if isinstance(call, CodeCall) else call.arguments
