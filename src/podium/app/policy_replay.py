"""Decisions of runs, made again: what the policies in force at the time said, and what others would have said.

Everything that a decision depended on is recorded: whose names, labels, when, the request, and the digest of the
policies, whose bundle is kept. So a decision that was remembered when it was made is explained like any other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from podium.app.installation import Installation
from podium.app.policy_source import kept, policies_of
from podium.effects.facts import action_of, arguments_of, resource_of
from podium.errors import LedgerError, PodiumError, UsageError
from podium.gate.labels import Label
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.facts import REASON, Facts, Verdict
from podium.ids import RunId, WorkflowVersion
from podium.ledger.record import EffectDenied, EffectIntent, EffectStaged, Record
from podium.ledger.store import RunRow
from podium.node.calls import Call, ModelCall, ToolCall
from podium.spec.label import USER
from podium.spec.model import ToolSpec, Workflow

if TYPE_CHECKING:
    from podium.gate.policy.decide import Policies

Json = Any

PAGE = 5_000
"""Records read at once."""

OWN = frozenset({"GA010", "GA011", "GA012", "GA013", "GA014"})
"""Codes of denials by policies."""

ALLOWED = Verdict()
"""What is said where there are no policies."""


class Decision(NamedTuple):
    """One decision, as it was recorded.

    Attributes:
        asked: Whether it came to the policies: what is not granted, or may not flow, is denied before.
        facts: What the policies were told; None when the request has been erased.
    """

    run: RunId
    seq: int
    path: str
    effect: str
    verdict: str
    reasons: tuple[str, ...]
    obligations: tuple[str, ...]
    digest: str
    asked: bool
    facts: Facts | None

    @property
    def code(self) -> str:
        """Why the policies denied it, "" when they did not."""
        return self.reasons[-1] if self.verdict == "deny" and self.reasons[-1:] and self.reasons[-1] in OWN else ""

    @property
    def by(self) -> tuple[str, ...]:
        """The policies that the record names."""
        return tuple(reason.removeprefix(REASON) for reason in self.reasons if reason.startswith(REASON))


class _Ran(NamedTuple):
    """What the decisions of one run have in common; `own` is the name of its workflow."""

    installation: Installation
    row: RunRow
    workflow: Workflow
    own: str

    async def decision(self, record: Record, body: EffectIntent | EffectDenied | EffectStaged) -> Decision:
        decision = body.decision
        try:
            sent = await self.installation.store.payload(self.row.id, body.request)
        except LedgerError:
            sent = b""  # erased: what it said is not known any more
        return Decision(
            run=self.row.id,
            seq=record.seq,
            path=record.path,
            effect=body.effect,
            verdict=decision.verdict,
            reasons=decision.reasons,
            obligations=decision.obligations,
            digest=decision.policies,
            asked=decision.verdict != "deny" or decision.policies != "",
            facts=self._facts(sent, body, record.attempt) if sent else None,
        )

    def _facts(self, sent: bytes, body: EffectIntent | EffectDenied | EffectStaged, attempt: int) -> Facts:
        from podium.app.safeguards import safeguards_of

        call: Call = msgspec.json.decode(sent, type=Call)
        decision = body.decision
        label: Label = decision.label or USER
        grant = _grant(self.workflow, decision.chain, self.own, call.tool) if isinstance(call, ToolCall) else None
        model = safeguards_of(self.installation.settings).model
        region = model(body.target).region if isinstance(call, ModelCall) else ""
        return Facts(
            chain=decision.chain,
            action=action_of(call),
            resource=resource_of(call, grant=grant, target=body.target, region=region),
            arguments=arguments_of(call),
            integrity=label.integrity,
            control=decision.control,
            untrusted=decision.untrusted,
            level=label.level,
            categories=label.categories,
            residency=label.residency,
            tenant=self.row.tenant,
            attempt=attempt,
            at=decision.at,
        )


async def decisions(installation: Installation, run: RunId, *, node: str = "") -> AsyncIterator[Decision]:
    """Yield the decisions of a run in their order; with `node`, those of it and of what stands in it.

    Raises:
        UsageError: when the run does not exist.
    """
    row = await installation.store.row(run)
    if row is None:
        raise UsageError("AP002", f"there is no run `{run}`", help="`podium runs list` shows the runs")
    compiled = await installation.workflow(WorkflowVersion(row.version))
    ran = _Ran(installation, row, compiled.workflow, row.workflow)
    after = 0
    while records := await installation.store.records(run, after=after, limit=PAGE):
        after = records[-1].seq
        for record in records:
            if isinstance(record.body, EffectIntent | EffectDenied | EffectStaged) and _at(record, node):
                yield await ran.decision(record, record.body)


def _at(record: Record, node: str) -> bool:
    return not node or record.path == node or record.path.startswith((f"{node}/", f"{node}["))


def _grant(workflow: Workflow, chain: tuple[str, ...], own: str, tool: str) -> ToolSpec | None:
    """Return the grant of a tool in the workflow, or the sub-workflow, that is the last in the chain."""
    names = [one.removeprefix("workflow:") for one in chain if one.startswith("workflow:")]
    if not names or names[-1].partition("@")[0] == own:
        return workflow.tools.get(tool)
    fitting = (flow.tools[tool] for name, flow in _flows(workflow) if name == names[-1] and tool in flow.tools)
    return next(fitting, None)


def _flows(workflow: Workflow) -> Iterator[tuple[str, Workflow]]:
    for name, flow in workflow.flows.items():
        yield name, flow
        yield flow.name, flow
        yield from _flows(flow)


class Judges:
    """The policies of every time, found by their digest."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._known: dict[str, Policies | None] = {}

    async def then(self, decision: Decision) -> Policies | None:
        """Return the policies that decided.

        Raises:
            UsageError: AP075 when they are not kept any more.
        """
        digest = decision.digest
        if digest not in self._known:
            bundle = await kept(self._installation.store, digest)
            if bundle is None and digest:
                raise UsageError(
                    "AP075",
                    f"the policies `{digest[:12]}` that decided are not kept in this installation",
                    help="the folder `files` of the store has lost a file; `podium ledger verify` tells the rest",
                )
            self._known[digest] = None if bundle is None else policies_of(bundle)
        return self._known[digest]


def judged(policies: Policies | None, facts: Facts) -> Verdict:
    """Return what policies say; where there are none, everything that is granted is allowed."""
    return ALLOWED if policies is None else policies.decide(facts)


class Difference(NamedTuple):
    """A decision that other policies would have made differently."""

    decision: Decision
    then: Verdict
    now: Verdict


async def backtest(
    installation: Installation, runs: list[RunId], bundle: Bundle
) -> AsyncIterator[Decision | Difference]:
    """Yield every decision that can be made again, as a `Difference` where other policies decide otherwise."""
    now = policies_of(bundle) if bundle.files else None
    judges = Judges(installation)
    for run in runs:
        async for decision in decisions(installation, run):
            if decision.facts is None or not decision.asked:
                continue
            try:
                before = judged(await judges.then(decision), decision.facts)
            except PodiumError:  # what decided is gone; what it said is recorded
                before = _recorded(decision)
            after = judged(now, decision.facts)
            yield decision if same(before, after) else Difference(decision, before, after)


def _recorded(decision: Decision) -> Verdict:
    return Verdict(code=decision.code, policies=decision.by)


def same(one: Verdict, other: Verdict) -> bool:
    """Whether two decisions let the same happen under the same conditions, whichever policies they name."""
    return one.allowed == other.allowed and _conditions(one) == _conditions(other)


def _conditions(verdict: Verdict) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {(one.kind, one.settings) for one in verdict.obligations}
