"""Tests of policies: `policies/*.test.yaml`, a list of questions with the answers that they must get.

```yaml
- name: a small refund at ten in the morning
  who: [person:anna, workflow:refunds]
  do: call_tool
  on: pay.refund
  with: {amount: 50}
  at: 2026-03-02T10:00:00Z
  expect: allow
  by: small-refunds
```

`expect` is `allow`, `deny`, or the obligations that must come with an `allow`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, TypeAdapter

from podium.gate.decision import ObligationKind
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import Action, Facts, Resource, Verdict
from podium.gate.policy.listing import read_list
from podium.gate.policy.schema import RESOURCES
from podium.gate.policy.written import Names
from podium.spec.base import SpecModel
from podium.spec.diagnostic import Diagnostic, Place
from podium.spec.label import Integrity
from podium.spec.positions import Positions
from podium.spec.tool import Delivery, EffectClass

Json = Any

LOCAL = "local/"


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class CaseSpec(SpecModel):
    """One question, and the answer that it must get."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """What it shows."""

    who: Names
    """In whose names: `person:anna`, `workflow:refunds`, `agent:triage@3`."""

    do: Action
    """What is to be done."""

    on: Annotated[str, Field(min_length=1)]
    """On what: a function (`mail.send`), a model, a workflow."""

    with_: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict)
    """The arguments."""

    expect: Literal["allow", "deny"] | tuple[ObligationKind, ...]
    """`allow`, `deny`, or a list of obligations."""

    by: Names | None = None
    """The policies that must be among those that decided."""

    effect: EffectClass = "write"
    """Of a tool: what it does to the world."""

    delivery: Delivery = "keyed"
    """Of a tool: what a second call means."""

    trust: Literal["trusted", "untrusted"] = "untrusted"
    """Of a tool: whether what it returns may be believed."""

    region: str = ""
    """Of a tool or a model: where it is."""

    integrity: Integrity = "user"
    """Whose word all that it is made of is."""

    control: Integrity = "user"
    """Whose word the decisions are that led to it."""

    untrusted: Names | None = None
    """The critical arguments that nobody vouches for."""

    level: str = ""
    """How confidential it is; the default level when nothing is said."""

    categories: Names | None = None
    """What it contains."""

    residency: tuple[str, ...] | None = None
    """The regions where it may go."""

    tenant: str = ""
    """Whom the run belongs to."""

    at: Annotated[datetime, BeforeValidator(_moment)] = datetime(2026, 1, 5, 12, tzinfo=UTC)
    """When; a Monday at noon, UTC, when nothing is said."""

    @property
    def facts(self) -> Facts:
        """What the policies are asked."""
        return Facts(
            chain=self.who,
            action=self.do,
            resource=self._resource,
            arguments=self.with_,
            integrity=self.integrity,
            control=self.control,
            untrusted=self.untrusted or (),
            level=self.level,
            categories=self.categories or (),
            residency=self.residency,
            tenant=self.tenant,
            at=int(self.at.timestamp() * 1000),
        )

    @property
    def _resource(self) -> Resource:
        return resource_named(
            self.do, self.on, effect=self.effect, delivery=self.delivery, trust=self.trust, region=self.region
        )


CaseFile = tuple[CaseSpec, ...]
_FILE = TypeAdapter[tuple[CaseSpec, ...]](CaseFile)


class Case(NamedTuple):
    """A test with its place."""

    spec: CaseSpec
    file: str
    place: Place


class Outcome(NamedTuple):
    """How a test went; `wrong` says in words what is not as expected, "" when all is."""

    case: Case
    verdict: Verdict
    wrong: str


def resource_named(
    action: str, name: str, *, effect: str, delivery: str, trust: str, region: str, isolation: str = ""
) -> Resource:
    """Return what an action acts on, by its name."""
    match RESOURCES[action]:
        case "Function":
            tool = name.partition(".")[0]
            return Resource("Function", name, tool=tool, effect=effect, delivery=delivery, trust=trust, region=region)
        case "Model":
            return Resource("Model", name, region=region, local=name.startswith(LOCAL))
        case "Workflow":
            return Resource("Workflow", name)
        case "Run":
            return Resource("Run", name)
        case "Sandbox":
            return Resource("Sandbox", name, isolation=isolation)
        case "Collection":
            return Resource("Collection", name)
        case _:
            return Resource("Memory", name)


def read_cases(text: str, file: str) -> tuple[list[Case], list[Diagnostic]]:
    """Return the tests of a file, or what is wrong with it."""
    specs, positions, wrong = read_list(text, file, _FILE, top=CaseFile)
    return [_case(spec, index, file, positions) for index, spec in enumerate(specs)], wrong


def _case(spec: CaseSpec, index: int, file: str, positions: Positions) -> Case:
    return Case(spec, file, positions.value((index, "name")))


def outcome(case: Case, policies: Policies) -> Outcome:
    """Ask the policies, and return how the answer fits."""
    verdict = policies.decide(case.spec.facts)
    return Outcome(case, verdict, "; ".join(_wrong(case.spec, verdict)))


def _wrong(spec: CaseSpec, verdict: Verdict) -> list[str]:
    kinds = tuple(dict.fromkeys(one.kind for one in verdict.obligations))
    got = "deny" if not verdict.allowed else ", ".join(kinds) or "allow"
    found: list[str] = []
    if isinstance(spec.expect, str):
        if got != spec.expect:
            found.append(f"expected {spec.expect}, got {got}{_because(verdict)}")
    elif not verdict.allowed or set(kinds) != set(spec.expect):
        found.append(f"expected {', '.join(spec.expect) or 'no obligation'}, got {got}{_because(verdict)}")
    decided = deciding(verdict)
    missing = [id_ for id_ in spec.by or () if id_ not in decided]
    if missing:
        by = ", ".join(decided) or "no policy"
        found.append(f"expected {', '.join(missing)} to decide, got {by}")
    return found


def deciding(verdict: Verdict) -> tuple[str, ...]:
    """Return the ids of all policies that had a part in a decision."""
    demanding = (one.reason.partition(":")[2] for one in verdict.obligations)
    return tuple(dict.fromkeys((*verdict.policies, *demanding)))


def _because(verdict: Verdict) -> str:
    if not verdict.allowed:
        return f": {verdict.why}"
    return f" (by {', '.join(deciding(verdict))})"
