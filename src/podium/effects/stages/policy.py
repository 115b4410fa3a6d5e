"""Policy: deny by default. What the workflow does not grant is refused, recorded, and never reaches the network.

A tool is allowed as far as the workflow grants it, and then only as the policies in force allow: all of those in whose
names the effect acts (the person, the workflow, the agent) must be allowed to. What policies demand besides becomes an
obligation, which a later stage fulfils. Where nobody has written a policy, the grants of the workflow decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import structs

from podium.clock import Clock
from podium.effects.effect import Effect, Proceed, refuse
from podium.effects.facts import facts_of, untrusted_of
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.gate.policy.facts import REASON, InForce
from podium.node.calls import Call, CodeCall, ModelCall, Reply, RunCall, ToolCall

_ALLOWED = {ToolCall: "granted", ModelCall: "no_policy", RunCall: "declared", CodeCall: "sandboxed"}
"""Why a call is allowed: which runs it may start or tell something stands in the workflow itself."""

_BESIDE: dict[type[Call], str] = {ToolCall: "granted", RunCall: "declared", CodeCall: "sandboxed"}
"""What a call must be besides being allowed by policies."""

NAMED = 16
"""Policies that a record names; `podium policy explain` finds all of them."""


@dataclass(frozen=True, slots=True)
class Policy:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Refuse what is not granted, or what the policies in force do not allow."""
        refusal = _not_granted(effect)
        if refusal is not None:
            code, message, step = refusal
            await refuse(effect, code, at=self.clock.now())
            raise EffectDenied(code, message, help=step)
        policies = await self.safeguards.policies.in_force()
        effect.untrusted = untrusted_of(effect)
        if policies is None:
            effect.reasons.append(_ALLOWED[type(effect.call)])
        else:
            await self._decide(effect, policies)
        return await proceed(effect)

    async def _decide(self, effect: Effect, policies: InForce) -> None:
        now = self.clock.now()
        effect.policies = policies.digest
        verdict = policies.decide(facts_of(effect, self.safeguards, at=now))
        if verdict.allowed and (double := _twin_call(effect)) is not None:
            # the twin is called in the tool's place, so it must be allowed, too
            twins = policies.decide(facts_of(replace(effect, call=double), self.safeguards, at=now))
            verdict = (
                twins
                if not twins.allowed
                else verdict._replace(obligations=tuple(dict.fromkeys((*verdict.obligations, *twins.obligations))))
            )
        if verdict.allowed and type(effect.call) in _BESIDE:
            effect.reasons.append(_BESIDE[type(effect.call)])
        effect.reasons.extend(f"{REASON}{id_}" for id_ in verdict.policies[:NAMED])
        if not verdict.allowed:
            await refuse(effect, verdict.code, at=now)
            step = verdict.step or f"`podium policy explain {effect.run} {effect.path}` shows what decided"
            raise EffectDenied(verdict.code, verdict.why, help=step)
        for obligation in verdict.obligations[:NAMED]:
            effect.reasons.append(obligation.reason)
        effect.obligations.extend(verdict.obligations)


def _not_granted(effect: Effect) -> tuple[str, str, str] | None:
    calls = (call for call in (effect.call, _twin_call(effect)) if isinstance(call, ToolCall))
    return next((found for call in calls if (found := _refusal(effect, call)) is not None), None)


def _twin_call(effect: Effect) -> ToolCall | None:
    """Return the call as it is made of the tool's twin, if that is a tool of the workflow and called instead."""
    call = effect.call
    if effect.mode == "live" or not isinstance(call, ToolCall):
        return None
    grant = effect.grants.get(call.tool)
    named = grant.twin if grant is not None else None
    return structs.replace(call, tool=named) if isinstance(named, str) and named else None


def _refusal(effect: Effect, call: ToolCall) -> tuple[str, str, str] | None:
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
