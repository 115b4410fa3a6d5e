"""Deciding: what the policies in force say to one effect.

1. Everybody in whose names the effect acts is asked; all must be allowed. A `forbid` for one of them forbids it.
2. Policies with `@obligation` forbid what their obligation does not make good. Where only such policies forbid, the
   others are asked alone; what those allow is allowed with these obligations.
3. Whatever goes wrong denies: a policy that fails, an argument that cannot be told exactly, somebody unknown.
4. A decision is remembered by everything that it depends on, and by nothing else: whom, what, labels, and of the
   arguments, the time and the attempt that which some policy reads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from podium.gate.decision import Obligation
from podium.gate.policy.arguments import Read, read
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.facts import REASON, Facts, Judged, Resource, Verdict
from podium.gate.policy.library import Answer, PolicySet, authorize, entities_of, parts_of, policy_set
from podium.gate.policy.reads import Reads, reads
from podium.gate.policy.request import Held, Principal, entities, principals, requests
from podium.gate.policy.rule import Rule
from podium.gate.policy.scope import concerns

Json = Any

REMEMBERED = 4096
"""Decisions kept in memory."""

SLICES = 512
"""Kinds of calls for which the policies that concern them are kept."""

_MINUTE_MS = 60_000


class Slice(NamedTuple):
    """The policies that could concern one kind of call.

    Attributes:
        every: All of them. `plain`: those without an obligation. None when there are none.
        reads: What they look at.
    """

    every: PolicySet | None
    plain: PolicySet | None
    reads: Reads


class Policies:
    """The policies of one bundle."""

    def __init__(self, rules: Sequence[Rule], bundle: Bundle) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self.digest = bundle.digest
        self.bundle = bundle
        self._lattice = bundle.lattice
        self._held = Held(bundle.people, _named(rules, "Role"), _named(rules, "Group"))
        self._slices: OrderedDict[tuple[str, Resource], Slice] = OrderedDict()
        self._known: OrderedDict[Hashable, Verdict] = OrderedDict()

    def decide(self, facts: Facts) -> Verdict:
        """Return what the policies say; whatever goes wrong denies."""
        part = self.slice(facts.action, facts.resource)
        wanted = part.reads
        told = read(facts.arguments, wanted.arguments)
        key = (
            facts.chain,
            facts.action,
            facts.resource,
            facts.tenant,
            facts.integrity,
            facts.control,
            facts.untrusted,
            facts.level,
            facts.categories,
            facts.residency,
            told,
            facts.attempt if wanted.attempt else 0,
            facts.at // _MINUTE_MS if wanted.minute else 0,
        )
        verdict = self._known.get(key)
        if verdict is not None:
            self._known.move_to_end(key)
            return verdict
        verdict = self._decide(facts, part, told)
        if not wanted.exactly:
            self._known[key] = verdict
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return verdict

    def slice(self, action: str, resource: Resource) -> Slice:
        """Return the policies that could concern an action on a resource."""
        found = self._slices.get((action, resource))
        if found is None:
            rules = [rule for rule in self.rules.values() if concerns(rule, action, resource)]
            plain = [rule for rule in rules if rule.demands is None]
            found = Slice(_set(rules), _set(plain), reads(rules))
            self._slices[action, resource] = found
            if len(self._slices) > SLICES:
                self._slices.popitem(last=False)
        return found

    def _decide(self, facts: Facts, part: Slice, told: Read) -> Verdict:
        acting = principals(facts.chain)
        if not acting:
            return _nobody(facts)
        if told.unreadable:
            return _unreadable(facts, told)
        if part.every is None or part.plain is None:
            return _denied(facts, [Judged(_called(one), allowed=False, policies=()) for one in acting])
        try:
            known = entities_of(entities(facts, acting, told, self._held))
            asked = requests(facts, acting, told, self._lattice)
            answers = authorize(asked, part.every, known)
            demanded = self._demanded(answers)
            if demanded:
                answers = _without(answers, authorize(asked, part.plain, known))
        except ValueError as error:  # facts that the schema does not know
            return _failed(facts, str(error))
        if errors := [text for answer in answers for text in answer.errors]:
            return _failed(facts, "; ".join(errors))
        judged = [
            Judged(_called(one), answer.allowed, answer.policies) for one, answer in zip(acting, answers, strict=True)
        ]
        if not all(one.allowed for one in judged):
            return _denied(facts, judged)
        return Verdict(policies=_deciding(judged), obligations=tuple(self._demands(demanded)), judged=tuple(judged))

    def _demanded(self, answers: Iterable[Answer]) -> list[str]:
        """Return the policies with an obligation that forbid something to somebody."""
        forbidding = {id_ for answer in answers if not answer.allowed for id_ in answer.policies}
        return sorted(id_ for id_ in forbidding if self.rules[id_].demands is not None)

    def _demands(self, ids: Iterable[str]) -> Iterator[Obligation]:
        for id_ in ids:
            rule = self.rules[id_]
            assert rule.demands is not None
            about = rule.annotations.get("about", "")
            yield Obligation(kind=rule.demands, reason=f"{REASON}{id_}", about=about, settings=rule.settings)


def _set(rules: Sequence[Rule]) -> PolicySet | None:
    return policy_set({rule.id: rule.form for rule in rules}) if rules else None


def _named(rules: Iterable[Rule], kind: str) -> frozenset[str]:
    """Return the roles or groups that policies name, wherever they do."""
    found: set[str] = set()
    waiting: list[Json] = [rule.form for rule in rules]
    while waiting:
        part = waiting.pop()
        waiting.extend(parts_of(part))
        if isinstance(part, dict):
            named = cast("dict[str, Json]", part)
            if named.keys() == {"type", "id"} and named["type"] == kind:
                found.add(named["id"])
    return frozenset(found)


def _called(principal: Principal) -> str:
    return f"{principal.kind.lower()}:{principal.name}"


def _deciding(judged: Iterable[Judged]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for one in judged for id_ in one.policies))


def _without(answers: Iterable[Answer], plain: Iterable[Answer]) -> list[Answer]:
    """Return the answers of the policies without obligations; what failed among all of them still counts."""
    return [
        Answer(alone.allowed, alone.policies, (*alone.errors, *answer.errors))
        for answer, alone in zip(answers, plain, strict=True)
    ]


# ── why not ──


def _denied(facts: Facts, judged: Sequence[Judged]) -> Verdict:
    refused = [one for one in judged if not one.allowed]
    forbidding = _deciding(refused)
    if forbidding:
        policies = " and ".join(f"`{id_}`" for id_ in forbidding[:3])
        why = f"`{facts.resource.name}` is forbidden by policy {policies}"
    else:
        whom = " and ".join(f"`{one.principal}`" for one in refused)
        why = f"no policy allows {facts.action} on `{facts.resource.name}` to {whom}"
    return Verdict(code="GA010", why=why, policies=forbidding, judged=tuple(judged))


def _failed(facts: Facts, words: str) -> Verdict:
    why = f"the policies cannot decide on `{facts.resource.name}`: {' '.join(words.split())[:300]}"
    return Verdict(code="GA011", why=why, step="correct the policy; what cannot be decided is denied")


def _unreadable(facts: Facts, told: Read) -> Verdict:
    names = ", ".join(f"`{name}`" for name in told.unreadable[:5])
    return Verdict(
        code="GA013",
        why=f"a policy reads {names} of `{facts.resource.name}`, which cannot be told exactly",
        step="send a number of at most four digits behind the point, or a text of at most 4 KB",
    )


def _nobody(facts: Facts) -> Verdict:
    names = ", ".join(f"`{one}`" for one in facts.chain) or "nobody"
    return Verdict(
        code="GA014",
        why=f"`{facts.resource.name}` would act in the name of {names}, which no policy can judge",
        step="only people, workflows and agents can be allowed anything",
    )
