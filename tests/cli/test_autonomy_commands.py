"""How far workflows may go by themselves, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dirty_equals import IsPartialDict, IsStr

Podium = Callable[..., Any]

PUT = """podium: 1
name: put
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, trust: trusted}
nodes:
  put: {tool: files.write, with: {path: a.md, text: hello}}
"""


def status(podium: Podium) -> tuple[str, str]:
    """Run the workflow and return its run and how it stands."""
    said = podium("run", "put.yaml", "-o", "json").json
    return said["run"], said["status"]


def test_what_was_lowered_asks_and_what_was_raised_on_evidence_does_not(podium: Podium, place: Path) -> None:
    (place / "put.yaml").write_text(PUT)
    run, first = status(podium)
    assert first == "done"

    assert podium("autonomy", "lower", "put", "--to", "supervised", "--because", "it wrote too much").code == 0
    assert status(podium)[1] == "waiting(approval)"

    raised = podium("autonomy", "raise", "put", "--to", "bounded", "--because", "a good one", "--evidence", run)
    assert (raised.code, "`put` may be `bounded`, and no more" in raised.err) == (0, True)
    assert status(podium)[1] == "done"

    assert podium("autonomy", "show", "put", "-o", "json").json == [
        IsPartialDict(may_be="supervised", before="autonomous", because="it wrote too much", evidence=[]),
        IsPartialDict(may_be="bounded", before="supervised", because="a good one", evidence=[run], by=IsStr()),
    ]
    assert podium("ledger", "verify").code == 0


def test_the_settings_say_how_far_a_workflow_may_go_of_which_nobody_has_spoken(podium: Podium, place: Path) -> None:
    (place / "put.yaml").write_text(PUT)
    (place / "home").mkdir()
    (place / "home" / "podium.toml").write_text('[autonomy]\ndefault = "supervised"\n')

    assert status(podium)[1] == "waiting(approval)"
    assert "every other workflow may be `supervised`" in podium("autonomy", "show").err


def test_raising_what_would_be_lower_is_refused(podium: Podium, place: Path) -> None:
    said = podium("autonomy", "raise", "put", "--to", "bounded", "--because", "x")

    assert (said.code, "did you mean `podium autonomy lower`?" in said.err) == (2, True)
    assert podium("autonomy", "show", "-o", "json").json == []


def test_a_change_without_a_reason_is_refused(podium: Podium) -> None:
    assert podium("autonomy", "lower", "put", "--to", "suggest", "--because", " ").code == 2
