"""Who could do something: the policies that concern it, with what is left of their conditions while nobody has asked.

Told by partial evaluation: action and resource are known, the person and everything else are not. What comes out is for
people to read; whether something may happen is only ever decided on the whole request.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from podium.gate.decision import ObligationKind
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import Resource
from podium.gate.policy.library import Partial, entities_of, partially, policy_set
from podium.gate.policy.request import resource_entities
from podium.gate.policy.rule import Rule
from podium.gate.policy.scope import concerns
from podium.gate.policy.translate import quoted
from podium.gate.policy.words import conditions

Json = Any


class Say(NamedTuple):
    """What one policy has to say.

    Attributes:
        does: `require` forbids until its obligation is fulfilled.
        when: What must hold besides, "" for nothing more.
    """

    policy: str
    does: Literal["allow", "deny", "require"]
    when: str
    about: str = ""
    obligation: ObligationKind | None = None
    settings: tuple[tuple[str, str], ...] = ()


def who_can(policies: Policies, action: str, resource: Resource) -> tuple[Say, ...]:
    """Return what each policy says to an action on a resource; those that cannot concern it are left out.

    Raises:
        ValueError: when the schema does not know such an action on such a resource.
    """
    rules = [rule for rule in policies.rules.values() if concerns(rule, action, resource)]
    if not rules:
        return ()
    known = entities_of(json.dumps(resource_entities(resource)))
    request = {"action": f"Action::{quoted(action)}", "resource": f"{resource.kind}::{quoted(resource.name)}"}
    left = partially(request, policy_set({rule.id: rule.form for rule in rules}), known)
    return tuple(_say(rule, left) for rule in rules if rule.id in left.open or rule.id in left.satisfied)


def _say(rule: Rule, left: Partial) -> Say:
    does: Literal["allow", "deny", "require"] = "allow" if rule.effect == "permit" else "deny"
    when = conditions(left.open[rule.id]) if rule.id in left.open else ""
    about = rule.annotations.get("about", "")
    if rule.demands is not None:
        return Say(rule.id, "require", when, about, rule.demands, rule.settings)
    return Say(rule.id, does, when, about)
