"""What policies decide: all must be allowed, one `forbid` is enough, and whatever goes wrong denies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.decision import Obligation
from podium.gate.policy.arguments import EMPTY
from podium.gate.policy.bundle import Bundle, Holds
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import Facts, Judged, Resource
from podium.gate.policy.library import authorize, entities_of, policy_set
from podium.gate.policy.load import load
from podium.gate.policy.request import Held, entities, principals, requests

Json = Any
ANNA = ("person:anna", "workflow:refunds@12ab")
EVERYTHING = '@id("all") permit (principal, action, resource);'


def function(name: str, *, effect: str = "write") -> Resource:
    tool = name.partition(".")[0]
    return Resource("Function", name, tool=tool, effect=effect, delivery="keyed", trust="untrusted")


def facts(name: str = "mail.send", **changes: Json) -> Facts:
    asked = Facts(chain=ANNA, action="call_tool", resource=function(name), at=1_780_000_000_000)
    return replace(asked, **changes)


def policies(*texts: str, **bundle: Json) -> Policies:
    files = {f"policies/{number}.{'cedar' if ';' in text else 'yaml'}": text for number, text in enumerate(texts)}
    made = Bundle(files=files, **bundle)
    loaded = load(made)
    assert loaded.ok, loaded.diagnostics
    return Policies(loaded.rules, made)


def test_what_no_policy_allows_is_denied() -> None:
    verdict = policies("// nothing;").decide(facts())

    assert (verdict.code, verdict.policies) == ("GA010", ())
    assert verdict.why == "no policy allows call_tool on `mail.send` to `person:anna` and `workflow:refunds`"


def test_all_in_whose_names_it_acts_must_be_allowed() -> None:
    rules = policies('@id("people") permit (principal is Person, action, resource);')

    verdict = rules.decide(facts())

    assert (verdict.code, verdict.why) == (
        "GA010",
        "no policy allows call_tool on `mail.send` to `workflow:refunds`",
    )
    assert verdict.judged == (
        Judged("person:anna", allowed=True, policies=("people",)),
        Judged("workflow:refunds", allowed=False, policies=()),
    )


def test_a_sub_workflow_and_every_agent_must_be_allowed_too() -> None:
    rules = policies(
        '@id("p") permit (principal is Person, action, resource);',
        '@id("w") permit (principal in [Workflow::"refunds"], action, resource);'.replace(
            'principal in [Workflow::"refunds"]', 'principal == Workflow::"refunds"'
        ),
        '@id("a") permit (principal == Agent::"triage", action, resource) when { principal.version == "3" };',
    )

    assert rules.decide(facts()).policies == ("p", "w")
    assert rules.decide(facts(chain=(*ANNA, "agent:triage@3"))).policies == ("p", "w", "a")
    assert rules.decide(facts(chain=(*ANNA, "agent:triage@4"))).code == "GA010"
    assert rules.decide(facts(chain=(*ANNA, "workflow:inner"))).code == "GA010"


def test_one_forbid_is_enough_and_is_named() -> None:
    rules = policies(
        EVERYTHING, '@id("no") forbid (principal == Workflow::"refunds", action, resource in Tool::"mail");'
    )

    verdict = rules.decide(facts())

    assert (verdict.code, verdict.why, verdict.policies) == (
        "GA010",
        "`mail.send` is forbidden by policy `no`",
        ("no",),
    )
    assert rules.decide(facts("web.get")).policies == ("all",)


def test_an_obligation_is_no_denial_but_a_condition() -> None:
    demand = (
        '@id("big") @obligation("approval") @about("Much money") @roles("finance,legal") @count("2") '
        'forbid (principal, action, resource == Function::"pay.refund") '
        'unless { context has amount && context.amount.lessThan(decimal("100.0")) };'
    )
    rules = policies(EVERYTHING, demand)

    assert rules.decide(facts("pay.refund", arguments={"amount": 5})).obligations == ()
    verdict = rules.decide(facts("pay.refund", arguments={"amount": 500}))
    assert (verdict.code, verdict.policies, verdict.obligations) == (
        "",
        ("all",),
        (
            Obligation(
                kind="approval",
                reason="policy:big",
                about="Much money",
                settings=(("count", "2"), ("roles", "finance,legal")),
            ),
        ),
    )


def test_an_obligation_allows_nothing_by_itself() -> None:
    rules = policies('@id("ask") @obligation("approval") forbid (principal, action, resource);')

    assert rules.decide(facts()).code == "GA010"


def test_an_obligation_for_one_of_those_who_act_is_an_obligation() -> None:
    demand = '@id("ask") @obligation("redact") forbid (principal == Person::"anna", action, resource);'

    assert [one.kind for one in policies(EVERYTHING, demand).decide(facts()).obligations] == ["redact"]


@pytest.mark.parametrize("mark", ["", '@obligation("approval")'])
@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_a_policy_that_fails_denies_whatever_the_others_say(mark: str, effect: str) -> None:
    if mark and effect == "permit":
        return
    scope = "(principal, action, resource) when { context.attempt * 9223372036854775807 > 1 }"
    broken = f'@id("bad") {mark} {effect} {scope};'

    rules = policies(EVERYTHING, broken)

    assert rules.decide(facts(attempt=1)).code in ("", "GA010")
    verdict = rules.decide(facts(attempt=2))
    assert verdict.code == "GA011"
    assert "bad" in verdict.why


@pytest.mark.parametrize("chain", [(), ("anna",), ("service:x",), ("person:",), (*ANNA, "robot:r2")])
def test_nobody_or_somebody_of_no_known_kind_is_denied(chain: tuple[str, ...]) -> None:
    assert policies(EVERYTHING).decide(facts(chain=chain)).code == "GA014"


def test_an_argument_that_cannot_be_told_denies_only_where_a_policy_reads_it() -> None:
    rules = policies(
        EVERYTHING,
        '@id("n") forbid (principal, action, resource == Function::"pay.refund") '
        'when { context.numbers.hasTag("amount") && context.numbers.getTag("amount").greaterThan(decimal("1.0")) };',
    )

    assert rules.decide(facts("pay.refund", arguments={"amount": "1 000"})).code == "GA013"
    assert rules.decide(facts("mail.send", arguments={"amount": "1 000"})).code == ""


def test_everybody_holds_every_role_until_people_are_configured() -> None:
    text = "- {id: a, allow: anything, who: {role: clerk}}\n- {id: w, allow: anything, who: {workflow: refunds}}\n"

    assert policies(text).decide(facts()).code == ""
    assert policies(text, people={"bob": Holds(roles=("clerk",))}).decide(facts()).code == "GA010"
    assert policies(text, people={"anna": Holds(roles=("clerk",))}).decide(facts()).code == ""


def test_a_computed_name_of_an_argument_reads_all_of_them() -> None:
    rules = policies(
        EVERYTHING,
        '@id("x") forbid (principal, action, resource) when { context.arguments.hasTag(context.tenant) };',
    )

    assert rules.decide(facts(tenant="to", arguments={"to": "x"})).code == "GA010"
    assert rules.decide(facts(tenant="to", arguments={"to": "x" * 5000})).code == "GA013"


def test_a_decision_is_remembered_by_what_it_depends_on() -> None:
    rules = policies(
        EVERYTHING,
        '@id("to") forbid (principal, action, resource) '
        'when { context.arguments.hasTag("to") && context.arguments.getTag("to") == "bob" };',
    )

    first = rules.decide(facts(arguments={"to": "ada", "text": "x"}))

    assert rules.decide(facts(arguments={"to": "ada", "text": "y"}, at=1, attempt=9)) is first
    assert rules.decide(facts(arguments={"to": "bob", "text": "x"})).code == "GA010"
    assert rules.decide(facts(arguments={"to": "ada"}, integrity="untrusted")) is not first


def test_a_decision_that_depends_on_the_hour_is_remembered_for_a_minute() -> None:
    rules = policies(EVERYTHING, '@id("h") forbid (principal, action, resource) when { context.minute < 60 };')
    midnight = 1_779_926_400_000

    assert rules.decide(facts(at=midnight + 59 * 60_000 + 59_999)).code == "GA010"
    assert rules.decide(facts(at=midnight + 60 * 60_000)).code == ""


def test_a_decision_that_depends_on_the_time_is_not_remembered() -> None:
    rules = policies(
        EVERYTHING,
        '@id("t") forbid (principal, action, resource) when { context.time >= datetime("2026-05-28T20:26:40.500Z") };',
    )

    assert rules.decide(facts(at=1_780_000_000_499)).code == ""
    assert rules.decide(facts(at=1_780_000_000_500)).code == "GA010"


def test_facts_that_the_schema_does_not_know_deny() -> None:
    verdict = policies(EVERYTHING).decide(facts(resource=Resource("Model", "m")))

    assert verdict.code == "GA011"


def test_a_workflow_can_be_asked_for_in_its_own_name() -> None:
    asked = facts(action="start_run", resource=Resource("Workflow", "refunds"))

    assert policies(EVERYTHING).decide(asked).code == ""


# ── properties ──

SCOPES = [
    "principal, action, resource",
    'principal == Person::"anna", action, resource',
    'principal is Workflow, action == Action::"call_tool", resource',
    'principal, action in [Action::"call_model", Action::"call_tool"], resource in Tool::"mail"',
    'principal, action, resource == Function::"mail.send"',
    "principal, action, resource is Function",
    'principal, action, resource == Function::"web.get"',
]
CONDITIONS = [
    "",
    'when { context.integrity == "untrusted" }',
    'unless { context.categories.contains("pii") }',
    'when { resource.name like "mail.*" }',
    'when { resource is Function && resource.effect == "read" }',
    'unless { resource in Tool::"web" || resource in [Function::"mail.send"] }',
    'when { ["mail.read", "mail.send"].contains(resource.name) && context.tenant == "" }',
    'when { context.arguments.hasTag("to") && context.arguments.getTag("to") like "*@example.org" }',
    'when { !(resource.name == "mail.send") || context.attempt > 1 }',
    "when { context.attempt * 9223372036854775807 > 1 }",
]


@st.composite
def rule_texts(draw: st.DrawFn) -> list[str]:
    count = draw(st.integers(0, 6))
    texts: list[str] = []
    for number in range(count):
        effect = draw(st.sampled_from(["permit", "permit", "forbid", '@obligation("approval") forbid']))
        # what fails at run time needs an action that has what it names
        scope, condition = draw(st.sampled_from(SCOPES[4:])), draw(st.sampled_from(CONDITIONS))
        if not condition or "resource" not in condition:
            scope = draw(st.sampled_from(SCOPES))
        texts.append(f'@id("r{number}") {effect} ({scope}) {condition};')
    return texts


@st.composite
def asked(draw: st.DrawFn) -> Facts:
    return facts(
        draw(st.sampled_from(["mail.send", "mail.read", "web.get"])),
        chain=draw(st.sampled_from([ANNA, (*ANNA, "agent:triage@3"), ("person:bob",)])),
        integrity=draw(st.sampled_from(["user", "untrusted"])),
        categories=draw(st.sampled_from([(), ("pii",)])),
        attempt=draw(st.integers(1, 2)),
        arguments=draw(st.sampled_from([{}, {"to": "a@example.org"}, {"to": "b@evil.com"}])),
    )


def made(texts: Sequence[str]) -> Policies:
    return policies(*texts) if texts else policies("// none;")


@given(rule_texts(), asked())
def test_another_forbid_never_allows_what_was_denied(texts: list[str], question: Facts) -> None:
    before = made(texts).decide(question)

    after = made([*texts, '@id("more") forbid (principal is Workflow, action, resource);']).decide(question)

    assert before.allowed or not after.allowed


@given(rule_texts(), asked())
def test_a_policy_that_always_fails_lets_nothing_through(texts: list[str], question: Facts) -> None:
    too_much = "context.attempt * 9223372036854775807"
    failing = f'@id("bad") forbid (principal, action, resource) when {{ {too_much} > 1 && {too_much} < 1 }};'

    verdict = made([*texts, failing]).decide(replace(question, attempt=3))

    assert not verdict.allowed


@given(rule_texts(), asked())
def test_leaving_out_what_cannot_concern_a_call_changes_no_decision(texts: list[str], question: Facts) -> None:
    rules = made(texts)

    verdict = rules.decide(question)

    assert (verdict.allowed, {one.reason for one in verdict.obligations}) == by_all(rules, question)


def by_all(rules: Policies, question: Facts) -> tuple[bool, set[str]]:
    """Decide by all policies at once, with all arguments in view."""
    acting = principals(question.chain)
    assert acting
    told = EMPTY._replace(tags=tuple(question.arguments.items()))
    known = entities_of(entities(question, acting, told, Held(None, frozenset(), frozenset())))
    request = requests(question, acting, told, Bundle().lattice)
    plain = {id_: rule.form for id_, rule in rules.rules.items() if rule.demands is None}
    demands = {id_: rule.form for id_, rule in rules.rules.items() if rule.demands is not None}
    every = {"op": "All"}
    allow: Json = {"effect": "permit", "conditions": [], "principal": every, "action": every, "resource": every}
    answers = authorize(request, policy_set(plain), known)
    demanded = authorize(request, policy_set({**demands, "-": allow}), known)
    if any(answer.errors or not answer.allowed for answer in answers) or any(answer.errors for answer in demanded):
        return False, set()
    return True, {f"policy:{id_}" for one in demanded for id_ in one.policies if not one.allowed}


@given(rule_texts(), asked())
def test_asking_twice_gives_the_same_answer_as_asking_anew(texts: list[str], question: Facts) -> None:
    rules = made(texts)
    rules.decide(question)

    assert rules.decide(question) == made(texts).decide(question)
