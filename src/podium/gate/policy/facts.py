"""What a policy is asked: the facts of one effect; and what it answers.

Both are values without Cedar in them, so the gate can hold them where no policy is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from podium.gate.decision import Obligation
from podium.spec.label import Integrity

Json = Any

Action = Literal["call_tool", "call_model", "start_run", "signal_run", "run_code", "read_knowledge", "use_memory"]

REASON = "policy:"
"""How the reason of a decision begins that a policy made; its id follows."""


class Resource(NamedTuple):
    """What an effect acts on; `kind` is a Cedar entity type, and says which of the rest mean something.

    Attributes:
        name: `mail.send`, a model's name, a workflow's name, a run's id, a sandbox's profile.
        tool: Of a function: the grant.
        isolation: Of a sandbox: what keeps the program in.
    """

    kind: Literal["Function", "Model", "Workflow", "Run", "Sandbox", "Collection", "Memory"]
    name: str
    tool: str = ""
    effect: str = ""
    delivery: str = ""
    trust: str = ""
    region: str = ""
    local: bool = False
    isolation: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of one effect before it happens.

    Attributes:
        chain: In whose names it acts: `person:anna`, `workflow:refunds`, `agent:triage@3`. All must be allowed.
        integrity: Of all that it is made of; `control`: of the decisions that led to it.
        untrusted: The critical arguments that nobody vouches for, sorted.
        level: A name of the installation's levels.
        residency: None for anywhere.
        at: Milliseconds since the epoch.
    """

    chain: tuple[str, ...]
    action: Action
    resource: Resource
    arguments: Mapping[str, Json] = field(default_factory=dict[str, Any])
    integrity: Integrity = "user"
    control: Integrity = "user"
    untrusted: tuple[str, ...] = ()
    level: str = ""
    categories: tuple[str, ...] = ()
    residency: tuple[str, ...] | None = None
    tenant: str = ""
    attempt: int = 1
    at: int = 0


class Judged(NamedTuple):
    """What the policies say to one of those in whose names an effect acts; `policies` are the ids that decided."""

    principal: str
    allowed: bool
    policies: tuple[str, ...]


class Verdict(NamedTuple):
    """What the policies say to an effect.

    Attributes:
        code: "" when it is allowed, else why not (`GA010` …).
        why: For a denial: one sentence for a person. `step`: what to do next.
        policies: Ids of the policies that decided: those that allow it, or those that forbid it.
        obligations: What must be fulfilled before it may happen.
        judged: What was said to each in whose name it acts, as far as it was asked.
    """

    code: str = ""
    why: str = ""
    step: str = ""
    policies: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    judged: tuple[Judged, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it may happen, once its obligations are fulfilled."""
        return not self.code


class InForce(Protocol):
    """Policies that decide."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of their bundle, "" when there is none."""
        ...

    def decide(self, facts: Facts) -> Verdict:
        """Return what they say; whatever goes wrong while deciding denies."""
        ...
