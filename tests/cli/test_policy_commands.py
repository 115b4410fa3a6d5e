"""`podium policy …`: what is wrong, what is tested, why something was decided, and what would have been."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Podium = Callable[..., Any]
Json = Any

RULES = """\
- {id: all, allow: anything}
- id: no-secrets
  deny: call_tool
  on: files.write
  if: {arguments: {path: "secret/*"}}
"""
FLOW = """\
podium: 1
name: notes
inputs:
  where: {type: text, default: a.txt}
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
nodes:
  put:
    tool: files.write
    with: {path: "${inputs.where}", text: hello}
"""


@pytest.fixture
def rules(place: Path) -> Callable[..., None]:
    """Return a function that writes a file of policies."""

    def write(text: str, name: str = "a.yaml") -> None:
        path = place / "home" / "policies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


@pytest.fixture
def ran(podium: Podium, rules: Callable[..., None], place: Path) -> list[str]:
    """Two runs under `RULES`: one that was allowed, one that was denied; their ids."""
    rules(RULES)
    (place / "flow.yaml").write_text(FLOW)
    codes = [podium("run", "flow.yaml", "-i", f"where={path}").code for path in ("a.txt", "secret/x")]
    assert codes == [0, 9]
    return [row["run"] for row in podium("runs", "list", "-o", "json").json][::-1]


def test_lint_counts_and_tells_every_mistake(podium: Podium, rules: Callable[..., None]) -> None:
    rules(RULES)
    rules('@id("x") permit (principal, action, resource) when { context.nope };\n', "b.cedar")

    said = podium("policy", "lint")

    assert said.code == 1
    assert "policies/b.cedar:1:62: GA016: policy `x`: attribute `nope` in context" in said.out
    assert said.err == "2 files, 0 policies: 1 errors, 0 warnings\n"


def test_lint_warns_and_strict_fails(podium: Podium, rules: Callable[..., None]) -> None:
    rules("- {id: a, allow: call_tool, who: {workflow: w}}\n")

    assert podium("policy", "lint").code == 0
    assert podium("policy", "lint", "--strict").code == 1
    assert [one["code"] for one in podium("policy", "lint", "-o", "json").json] == ["GA019"]


def test_a_broken_policy_stops_every_command_that_drives_runs(
    podium: Podium, rules: Callable[..., None], place: Path
) -> None:
    rules("- {id: a, alow: call_tool}\n")
    (place / "flow.yaml").write_text(FLOW)

    said = podium("run", "flow.yaml")

    assert said.code == 2
    assert "policies/a.yaml:1:11: SP010: key `alow` is not known here" in said.err
    assert not (place / "out").exists()


def test_show_prints_the_cedar_of_the_short_form(podium: Podium, rules: Callable[..., None]) -> None:
    rules("- {id: eu, only_models_in: [eu]}\n")

    assert podium("policy", "show", "--cedar").out == (
        '@id("eu")\n'
        'forbid (principal, action == Action::"call_model", resource)\n'
        'when { !(resource.local || ["eu"].contains(resource.region)) };\n'
    )
    assert [(one["id"], one["does"]) for one in podium("policy", "show", "-o", "json").json] == [("eu", "deny")]
    assert "entity Person" in podium("policy", "show", "--schema").out


def test_without_policies_there_is_a_next_step(podium: Podium) -> None:
    said = podium("policy", "show")

    assert (said.code, "AP072" in said.err) == (2, True)


def test_tests_stand_beside_the_policies(podium: Podium, rules: Callable[..., None]) -> None:
    rules(RULES)
    rules(
        """\
- name: notes are written
  who: [person:anna, workflow:notes]
  do: call_tool
  on: files.write
  with: {path: a.txt}
  expect: allow
  by: all
- name: secrets are written
  who: [person:anna, workflow:notes]
  do: call_tool
  on: files.write
  with: {path: secret/x}
  expect: allow
- name: by another policy
  who: [person:anna, workflow:notes]
  do: call_tool
  on: files.write
  expect: allow
  by: no-secrets
