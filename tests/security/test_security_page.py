"""The page of the security model names tests that exist, and figures that the tests hold."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/security-model.md").read_text(encoding="utf-8")
TESTS = (ROOT / "tests/security/test_owasp_agentic.py").read_text(encoding="utf-8")


def test_every_risk_has_a_row_whose_tests_exist() -> None:
    rows = re.findall(r"^\| (ASI\d\d) .*$", PAGE, re.MULTILINE)
    named = re.findall(r"`(test_asi\d\d_\w+)`", PAGE)

    assert rows == [f"ASI{number:02}" for number in range(1, 11)]
    assert set(named) == set(re.findall(r"^async def (test_asi\d\d_\w+)\(", TESTS, re.MULTILINE))


def test_every_bad_input_has_an_answer_that_a_test_holds() -> None:
    table = PAGE.split("## Bad input", 1)[1]
    rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
    named = {row: re.findall(r"`(test_\w+)`", row) for row in rows}
    written = [
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert len(rows) >= 12
    assert [row for row, tests in named.items() if not tests] == []
    assert {test for tests in named.values() for test in tests} - set(written) == set()


def test_other_tests_that_the_page_names_exist() -> None:
    files = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))

    assert files
    assert {file for file in files if not (ROOT / file).exists()} == set()


def test_the_figures_of_the_attacks_are_those_that_are_held() -> None:
    held = (ROOT / "tests/benchmarks/test_agentdojo.py").read_text(encoding="utf-8")
    tasks, untouched, approvals = map(int, re.findall(r"== \((\d+), (\d+), (\d+)\)", held)[0])
    pairs, acts = map(int, re.findall(r"== \((\d+), (\d+)\)", held)[0])
    executed = sum(int(one) for one in re.findall(r'"injection_task_\d+"\): (\d+)', held))

    assert f"{executed} of {pairs} ({100 * executed / pairs:.2f} %)" in PAGE
    assert f"{executed} of {acts} ({100 * executed / acts:.2f} %)" in PAGE
    assert f"{untouched} of {tasks}" in PAGE
    assert f"{approvals / tasks:.2f}" in PAGE
