"""Kill switches: what must not act any more, from now on and until somebody lifts the stop.

A switch has a scope and a subject. While it is on, the transaction that would write an `effect.intent` refuses every
effect that it fits (ST007), so that nothing begins behind it, in whatever process; and who is carrying such an effect
out hears of the switch and stops it. What fits:

| scope | subject | fits the effects |
|---|---|---|
| `everything` | none | of the whole installation |
| `run` | a run | of that run and of the runs that it started |
| `workflow` | a name | of its runs, and of its nodes where it is a sub-workflow |
| `agent` | a name, or a name with a version | in whose chain the agent stands |
| `tool` | a grant, `grant.function`, or a target | that call it |
| `model` | a model, as records show it | that ask it |
| `tenant` | a tenant | of its runs |
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

from podium.clock import Millis

SwitchScope = Literal["everything", "run", "workflow", "agent", "tool", "model", "tenant"]

MAX_SWITCHES = 1_000
"""So many may be on at once; they are looked through with every intent."""

MODEL = "model.chat"
_TOOL = "tool."


class Switch(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that is stopped.

    Attributes:
        subject: What of the scope, "" for everything.
        by: Who stopped it. `at`: when; given by the store.
    """

    scope: SwitchScope
    subject: str = ""
    by: str = ""
    at: Millis = Millis(0)

    @property
    def name(self) -> str:
        """As it stands in records: `tool:mail.send`."""
        return f"{self.scope}:{self.subject}" if self.subject else self.scope

    @property
    def told(self) -> str:
        """As people read it: `tool mail.send`."""
        return f"{self.scope} {self.subject}" if self.subject else self.scope

    def is_about(self, other: Switch) -> bool:
        """Whether the two stop the same."""
        return (self.scope, self.subject) == (other.scope, other.subject)


class Act(NamedTuple):
    """What a switch is compared with: an effect, and the run that it belongs to.

    Attributes:
        runs: The run and those that it stands under.
        effect: `model.chat`, `tool.<grant>.<function>`, `run.start`.
        chain: In whose names it acts: `person:anna`, `workflow:refunds@3fa9`, `agent:triage@3`.
    """

    runs: tuple[str, ...]
    workflow: str
    tenant: str
    effect: str
    target: str
    chain: tuple[str, ...]


def stopped_by(switches: Iterable[Switch], act: Act) -> Switch | None:
    """Return the first switch that fits, None when there is none."""
    return next((switch for switch in switches if _fits(switch, act)), None)


def _fits(switch: Switch, act: Act) -> bool:
    subject = switch.subject
    match switch.scope:
        case "everything":
            return True
        case "run":
            return subject in act.runs
        case "workflow":
            return subject == act.workflow or _acts("workflow", subject, act.chain)
        case "agent":
            return _acts("agent", subject, act.chain)
        case "tool":
            return act.effect.startswith(_TOOL) and _is_tool(subject, act)
        case "model":
            return act.effect == MODEL and subject == act.target
        case "tenant":
            return subject == act.tenant


def _acts(kind: str, subject: str, chain: tuple[str, ...]) -> bool:
    whole = f"{kind}:{subject}"
    return any(link == whole or link.startswith(f"{whole}@") for link in chain)


def _is_tool(subject: str, act: Act) -> bool:
    called = act.effect.removeprefix(_TOOL)
    return subject in (called, act.target) or called.startswith(f"{subject}.")