""",
        "a.test.yaml",
    )

    said = podium("policy", "test", "-o", "json")

    assert said.code == 1
    assert [(one["ok"], one["wrong"]) for one in said.json] == [
        (True, ""),
        (False, "expected allow, got deny: `files.write` is forbidden by policy `no-secrets`"),
        (False, "expected no-secrets to decide, got all"),
    ]
    assert said.err == "3 tests, 2 failed\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {name: x, who: person:a, do: call_tool, on: a.b, expect: maybe}\n", "a.test.yaml:1:60: SP013: expected"),
        ("- {name: x, who: person:a, do: call_tool, on: a.b}\n", "SP011: key `expect` is missing"),
        ("- {name: x, who: person:a, do: call_tool, on: a.b, expect: allow, at: noon}\n", "a.test.yaml:1:71"),
    ],
)
def test_a_test_that_is_wrong_is_told_at_its_place(
    podium: Podium, rules: Callable[..., None], text: str, said: str
) -> None:
    rules(RULES)
    rules(text, "a.test.yaml")

    shown = podium("policy", "test")

    assert shown.code == 2
    assert said in shown.err


def test_no_tests_are_no_success(podium: Podium, rules: Callable[..., None]) -> None:
    rules(RULES)

    said = podium("policy", "test")

    assert (said.code, said.err) == (1, "0 tests, 0 failed\n")


def test_explain_names_the_policies_and_the_facts(podium: Podium, ran: list[str]) -> None:
    (allowed,) = podium("policy", "explain", ran[0], "-o", "json").json
    (denied,) = podium("policy", "explain", ran[1], "put", "-o", "json").json

    assert (allowed["verdict"], allowed["reasons"], allowed["now"]) == ("allow", ["granted", "policy:all"], "")
    assert [part["policies"] for part in denied["judged"]] == [["no-secrets"], ["no-secrets"]]
    assert denied["facts"]["arguments.path"] == "secret/x"
    assert denied["note"] == "`files.write` is forbidden by policy `no-secrets`"
    assert podium("policy", "explain", ran[1], "elsewhere").err == "nothing was decided at `elsewhere`\n"


def test_explain_tells_when_the_policies_of_now_would_differ(
    podium: Podium, ran: list[str], rules: Callable[..., None]
) -> None:
    rules("- {id: all, allow: anything}\n")

    (denied,) = podium("policy", "explain", ran[1], "-o", "json").json

    assert denied["judged"][0]["policies"] == ["no-secrets"]
    assert denied["now"] == "the policies in the folder would allow it"


def test_explain_still_works_when_the_files_are_gone(podium: Podium, ran: list[str], place: Path) -> None:
    (place / "home" / "policies" / "a.yaml").unlink()

    (denied,) = podium("policy", "explain", ran[1], "-o", "json").json

    assert denied["judged"][0]["policies"] == ["no-secrets"]
    assert denied["now"] == "now there are no policies, and it would be allowed"


def test_explain_says_when_what_decided_is_not_kept(podium: Podium, ran: list[str], place: Path) -> None:
    for path in (place / "home" / "files").rglob("*"):
        if path.is_file():
            path.unlink()

    (denied,) = podium("policy", "explain", ran[1], "-o", "json").json

    assert "are not kept in this installation" in denied["note"]
    assert denied["reasons"] == ["policy:no-secrets", "GA010"]


def test_who_can_tells_conditions_in_words(podium: Podium, rules: Callable[..., None]) -> None:
    rules(
        """\
- id: small
  allow: call_tool
  who: {workflow: refunds}
  on: pay.refund
  if: {amount: {max: 100}, hours: "09:00-18:00"}
- id: ask
  require: approval
  for: call_tool
  on: pay
  if: {domains: [evil.com]}
  roles: [finance]
- {id: elsewhere, deny: call_tool, on: mail}
"""
    )

    said = podium("policy", "who-can", "call_tool", "pay.refund")

    assert said.out == (
        "call_tool on pay.refund\n"
        "\n"
        "allowed by\n"
        "  small  when principal is workflow `refunds` and minute ≥ 540 and minute < 1080 and amount is known and "
        "amount ≤ 100.0\n"
        "\n"
        "not without\n"
        '  ask  approval (roles finance)  when domains has one of "evil.com"\n'
    )


def test_who_can_says_when_it_is_nobody(podium: Podium, rules: Callable[..., None]) -> None:
    rules("- {id: m, allow: call_model}\n")

    assert podium("policy", "who-can", "call_tool", "pay.refund").out.endswith(
        "nobody: no policy allows call_tool on pay.refund\n"
    )
    assert "did you mean `call_model`?" in podium("policy", "who-can", "call_modell", "x").err


def test_backtest_lists_what_would_have_differed(podium: Podium, ran: list[str], rules: Callable[..., None]) -> None:
    assert podium("policy", "backtest", "--check").err == "2 decisions, 0 would differ\n"
    rules("- {id: all, allow: anything}\n- {id: ask, require: approval, for: call_tool, about: Why}\n")

    said = podium("policy", "backtest", "--check", "--since", "1h", "-o", "json")

    assert said.code == 1
    assert sorted((one["run"], one["was"], one["would_be"]) for one in said.json) == sorted(
        [
            (ran[0], "allow", "allow with approval"),
            (ran[1], "deny (GA010)", "allow with approval"),
        ]
    )
    assert podium("policy", "backtest", ran[0]).err == "1 decisions, 1 would differ\n"


def test_backtest_applies_policies_to_runs_that_had_none(
    podium: Podium, rules: Callable[..., None], place: Path
) -> None:
    (place / "flow.yaml").write_text(FLOW)
    assert podium("run", "flow.yaml").code == 0
    rules("- {id: m, allow: call_model}\n")

    (one,) = podium("policy", "backtest", "-o", "json").json

    assert (one["was"], one["would_be"], one["by"]) == ("allow", "deny (GA010)", [])


def test_since_is_a_duration(podium: Podium, ran: list[str]) -> None:
    said = podium("policy", "backtest", "--since", "yesterday")

    assert (said.code, "AP074" in said.err) == (2, True)


def test_the_policies_in_force_are_noted(podium: Podium, ran: list[str]) -> None:
    noted = [
        record["body"]["action"]
        for record in podium("ledger", "show", "_admin", "-o", "json").json
        if record["body"]["kind"] == "admin.noted"
    ]

    assert noted.count("policies.changed") == 1
    assert podium("ledger", "verify").code == 0
