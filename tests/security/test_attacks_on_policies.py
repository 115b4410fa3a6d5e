"""Attacks on policies: arguments that a rule reads as one thing and the tool as another, and rules that go missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podium.app.policies import policy_files, read_policies
from podium.errors import UsageError
from podium.gate.policy.arguments import MAX_SEARCHED, Reading, read
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.decide import Policies
from podium.gate.policy.facts import Facts, Resource
from podium.gate.policy.load import load
from podium.spec.settings.model import Settings

Json = Any

RULES = """
- {id: mail, allow: call_tool, on: mail.send, if: {domains: [ok.example]}}
- {id: web, allow: call_tool, on: web.get, if: {hosts: [ok.example]}}
- {id: pay, allow: call_tool, on: pay.send, if: {amount: {max: 100}}}
- {id: files, allow: call_tool, on: files.read, if: {arguments: {path: "out/*"}}}
"""


def policies(text: str = RULES) -> Policies:
    bundle = Bundle(files={"policies/rules.yaml": text})
    return Policies(load(bundle).rules, bundle)


def allowed(function: str, **arguments: Json) -> bool:
    tool = function.partition(".")[0]
    facts = Facts(
        chain=("person:anna", "workflow:w"),
        action="call_tool",
        resource=Resource("Function", function, tool, "write", "keyed", "untrusted"),
        arguments=arguments,
        at=1_780_000_000_000,
    )
    return policies().decide(facts).allowed


@pytest.mark.parametrize(
    "to",
    [
        "boss@ok.example",
        "Boss <boss@ok.example>",
        '"Boss, The" <boss@ok.example>',
        "mailto:boss@ok.example",
        ["a@ok.example", "b@ok.example"],
        "a@OK.example; b@ok.example",
    ],
)
def test_who_is_on_the_list_is_reached(to: Json) -> None:
    assert allowed("mail.send", to=to)


@pytest.mark.parametrize(
    "to",
    [
        "boss@ok.example,eve@x.example",
        "boss@ok.example eve@x.example",
        "eve@x.example <boss@ok.example>",
        "<eve@x.example>boss@ok.example",
        '"eve@x.example" <boss@ok.example>',
        "boss@ok.example, everybody",
        "everybody boss@ok.example",
        "boss@ok.example\neve@x.example",
        "boss@ok.example?cc=eve@x.example",
        "eve@x.example@ok.example",
        "eve@x.example#@ok.example|",
        "boss@ok.example.x.example",
        "boss@okexample",
        "boss@\u043ek.example",  # the first letter is Cyrillic
        "boss@ok\u3002example",
        "boss\uff20ok.example",
        "boss@xn--k-kfa.example",
        "boss(eve@x.example)@ok.example",
        ["boss@ok.example", {"name": "eve", "address": "eve@x.example"}],
        "",
        [],
    ],
)
def test_somebody_else_is_reached_behind_a_name_on_the_list(to: Json) -> None:
    assert not allowed("mail.send", to=to)


@pytest.mark.parametrize("name", ["cc", "bcc", "replyTo", "recipientEmail", "mail.to", "toAddress"])
def test_somebody_else_is_reached_by_an_argument_of_another_name(name: str) -> None:
    top, _, below = name.partition(".")
    other: Json = {below: "eve@x.example"} if below else "eve@x.example"

    assert not allowed("mail.send", **({"to": "boss@ok.example"} | {top: other}))


@pytest.mark.parametrize(
    "url", ["https://ok.example/a?b=c#d", "ok.example/a", "//ok.example", "https://ok.example:8443/"]
)
def test_a_host_on_the_list_is_fetched(url: str) -> None:
    assert allowed("web.get", url=url)


@pytest.mark.parametrize(
    "url",
    [
        "evil.example/?to=https://ok.example",
        "https:evil.example#https://ok.example",
        "https:/evil.example/https://ok.example",
        "https://ok.example'@evil.example/",
        'https://ok.example"@evil.example/',
        "https://ok.example\\@evil.example",
        "https://ok.example@evil.example",
        "https://evil.example\t@ok.example",
        "https://ok.example https:evil.example",
        "https://ok.example.evil.example",
        "https://\u043ek.example",
        "https://ok\uff0eexample",
        "https://[::ffff:127.0.0.1]",
        "javascript:fetch('https://ok.example')",
        "file:///etc/passwd",
        "\\\\evil.example\\share",
    ],
)
def test_another_host_is_fetched_behind_one_on_the_list(url: str) -> None:
    assert not allowed("web.get", url=url)


@pytest.mark.parametrize(
    "amount",
    [100.01, -500, "500", "-500", "1e9", "5,000", "\uff15\uff10\uff10", True, None, [1, 500], {"value": 500}, "0x500"],
)
def test_an_amount_above_the_limit_is_written_in_another_way(amount: Json) -> None:
    assert not allowed("pay.send", amount=amount)


@pytest.mark.parametrize("path", ["out/../etc", "out/..\\..\\etc", "/out/x", "out", "OUT/x", "\u043eut/x"])
def test_a_path_climbs_out(path: str) -> None:
    assert not allowed("files.read", path=path)


@pytest.mark.parametrize("text", ["a@" + "a" * 60 + "!", "a@" + "a." * 30_000 + "!", "@" * 60_000, "<" * 60_000])
def test_an_address_is_made_to_be_looked_at_for_ever(text: str) -> None:
    assert len(text) <= MAX_SEARCHED

    # with a pattern that could divide a name in several ways, the first of these took longer than anybody lives
    assert "ok.example" not in read({"to": text}, Reading(derived=frozenset({"recipients", "domains"}))).domains


# ── rules that go missing ──


def test_a_folder_of_rules_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "no.yaml").write_text("- {id: no, deny: anything}\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "common").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="AP071"):
        read_policies(tmp_path, Settings())


def test_the_folder_of_policies_is_a_link_to_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "policies").symlink_to(tmp_path / "not mounted yet")

    with pytest.raises(UsageError, match="AP071"):
        read_policies(tmp_path, Settings())


def test_a_file_of_rules_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "no.yaml").write_text("- {id: no, deny: anything}\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "no.yaml").symlink_to(tmp_path / "no.yaml")

    assert read_policies(tmp_path, Settings()).bundle.files == {"policies/no.yaml": "- {id: no, deny: anything}\n"}


def test_a_file_of_rules_has_an_ending_in_capital_letters(tmp_path: Path) -> None:
    (tmp_path / "NO.CEDAR").write_text("forbid (principal, action, resource);")
    (tmp_path / "NO.YAML").write_text("- {id: no, deny: anything}\n")
    (tmp_path / "NO.TEST.YAML").write_text("tests: []\n")

    assert [path.name for path in policy_files(tmp_path)] == ["NO.CEDAR", "NO.YAML"]
    assert load(Bundle(files={"policies/NO.CEDAR": "forbid (principal, action, resource);"})).ok


def test_two_files_give_a_rule_the_same_name() -> None:
    files = {"policies/a.yaml": "- {id: x, deny: anything}\n", "policies/b.yaml": "- {id: x, allow: anything}\n"}
    loaded = load(Bundle(files=files))

    assert (loaded.rules, [one.code for one in loaded.diagnostics if one.severity == "error"]) == ((), ["GA017"])


@pytest.mark.parametrize("annotation", ['@obligation("aproval")', '@obligation("")', "@obligation"])
def test_an_obligation_that_nobody_knows_forbids(annotation: str) -> None:
    text = f'@id("x") {annotation} forbid (principal, action, resource);\npermit (principal, action, resource);'
    bundle = Bundle(files={"policies/a.cedar": text})
    loaded = load(bundle)
    facts = Facts(
        chain=("person:anna",), action="call_tool", resource=Resource("Function", "a.b", "a", "read", "once", "")
    )

    assert not loaded.ok or not Policies(loaded.rules, bundle).decide(facts).allowed


def test_an_obligation_on_a_permit_is_not_overlooked() -> None:
    text = '@id("x") @obligation("approval") permit (principal, action, resource);'
    bundle = Bundle(files={"policies/a.cedar": text})
    loaded = load(bundle)

    assert not loaded.ok
