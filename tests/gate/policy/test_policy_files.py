"""Files of policies: what is wrong in one is told at its place, and then none of them counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.policy.bundle import Bundle, Holds, decode
from podium.gate.policy.load import load
from podium.spec.render import render

PERMIT = "permit (principal, action, resource);\n"


def said(text: str, *, file: str = "policies/a.cedar") -> str:
    """Return what is wrong, as it is shown."""
    found = load(Bundle(files={file: text}))
    return render(found.diagnostics, texts={file: text})


def ids(text: str, *, file: str = "policies/a.cedar") -> list[str]:
    loaded = load(Bundle(files={file: text}))
    assert loaded.ok, loaded.diagnostics
    return [rule.id for rule in loaded.rules]


def test_a_policy_without_an_id_is_called_by_its_file_and_line() -> None:
    text = f'// who may do what; "quoted"\n\n@id("all")\n{PERMIT}{PERMIT.replace("permit", "forbid")}'

    assert ids(text) == ["all", "policies/a.cedar:5"]


def test_a_semicolon_in_a_text_or_a_comment_ends_no_policy() -> None:
    assert ids(f'@id("a")\n@about("one; two")\n// three;\n{PERMIT}') == ["a"]


def test_a_file_without_policies_is_right_and_says_nothing() -> None:
    assert ids("// nothing yet\n") == []


def test_what_is_no_cedar_is_told_in_cedars_words_at_the_token() -> None:
    assert said('permit (principal, action, resource)\nwhen { context.tenant = "x" };') == (
        "policies/a.cedar:2:23: GA015: this is no Cedar: '=' is not a valid operator in Cedar\n"
        '   2 | when { context.tenant = "x" };\n'
        "     |                       ^ see docs/reference/policies.md\n"
    )


def test_a_policy_that_does_not_end_is_told() -> None:
    assert said("permit (principal, action, resource)").startswith(
        "policies/a.cedar:1:1: GA015: this policy does not end\n"
    )


def test_an_attribute_that_does_not_exist_is_an_error_of_the_file() -> None:
    scope = 'forbid (principal, action == Action::"call_model", resource)'
    text = f'{PERMIT}@id("x") {scope}\n  when {{ context.tennant == "a" }};'

    assert said(text) == (
        "policies/a.cedar:3:18: GA016: policy `x`: attribute `tennant` in context not found\n"
        '   3 |   when { context.tennant == "a" };\n'
        "     |                  ^^^^^^^ `podium policy show --schema` shows what there is\n"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('@id("a") permit (principal == User::"x", action, resource);', "GA016"),
        ('permit (principal, action == Action::"delete", resource);', "GA016"),
        ('permit (principal, action, resource) when { context.numbers.getTag("n") == decimal("1.0") };', "GA016"),
        ('permit (principal, action, resource) when { context.attempt > "a" };', "GA016"),
        ("permit (principal == ?principal, action, resource);", "GA015"),
        (f'@id("a") {PERMIT} @id("a") {PERMIT}', "GA017"),
        (f'@id("a b") {PERMIT}', "GA017"),
        (f'@id("") {PERMIT}', "GA017"),
        (f'@obligation("approval") {PERMIT}', "GA018"),
        (f'@obligation("aproval") {PERMIT.replace("permit", "forbid")}', "GA018"),
        ("permit (principal, action, resource) when {" + "(" * 1000 + "true" + ")" * 1000 + "};", "GA015"),
        ("permit (principal, action, resource) when {" + " && ".join(["true"] * 500) + "};", "GA015"),
        ("permit (principal, action, resource) when {" + "+".join(["1"] * 30_000) + " == 1};", "GA015"),
        ('permit (principal, action, resource) when { "open };', "GA015"),
        ("\x00", "GA015"),
        ("x" * (1 << 20) + "x", "GA015"),
    ],
)
def test_what_is_wrong_has_a_code_and_no_policy_counts(text: str, code: str) -> None:
    loaded = load(Bundle(files={"policies/a.cedar": text, "policies/b.cedar": PERMIT}))

    assert (loaded.ok, loaded.rules) == (False, ())
    assert {diagnostic.code for diagnostic in loaded.diagnostics} == {code}


def test_an_id_counts_across_files() -> None:
    files = {"policies/a.cedar": f'@id("a") {PERMIT}', "policies/b.yaml": "- {id: a, allow: anything}\n"}

    (found,) = load(Bundle(files=files)).diagnostics

    assert (found.code, found.file, found.help) == ("GA017", "policies/b.yaml", "it stands at policies/a.cedar:1")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- {id: a, alow: call_tool}", "policies/a.yaml:1:11: SP010: key `alow` is not known here"),
        ("- {id: a, allow: call_tol}", "policies/a.yaml:1:18: SP013: expected `call_tool`"),
        ("- {allow: call_tool}", "policies/a.yaml:1:3: SP011: key `id` is missing"),
        (
            "- {id: a}",
            "policies/a.yaml:1:8: SP013: expected one of `allow`, `deny`, `require`, `only_models_in`, got none",
        ),
        ("- {id: a, allow: call_tool, deny: call_tool}", "policies/a.yaml:1:35: SP013: expected one of"),
        ("- {id: a, require: approval}", "policies/a.yaml:1:20: SP013: `require` needs `for`"),
        (
            "- {id: a, allow: call_tool, roles: [x]}",
            "policies/a.yaml:1:36: SP013: `roles` belongs to `require: approval`",
        ),
        ("- {id: a, allow: anything, on: mail}", "policies/a.yaml:1:32: SP013: `on` needs actions"),
        ("- {id: a, allow: call_tool, if: {hours: 9-18}}", "policies/a.yaml:1:41: SP013: expected text of the form"),
        ("- {id: a, allow: call_tool, if: {amount: {max: 1.00001}}}", "SP013: a policy compares at most four digits"),
        ("- {id: a, allow: call_tool, if: {level: {max: top}}}", "GA019: policy `a`: there is no level `top`"),
        ("- {id: a, allow: call_tool, who: {}}", "SP013: `who` names nobody"),
        ("- {id: a b, allow: call_tool}", "policies/a.yaml:1:8: SP013: expected text of the form"),
        ("a: b", "policies/a.yaml:1:1: SP012: expected a list"),
        ("", "policies/a.yaml:1:1: SP001: the file is empty"),
        ("- [", "policies/a.yaml:1:"),
    ],
)
def test_a_mistake_in_the_short_form_is_told_at_its_place(text: str, shown: str) -> None:
    assert shown in said(text, file="policies/a.yaml")


def test_policies_that_allow_nobody_anything_are_doubtful() -> None:
    loaded = load(Bundle(files={"policies/a.yaml": "- {id: a, allow: call_tool, who: {workflow: w}}\n"}))

    assert loaded.ok
    assert [(one.code, one.severity, one.message) for one in loaded.diagnostics] == [
        ("GA019", "warning", "no policy allows a person anything, so every effect is denied")
    ]


def test_two_policies_that_say_the_same_are_doubtful() -> None:
    loaded = load(Bundle(files={"policies/a.cedar": f'@id("a") {PERMIT}@id("b") {PERMIT}'}))

    assert [one.message for one in loaded.diagnostics] == ["policy `b` says the same as `a`"]


def test_a_bundle_comes_back_as_it_was_kept() -> None:
    bundle = Bundle(files={"b": "2", "a": "ä"}, people={"anna": Holds(roles=("finance",))}, regions={"eu/*": "eu"})

    assert decode(bundle.encode()) == bundle
    assert bundle.digest == decode(bundle.encode()).digest
    assert bundle.digest != Bundle(files={"b": "2", "a": "ä"}).digest


@given(
    st.text(alphabet=st.sampled_from(list('permit (principal, action, resource);{}[]"@/\\&|=<>.!-\n x1é')), max_size=80)
)
def test_whatever_stands_in_a_file_is_read_or_refused(text: str) -> None:
    loaded = load(Bundle(files={"policies/a.cedar": text}))

    assert loaded.ok or loaded.rules == ()
