"""The short form: the Cedar that comes out of a sentence does what the sentence says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.policy.bundle import Bundle, Holds
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import Facts, Resource
from podium.gate.policy.load import load
from podium.spec.label import INTEGRITIES, Integrity

Json = Any
EVERYTHING = "- {id: all, allow: anything}\n"
LEVELS = ("public", "internal", "confidential", "secret")


def policies(text: str, **bundle: Json) -> Policies:
    made = Bundle(files={"policies/a.yaml": text}, **bundle)
    loaded = load(made)
    assert loaded.ok, loaded.diagnostics
    return Policies(loaded.rules, made)


def facts(name: str = "mail.send", *, effect: str = "write", **others: Json) -> Facts:
    resource = Resource("Function", name, name.partition(".")[0], effect, "keyed", "untrusted")
    asked = Facts(chain=("person:anna", "workflow:refunds"), action="call_tool", resource=resource)
    return replace(asked, **others)


def allows(condition: str, asked: Facts) -> bool:
    return policies(f"- {{id: a, allow: anything, if: {{{condition}}}}}\n").decide(asked).allowed


def forbids(condition: str, asked: Facts, *, word: str = "if") -> bool:
    text = f"{EVERYTHING}- {{id: a, deny: anything, {word}: {{{condition}}}}}\n"
    return not policies(text).decide(asked).allowed


minutes = st.integers(0, 24 * 60 - 1)


@given(minutes, minutes, minutes)
def test_hours_are_from_when_to_when_and_may_go_over_midnight(start: int, end: int, now: int) -> None:
    text = f'hours: "{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"'
    at = int((datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=now)).timestamp() * 1000)

    expected = start <= now < end if start < end else now >= start or now < end

    assert allows(text, facts(at=at)) is expected
    assert forbids(text, facts(at=at)) is expected


@given(st.integers(0, 13))
def test_weekdays_are_days_of_the_week(day: int) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=day)  # a monday

    asked = facts(at=int(at.timestamp() * 1000))

    assert allows("weekdays: [saturday, sunday]", asked) is (day % 7 in (5, 6))


@given(st.sampled_from(INTEGRITIES), st.sampled_from(INTEGRITIES))
def test_integrity_allows_what_is_at_least_so_good_and_forbids_what_is_not_better(
    named: Integrity, actual: Integrity
) -> None:
    better = INTEGRITIES.index(actual) <= INTEGRITIES.index(named)
    worse = INTEGRITIES.index(actual) >= INTEGRITIES.index(named)

    for word, asked in (("integrity", facts(integrity=actual)), ("control", facts(control=actual))):
        assert allows(f"{word}: {named}", asked) is better
        assert forbids(f"{word}: {named}", asked) is worse
        assert forbids(f"{word}: {named}", asked, word="unless") is not better


@given(st.sampled_from(LEVELS), st.sampled_from([*LEVELS, "", "unheard"]))
def test_a_level_that_does_not_exist_is_beyond_the_most_secret_one(named: str, actual: str) -> None:
    rank = LEVELS.index(actual or "internal") if actual in (*LEVELS, "") else len(LEVELS)

    assert allows(f"level: {{max: {named}}}", facts(level=actual)) is (rank <= LEVELS.index(named))
    assert forbids(f"level: {{above: {named}}}", facts(level=actual)) is (rank > LEVELS.index(named))


cents = st.integers(-(10**6), 10**6).map(lambda number: Decimal(number) / 100)


@given(cents, cents, st.sampled_from(["max", "min", "above", "below"]))
def test_limits_of_amounts_are_exact(limit: Decimal, amount: Decimal, word: str) -> None:
    size = abs(amount)
    expected = {"max": size <= limit, "min": size >= limit, "above": size > limit, "below": size < limit}[word]
    asked = facts(arguments={"amount": str(amount)})

    assert allows(f"amount: {{{word}: {limit}}}", asked) is expected
    assert forbids(f"amount: {{{word}: {limit}}}", asked) is expected


@given(cents, cents)
def test_a_number_among_the_arguments_keeps_its_sign(limit: Decimal, number: Decimal) -> None:
    asked = facts(arguments={"n": float(number)})

    assert allows(f"arguments: {{n: {{max: {limit}}}}}", asked) is (number <= limit)
    assert allows(f"arguments: {{n: {limit}}}", asked) is (number == limit)


def test_without_an_amount_nothing_is_allowed_by_one_and_unless_does_not_help() -> None:
    assert not allows("amount: {max: 100}", facts())
    assert forbids("amount: {max: 100}", facts(), word="unless")
    assert not forbids("amount: {above: 100}", facts())


people = st.lists(st.sampled_from(["a@example.org", "b@example.org", "c@other.org", "bob"]), max_size=3)


@given(people)
def test_all_recipients_must_be_allowed_and_one_is_enough_to_forbid(to: list[str]) -> None:
    asked = facts(arguments={"to": to})
    inside = [one.endswith("@example.org") for one in to]

    assert allows("domains: example.org", asked) is (bool(inside) and all(inside))
    assert forbids("domains: example.org", asked) is any(inside)
    assert forbids("domains: example.org", asked, word="unless") is not (bool(inside) and all(inside))
    assert allows("recipients: [bob, A@example.org]", asked) is (bool(to) and set(to) <= {"bob", "a@example.org"})


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.org/x", True),
        ("https://example.org@evil.com", False),
        ("https://evil.com/https://example.org", False),
        ("not a url", False),
    ],
)
def test_only_listed_hosts_are_allowed(url: str, *, allowed: bool) -> None:
    assert allows("hosts: [example.org]", facts(arguments={"url": url})) is allowed


@pytest.mark.parametrize(
    ("condition", "path", "allowed"),
    [
        ('{path: "out/*"}', "out/a/b.txt", True),
        ('{path: "out/*"}', "out/../etc/passwd", False),
        ('{path: "out/*"}', "etc", False),
        ("{path: [a.txt, b.txt]}", "b.txt", True),
        ('{path: ["*.md", b.txt]}', "notes.md", True),
        ("{path: a.txt, mode: w}", "a.txt", False),
    ],
)
def test_arguments_are_compared_by_name(condition: str, path: str, *, allowed: bool) -> None:
    assert allows(f"arguments: {condition}", facts(arguments={"path": path})) is allowed


def test_a_forbidden_pattern_of_paths_forbids_detours_as_well() -> None:
    condition = 'arguments: {path: "secret/*"}'

    assert forbids(condition, facts(arguments={"path": "secret/x"}))
    assert forbids(condition, facts(arguments={"path": "out/../secret/x"}))
    assert not forbids(condition, facts(arguments={"path": "out/x"}))


@pytest.mark.parametrize(
    ("on", "name", "meant"),
    [
        ("mail", "mail.send", True),
        ("mail.*", "mail.send", True),
        ("mail.send", "mail.send", True),
        ("mail.send", "mail.read", False),
        ("mail", "mailer.send", False),
        ("[web, mail.send]", "mail.send", True),
        ("[web, mail.send]", "web.get", True),
        ('"*.delete_*"', "files.delete_all", True),
        ('["*.delete_*", web]', "files.read", False),
        ('"mail.s?nd"', "mail.send", False),
    ],
)
def test_on_names_tools_functions_and_patterns(on: str, name: str, *, meant: bool) -> None:
    text = f"{EVERYTHING}- {{id: a, deny: call_tool, on: {on}}}\n"

    assert policies(text).decide(facts(name)).allowed is not meant


WHO = {
    "person: anna": True,
    "person: [bob, anna]": True,
    "person: bob": False,
    "role: clerk": True,
    "role: boss": False,
    "group: berlin": True,
    "tenant: acme": True,
    "tenant: other": False,
    "workflow: refunds": True,
    "workflow: inner": True,
    "workflow: [x, inner]": True,
    "agent: triage": True,
    "agent: triage@3": True,
    "agent: triage@4": False,
    "person: anna, workflow: refunds": True,
    "person: bob, workflow: refunds": False,
    "role: clerk, agent: [triage@3, x]": True,
}
CHAIN = ("person:anna", "workflow:refunds@77", "workflow:inner", "agent:triage@3")
HELD = {"anna": Holds(roles=("clerk",), groups=("berlin",))}


@pytest.mark.parametrize(("who", "meant"), WHO.items())
def test_who_is_forbidden(who: str, *, meant: bool) -> None:
    text = f"{EVERYTHING}- {{id: a, deny: anything, who: {{{who}}}}}\n"

    assert policies(text, people=HELD).decide(facts(chain=CHAIN, tenant="acme")).allowed is not meant


@pytest.mark.parametrize(("who", "meant"), WHO.items())
def test_who_is_allowed_is_only_whoever_is_named(who: str, *, meant: bool) -> None:
    rules = policies(f"- {{id: a, allow: anything, who: {{{who}}}}}\n", people=HELD)
    named = {"person": "Person", "role": "Person", "group": "Person", "workflow": "Workflow", "agent": "Agent"}

    verdict = rules.decide(facts(chain=CHAIN, tenant="acme"))

    if "tenant" in who:
        assert verdict.allowed is meant
        return
    speaks_for = {
        named[part.partition(":")[0].strip()].lower()
        for part in who.replace("[x, inner]", "x").split(", ")
        if ":" in part
    }
    allowed = {one.principal.partition(":")[0] for one in verdict.judged if one.allowed}
    assert allowed == (speaks_for if meant else set())
    assert not verdict.allowed  # some of the four are never named


def test_two_kinds_together_allow_both_only_together() -> None:
    rules = policies("- {id: a, allow: anything, who: {person: anna, workflow: refunds}}\n")

    assert rules.decide(facts(chain=("person:anna", "workflow:refunds"))).allowed
    assert not rules.decide(facts(chain=("person:anna", "workflow:other"))).allowed
    assert not rules.decide(facts(chain=("person:bob", "workflow:refunds"))).allowed


@pytest.mark.parametrize(
    ("name", "region", "local", "allowed"),
    [
        ("cloud/a", "eu", False, True),
        ("cloud/a", "us", False, False),
        ("cloud/a", "", False, False),
        ("local/a", "", True, True),
    ],
)
def test_only_models_in_a_region(name: str, region: str, *, local: bool, allowed: bool) -> None:
    rules = policies(f"{EVERYTHING}- {{id: eu, only_models_in: [eu]}}\n")
    model = Resource("Model", name, region=region, local=local)

    assert rules.decide(facts(action="call_model", resource=model)).allowed is allowed
    assert rules.decide(facts()).allowed


@pytest.mark.parametrize("kind", ["approval", "redact", "stage", "filter"])
def test_what_is_required_is_an_obligation(kind: str) -> None:
    rules = policies(f"{EVERYTHING}- {{id: r, require: {kind}, for: call_tool, on: mail, about: Why}}\n")

    assert [(one.kind, one.reason, one.about) for one in rules.decide(facts()).obligations] == [
        (kind, "policy:r", "Why")
    ]
    assert rules.decide(facts("web.get")).obligations == ()


def test_who_must_agree_goes_along() -> None:
    text = (
        "- {id: r, require: approval, for: call_tool, roles: [b, a], groups: g, people: p, count: 2, "
        "veto: legal, four_eyes: [requester, author], expires: 8h}\n"
    )
    redact = "- {id: s, require: redact, for: call_tool, kinds: [email, phone]}\n"
    filtered = "- {id: t, require: filter, for: call_tool, filters: tone}\n"

    settings = [one.settings for one in policies(EVERYTHING + text + redact + filtered).decide(facts()).obligations]

    assert settings == [
        (
            ("count", "2"),
            ("expires", "8h"),
            ("four_eyes", "requester,author"),
            ("groups", "g"),
            ("people", "p"),
            ("roles", "b,a"),
            ("veto", "legal"),
        ),
        (("kinds", "email,phone"),),
        (("filter", "tone"),),
    ]


names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(lambda text: "*" not in text)


@given(names, names)
def test_no_text_breaks_out_of_its_quotes(named: str, actual: str) -> None:
    import json

    text = json.dumps(
        [
            {"id": "all", "allow": "anything"},
            {"id": "a", "deny": "call_tool", "if": {"arguments": {"x": [named]}}, "about": named},
        ]
    )
    asked = facts(arguments={"x": actual})
    bundle = Bundle(files={"policies/a.yaml": text})
    loaded = load(bundle)
    if not loaded.ok:  # YAML itself refuses some characters
        assert {one.code for one in loaded.diagnostics} <= {"SP005", "SP001"}
        return

    assert Policies(loaded.rules, bundle).decide(asked).allowed is (named != actual)


@given(st.sampled_from(["write", "read", "irreversible", "none"]))
def test_the_class_of_a_tools_effect(effect: str) -> None:
    assert allows("effect: [write, irreversible]", facts(effect=effect)) is (effect in ("write", "irreversible"))


def test_categories_are_any_of_these() -> None:
    assert allows("categories: [pii, health]", facts(categories=("health",)))
    assert not allows("categories: [pii]", facts(categories=()))
    assert forbids("categories: pii", facts(categories=("pii", "x")))
