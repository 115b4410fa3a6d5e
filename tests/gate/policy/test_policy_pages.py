"""The policies that the pages show can be loaded, and their tests pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podium.gate.policy.bundle import Bundle
from podium.gate.policy.cases import outcome, read_cases
from podium.gate.policy.decide import Policies
from podium.gate.policy.load import load

DOCS = Path(__file__).parents[3] / "docs"
PAGES = (DOCS / "howto" / "write-policies.md", DOCS / "reference" / "policies.md")
BLOCK = re.compile(r"^```(?P<form>yaml|cedar)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(form: str) -> list[tuple[str, str]]:
    """Return the blocks of a form, `(page, text)`."""
    return [
        (page.name, match["body"])
        for page in PAGES
        for match in BLOCK.finditer(page.read_text())
        if match["form"] == form
    ]


SENTENCES = [(page, text) for page, text in blocks("yaml") if "- id:" in text]
TESTS = [(page, text) for page, text in blocks("yaml") if "- name:" in text]


def test_there_are_policies_to_load() -> None:
    assert (len(SENTENCES), len(TESTS), len(blocks("cedar"))) == (2, 1, 1)


@pytest.mark.parametrize("text", [text for _, text in SENTENCES])
def test_policies_in_the_short_form_can_be_loaded(text: str) -> None:
    assert load(Bundle(files={"policies/a.yaml": text})).ok


@pytest.mark.parametrize("text", [text for _, text in blocks("cedar")])
def test_policies_in_cedar_can_be_loaded(text: str) -> None:
    assert load(Bundle(files={"policies/a.cedar": text})).ok


def test_the_tests_on_the_page_pass_on_its_policies() -> None:
    bundle = Bundle(files={"policies/a.yaml": SENTENCES[0][1]})
    policies = Policies(load(bundle).rules, bundle)

    cases, wrong = read_cases(TESTS[0][1], "policies/a.test.yaml")

    assert wrong == []
    assert [outcome(case, policies).wrong for case in cases] == ["", ""]
