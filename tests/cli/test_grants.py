"""Agreeing to more than one call, listing it, and taking it back, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPartialDict, IsStr

Podium = Callable[..., Any]

WRITE = """podium: 1
name: write
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, approval: required}
inputs:
  path: {type: text}
nodes:
  put: {tool: files.write, with: {path: "${inputs.path}", text: hello}}
result: put.out.path
"""


@pytest.fixture
def put(podium: Podium, place: Path) -> Callable[[str], Any]:
    """Return a function that starts a run which writes a file."""
    (place / "write.yaml").write_text(WRITE)
    return lambda name: podium("run", "write.yaml", "-i", f"path={name}", "-o", "json").json


def test_a_yes_for_later_calls_counts_so_often_and_no_more(podium: Podium, put: Callable[[str], Any]) -> None:
    first = put("a.md")
    assert first["status"] == "waiting(approval)"

    said = podium("approve", first["run"], "--for", "uses=2")
    assert (said.code, "and more of its kind, as `s" in said.err) == (0, True)
    assert podium("runs", "resume", first["run"], "-o", "json").json["status"] == "done"
    assert put("b.md")["status"] == "done"
    assert put("c.md")["status"] == "waiting(approval)"

    (grant,) = podium("grants", "list", "--all", "-o", "json").json
    assert grant == IsPartialDict(
        id=IsStr(regex="s[0-9a-z]{12}"),
        effect="tool.files.write",
        **{"for": ["uses=2"]},
        used=2,
        uses=2,
        state="used up",
    )
    assert podium("grants", "list", "-o", "json").json == []
    assert podium("ledger", "verify").code == 0


def test_what_was_taken_back_is_asked_again(podium: Podium, put: Callable[[str], Any]) -> None:
    podium("approve", put("a.md")["run"], "--for", "until=1h")
    assert put("b.md")["status"] == "done"
    (grant,) = podium("grants", "list", "-o", "json").json

    assert podium("grants", "revoke", grant["id"]).code == 0
    assert put("c.md")["status"] == "waiting(approval)"
    assert "AP088" in podium("grants", "revoke", grant["id"]).err


def test_bounds_that_cannot_be_meant_leave_the_question_open(podium: Podium, put: Callable[[str], Any]) -> None:
    run = put("a.md")["run"]

    assert "AP087" in podium("approve", run, "--for", "ever").err
    assert podium("runs", "show", run, "-o", "json").json["status"] == "waiting(approval)"
