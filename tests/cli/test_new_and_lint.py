from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from podium.testing.scripted import ScriptedModel

Podium = Callable[..., Any]
Write = Callable[..., str]


def test_a_new_workflow_passes_lint_strictly_and_runs(
    podium: Podium, model: Callable[[ScriptedModel], None], place: Path
) -> None:
    model(ScriptedModel(["Our search is new."]))
    made = podium("new", "weekly-report")
    assert (made.code, made.out) == (0, "weekly-report.yaml\n")

    assert podium("lint", "--strict", "weekly-report.yaml").code == 0
    done = podium("run", "weekly-report.yaml", "--input", "topic=our new search", "--yes", "-o", "json")

    assert (done.code, done.json["result"], done.json["files"]) == (0, "Our search is new.", ["out/announcement.md"])
    assert (place / "out" / "announcement.md").read_text() == "Our search is new."


def test_a_new_workflow_overwrites_nothing(podium: Podium, place: Path) -> None:
    (place / "mine.yaml").write_text("mine")

    done = podium("new", "mine")

    assert (done.code, (place / "mine.yaml").read_text()) == (2, "mine")
    assert "error: AP009: `mine.yaml` exists already" in done.err


@pytest.mark.parametrize("name", ["Weekly", "a b", "../a", "9a", ""])
def test_a_name_that_no_workflow_can_have_writes_nothing(name: str, podium: Podium, place: Path) -> None:
    assert podium("new", name).code == 2
    assert list(place.iterdir()) == []


def test_a_good_file_has_no_findings(podium: Podium, workflow: Write) -> None:
    done = podium("lint", workflow("  a: {transform: 1}\n"))

    assert (done.code, done.out, done.err) == (0, "", "1 checked: 0 errors, 0 warnings\n")


def test_findings_of_all_files_go_to_standard_output_with_their_places(podium: Podium, workflow: Write) -> None:
    bad = workflow("  a: {transform: '${b.out}'}\n", name="bad")
    good = workflow("  a: {transform: 1}\n", name="good")

    done = podium("lint", bad, good, "gone.yaml")

    assert done.code == 1
    assert "bad.yaml:4:" in done.out
    assert "gone.yaml: SP007: " in done.out
    assert done.err == "3 checked: 2 errors, 0 warnings\n"


def test_a_warning_fails_only_when_strict(podium: Podium, workflow: Write) -> None:
    file = workflow("  a: {transform: 1}\n", inputs="{never: {type: text}}")

    assert [podium("lint", file).code, podium("lint", file, "--strict").code] == [0, 1]


def test_findings_as_json_have_their_facts(podium: Podium, workflow: Write) -> None:
    done = podium("lint", workflow("  a: {transform: 1, wen: true}\n"), "-o", "json")

    (finding,) = done.json
    assert finding == IsPartialDict(severity="error", file="w.yaml", line=4, column=21, help="did you mean `when`?")
