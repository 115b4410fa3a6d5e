"""Findings for code hosts and editors: SARIF 2.1.0 and annotations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from podium.lint.github import marks
from podium.lint.lint import all_rules
from podium.lint.sarif import sarif
from podium.spec.diagnostic import Diagnostic, Place

Json = Any
ROOT = Path(__file__).parents[2]

LEAK = Diagnostic(
    code="LI006",
    message="this text looks like a secret",
    severity="warning",
    file="flows/a b.yaml",
    place=Place(4, 20, 31),
    help="refer to it as `${secrets.name}`, and change it",
    loc=("tools", "erp", "mcp", 1),
    secret=True,
)
GONE = Diagnostic(code="SP007", message="cannot read `gone.yaml`: 100% gone", file="gone.yaml", place=None)
OLD = Diagnostic(code="SP023", message="old:\nversion", severity="note", file="x,y:z.yaml", place=Place(1, 1, 2))


def must(node: Json, **kinds: type) -> None:
    """Check that an object has these properties, of these types."""
    assert {key: type(node.get(key)) for key in kinds} == kinds


def assert_sarif(log: Json) -> None:
    """Check what the schema of SARIF 2.1.0 demands of the parts that are used here (sections 3.13 to 3.52)."""
    assert log.keys() <= {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        must(driver, name=str, rules=list)
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(set(ids)) == len(ids)
        for rule in driver["rules"]:
            must(rule, id=str, help=dict)
            assert isinstance(rule["help"]["text"], str)
            assert "helpUri" not in rule  # which would have to be absolute
        for result in run["results"]:
            must(result, ruleId=str, ruleIndex=int, level=str, message=dict, locations=list, partialFingerprints=dict)
            assert result["ruleId"] == ids[result["ruleIndex"]]
            assert result["level"] in {"none", "note", "warning", "error"}
            assert isinstance(result["message"]["text"], str)
            assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
            for location in result["locations"]:
                physical = location["physicalLocation"]
                assert re.fullmatch(r"[A-Za-z0-9._~/%+-]+", physical["artifactLocation"]["uri"])
                region = physical.get("region", {"startLine": 1})
                assert all(type(value) is int and value >= 1 for value in region.values())


@pytest.mark.parametrize("found", [[], [GONE], [LEAK, GONE, OLD, LEAK]], ids=["nothing", "one", "several"])
def test_a_log_is_as_the_format_wants_it(found: list[Diagnostic]) -> None:
    assert_sarif(sarif(found, version="1.2.3"))


def test_a_finding_in_a_log_has_its_place_and_its_rule() -> None:
    (run,) = sarif([LEAK, GONE], version="1.2.3")["runs"]

    assert run["tool"]["driver"]["rules"][0] == IsPartialDict(
        id="LI006",
        name="secret-in-clear",
        properties={"page": "docs/errors/LI006.md"},
        defaultConfiguration={"level": "warning"},
        shortDescription={"text": "A text that looks like a password, a token or a key."},
    )
    assert run["results"][0] == {
        "ruleId": "LI006",
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": "this text looks like a secret; refer to it as `${secrets.name}`, and change it"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "flows/a%20b.yaml"},
                    "region": {"startLine": 4, "startColumn": 20, "endLine": 4, "endColumn": 31},
                }
            }
        ],
        "partialFingerprints": {"place/v1": "LI006:tools/erp/mcp/1"},
    }
    assert run["results"][1]["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "gone.yaml"}}}]


def test_the_page_of_every_rule_is_where_the_log_says() -> None:
    found = [Diagnostic(code=rule.code, message="", file="a.yaml", place=None) for rule in all_rules()]
    (run,) = sarif(found, version="1")["runs"]

    assert all((ROOT / rule["properties"]["page"]).is_file() for rule in run["tool"]["driver"]["rules"])


def test_an_annotation_is_one_line_that_nothing_breaks_out_of() -> None:
    assert marks([LEAK, GONE, OLD]) == (
        "::warning file=flows/a b.yaml,line=4,col=20,endColumn=31,title=LI006::"
        "this text looks like a secret; refer to it as `${secrets.name}`, and change it\n"
        "::error file=gone.yaml,title=SP007::cannot read `gone.yaml`: 100%25 gone\n"
        "::notice file=x%2Cy%3Az.yaml,line=1,col=1,endColumn=2,title=SP023::old:%0Aversion\n"
    )
