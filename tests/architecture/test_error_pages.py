"""Every code that a person can meet has a page, and every page belongs to a code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"(SP|EX|GR|LI|GA|EF|EN|LE|ST|AP)\d{3}")
PAGES = {page.stem: page for page in (ROOT / "docs" / "errors").glob("*.md") if CODE.fullmatch(page.stem)}


def raised() -> dict[str, list[str]]:
    """Return `{code: places}` of the codes that stand as whole literals in the source."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.setdefault(node.value, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def only_in_tests(places: list[str]) -> bool:
    """Whether only `podium.testing` makes a code up; authors of tests meet it, and its message is enough for them."""
    return all(place.startswith("src/podium/testing/") for place in places)


RAISED = raised()


def test_there_are_codes_and_pages_to_compare() -> None:
    assert "EN052" in RAISED
    assert "EN052" in PAGES


def test_every_code_has_a_page() -> None:
    met = {code: places for code, places in RAISED.items() if not only_in_tests(places)}

    assert {code: places for code, places in met.items() if code not in PAGES} == {}


def test_every_page_belongs_to_a_code() -> None:
    assert sorted(PAGES.keys() - RAISED.keys()) == []


@pytest.mark.parametrize("code", sorted(PAGES))
def test_a_page_is_headed_by_its_code_and_says_what_to_do(code: str) -> None:
    lines = PAGES[code].read_text().splitlines()

    assert re.fullmatch(rf"# {code}: [^A-Z]?.*[^.]", lines[0])
    assert 5 <= len(lines) <= 60
