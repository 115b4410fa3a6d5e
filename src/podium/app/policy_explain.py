"""Why something was decided: the decisions of a run with their facts, made again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple

from podium.app.installation import Installation
from podium.app.policy_replay import ALLOWED, Decision, Judges, decisions, judged, same
from podium.app.policy_source import policies_of
from podium.errors import UsageError
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.facts import Facts, Verdict
from podium.ids import RunId

if TYPE_CHECKING:
    from podium.gate.policy.decide import Policies

Json = Any


class Explained(NamedTuple):
    """A decision with what led to it.

    Attributes:
        then: What the policies in force say when they are asked again; None when they cannot be.
        facts: What they were told, by name.
        note: What else is to be said of it, "" for nothing.
        now: How the policies in the folder would decide, "" for the same.
    """

    decision: Decision
    then: Verdict | None
    facts: dict[str, Json]
    note: str = ""
    now: str = ""


async def explained(
    installation: Installation, run: RunId, bundle: Bundle, *, node: str = ""
) -> AsyncIterator[Explained]:
    """Yield the decisions of a run, made again; `bundle` are the policies in the folder.

    Raises:
        UsageError: when there is no such run.
        SpecError: when the policies in the folder are wrong.
    """
    here = policies_of(bundle) if bundle.files else None
    judges = Judges(installation)
    async for decision in decisions(installation, run, node=node):
        yield await _explained(decision, judges, here)


async def _explained(decision: Decision, judges: Judges, here: Policies | None) -> Explained:
    facts = decision.facts
    if facts is None:
        return Explained(decision, None, {}, "the request was erased, so this cannot be decided again")
    if not decision.asked:
        return Explained(decision, None, told_of(facts, here), "denied before the policies were asked")
    try:
        policies = await judges.then(decision)
    except UsageError as error:
        return Explained(decision, None, told_of(facts, here), error.message)
    then, now = judged(policies, facts), judged(here, facts)
    note = "" if decision.digest else "no policies were in force; the workflow grants it"
    if then.code != decision.code:
        note = f"decided again, the answer is {then.code or 'allow'}: what was recorded is not all that counted then"
    elif then.why:
        note = then.why
    return Explained(decision, then, told_of(facts, policies), note, "" if same(then, now) else _otherwise(now))


def told_of(facts: Facts, policies: Policies | None) -> dict[str, Json]:
    """Return the facts that policies see of an effect."""
    from podium.gate.policy.reads import Reads
    from podium.gate.policy.words import told

    return told(facts, policies.slice(facts.action, facts.resource).reads if policies is not None else Reads())


def _otherwise(now: Verdict) -> str:
    if now is ALLOWED:
        return "now there are no policies, and it would be allowed"
    if not now.allowed:
        return f"the policies in the folder would deny it: {now.why}"
    demands = ", ".join(f"{one.kind} (by {one.reason.partition(':')[2]})" for one in now.obligations)
    return f"the policies in the folder would allow it{f' with {demands}' if demands else ''}"
