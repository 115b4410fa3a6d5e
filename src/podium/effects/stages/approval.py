"""Approval: people agree to exactly this call, or it does not happen.

1. Who must agree is what all obligations demand together: the grant's, those of labels, those of policies.
2. The question binds the call by the digest of `Subject`: the run, the node, the call's key, name and target, its
   arguments, their labels, the policies. When the node comes back after the wait, every stage before this one has
   decided again, and a call that is not the one that was asked about is denied. Only the policies may be others by
   then: they have just been asked again.
3. Whoever agreed must still hold what they held when they did, and what is demanded now must be fulfilled by it. If it
   is not, people are asked again.
4. What a person changed is agreed to by that person; where others must agree too, they are asked about the change.
5. A standing approval of somebody counts as their yes, and is used up by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from podium.clock import Clock
from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended, refuse
from podium.effects.outbox import because
from podium.effects.safeguards import Safeguards
from podium.errors import EffectDenied
from podium.gate.approval import Subject, digest, held_now, joined, judge, rule_of
from podium.gate.decision import Obligation
from podium.gate.roles import excluded
from podium.node.calls import Reply, ToolCall
from podium.spec.approval_rule import Terms
from podium.spec.label import USER

MAX_SHOWN = 4_000
"""Characters of one text that a question shows; longer ones are cut, and named by their digest."""


@dataclass(frozen=True, slots=True)
class Approval:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    def __call__(self, effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
        """Ask when something demands it and nobody has answered yet."""
        asked = [obligation for obligation in effect.obligations if obligation.kind == "approval"]
        if not asked or because(effect) is not None:
            return proceed(effect)  # what only goes into the outbox is asked about when it is to be released
        return self._agreed(effect, proceed, asked)

    async def _agreed(self, effect: Effect, proceed: Proceed, asked: Sequence[Obligation]) -> Reply:
        terms = self._terms(effect, asked)
        if effect.known.approval and effect.known.terms is not None:
            await self._check_subject(effect, effect.known.terms)
            if self._fulfilled(effect, terms, effect.known.terms):
                effect.reasons.append("approved")
                if terms.policies != effect.known.terms.policies:
                    effect.reasons.append(f"asked_under:{effect.known.terms.policies or 'no_policies'}")
                return await proceed(effect)
        elif key := await self.safeguards.standing.agree(effect, terms, self.safeguards.people):
            effect.known.approval = key
            effect.reasons.append("approved_beforehand")
            return await proceed(effect)
        raise Suspended(effect.id, _question(effect, terms, asked))

    def _terms(self, effect: Effect, asked: Sequence[Obligation]) -> Terms:
        rule = joined(rule_of(obligation) for obligation in asked)
        people = self.safeguards.people
        return Terms(
            at=self.clock.now(),
            rule=rule,
            subject=digest(subject_of(effect, effect.policies)),
            policies=effect.policies,
            excluded=excluded(people, rule, effect.parties),
            named=people.configured,
            effect=isinstance(effect.call, ToolCall),
        )

    async def _check_subject(self, effect: Effect, approved: Terms) -> None:
        """Deny what is not what people agreed to; what stood in the outbox cannot have changed."""
        if effect.releases:
            return
        known = effect.known
        if known.edited_request:
            same = known.edited_request == effect.request_hash
        else:
            same = digest(subject_of(effect, approved.policies)) == approved.subject
        if not same:
            await refuse(effect, "GA003", at=self.clock.now())
            raise EffectDenied(
                "GA003",
                f"what `{effect.name}` would send is not what was approved",
                help="run the workflow again; the new request needs its own approval",
            )

    def _fulfilled(self, effect: Effect, terms: Terms, approved: Terms) -> bool:
        """Whether what was said fulfils what is demanded now, by what its authors still hold."""
        ballots = held_now(effect.known.ballots, self.safeguards.people)
        # whether it was said in time was decided when it was said
        rule = replace(terms.rule, ends_ms=0)
        now = replace(terms, at=approved.at, rule=rule, subject=approved.subject)
        return judge(now, ballots, now=approved.at).state in (("approved", "edited") if rule.single else ("approved",))


def subject_of(effect: Effect, policies: str) -> Subject:
    """Return what a question about a call binds."""
    arguments = effect.labels.arguments
    return Subject(
        run=effect.run,
        node=effect.path,
        effect=effect.id,
        name=effect.name,
        target=effect.target,
        request=effect.request_hash,
        label=None if effect.label == USER else effect.label,
        arguments=tuple((name, arguments[name]) for name in sorted(arguments)),
        policies=policies,
    )


def _question(effect: Effect, terms: Terms, asked: Sequence[Obligation]) -> EffectQuestion:
    label = effect.label
    return EffectQuestion(
        reason="approval",
        text=f"May `{effect.name}` be called?",
        show={
            **_what(effect),
            "target": effect.target,
            "why": list(dict.fromkeys(obligation.about or obligation.reason for obligation in asked)),
            **({} if label == USER else {"labels": msgspec.to_builtins(label)}),
        },
        request_hash=effect.request_hash,
        terms=terms,
        call=msgspec.to_builtins(effect.call) if isinstance(effect.call, ToolCall) else None,
        workflow=effect.workflow,
    )


def _what(effect: Effect) -> dict[str, Any]:
    call = effect.call
    if isinstance(call, ToolCall):
        return {"tool": call.tool, "function": call.function, "arguments": shortened(call.arguments)}
    return {"call": shortened(msgspec.to_builtins(call))}


def shortened(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return a JSON value with its long texts cut; what is cut is named by its digest."""
    match value:
        case str() if len(value) > MAX_SHOWN:
            whole = hashlib.sha256(value.encode()).hexdigest()
            return f"{value[:MAX_SHOWN]}… ({len(value)} characters, SHA-256 {whole})"
        case dict():
            return {key: shortened(inner) for key, inner in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [shortened(inner) for inner in cast("list[Any]", value)]
        case _:
            return value
