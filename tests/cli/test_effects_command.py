"""`podium run --shadow`, `--dry-run`, and what `podium runs effects` says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsStr

Podium = Callable[..., Any]
Write = Callable[..., str]

FILES = "{files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, trust: trusted}}"
NODES = """\
  ada: {tool: files.write, with: {path: ada.md, text: "Dear ${inputs.who}\\n"}}
  bob: {tool: files.write, with: {path: bob.md, text: "Dear Bob\\n"}, after: [ada]}
"""
WHO = "{who: {type: text, default: Ada}}"


def deed(node: str, text: str, fate: str, preview: str = "") -> dict[str, Any]:
    return {
        "id": IsStr(regex="[0-9a-f]{32}"),
        "node": node,
        "effect": "tool.files.write",
        "target": "podium.tools.files",
        "fate": fate,
        "why": "",
        "twin": "",
        "call": {"path": f"{node}.md", "text": text},
        "preview": preview,
    }


def new(node: str, line: str) -> str:
    return f"--- /dev/null\n+++ {node}.md\n@@ -0,0 +1 @@\n+{line}\n"


@pytest.mark.parametrize("flag", ["--shadow", "--dry-run"])
def test_a_rehearsal_writes_nothing_and_says_what_it_would_write(
    podium: Podium, workflow: Write, place: Path, flag: str
) -> None:
    done = podium("run", workflow(NODES, inputs=WHO, tools=FILES), flag, "-o", "json")

    previews = (new("ada", "Dear Ada"), new("bob", "Dear Bob")) if flag == "--shadow" else ("", "")
    assert done.code == 0
    assert done.json["effects"] == [
        deed("ada", "Dear Ada\n", "would", previews[0]),
        deed("bob", "Dear Bob\n", "would", previews[1]),
    ]
    assert (done.json["mode"], done.json["unknown"]) == (flag.strip("-").removesuffix("-run"), [])
    assert not (place / "out" / "ada.md").exists()


def test_people_read_a_table_and_the_change_of_each_file(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(NODES, inputs=WHO, tools=FILES), "--shadow")

    assert "a shadow run: nothing was written" in done.err
    assert "would be done" in done.err
    assert "+Dear Ada" in done.err


def test_what_a_dry_run_cannot_know_is_said(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow("  m: {llm: Hello}\n  n: {transform: '${m.out}'}\n", result="n.out"), "--dry-run")

    assert done.code == 0
    assert "not known from `m` on" in done.err


def test_the_mode_stands_in_lists_and_stays_in_what_goes_on_from_a_run(
    podium: Podium, workflow: Write, place: Path
) -> None:
    first = podium("run", workflow(NODES, inputs=WHO, tools=FILES), "--shadow", "-o", "json").json["run"]
    again = podium("runs", "rerun", first, "--from", "ada", "-o", "json").json
    forked = podium("runs", "fork", first, "-i", "who=Eve", "-o", "json").json

    assert [again["mode"], forked["mode"]] == ["shadow", "shadow"]
    assert {row["mode"] for row in podium("runs", "list", "-o", "json").json} == {"shadow"}
    assert "shadow run" in podium("runs", "list").out
    assert not (place / "out" / "ada.md").exists()


def test_two_runs_are_compared_by_what_they_do_to_the_world(podium: Podium, workflow: Write) -> None:
    file = workflow(NODES, inputs=WHO, tools=FILES)
    shadow = podium("run", file, "--shadow", "-i", "who=Eve", "-o", "json").json["run"]
    real = podium("run", file, "-o", "json").json["run"]

    told = podium("runs", "effects", shadow, "--diff", real, "-o", "json")

    assert told.code == 0
    assert told.json == [
        {"run": "only here", **deed("ada", "Dear Eve\n", "would", new("ada", "Dear Eve"))},
        {"run": "both", **deed("bob", "Dear Bob\n", "would", new("bob", "Dear Bob"))},
        {"run": "only there", **deed("ada", "Dear Ada\n", "done")},
    ]
    assert "only there" in podium("runs", "effects", shadow, "--diff", real).out


def test_a_run_that_does_nothing_to_the_world_says_so(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow("  a: {transform: 1}\n"), "-o", "json").json["run"]

    assert podium("runs", "effects", run).out == "nothing was done, and nothing would be\n"


def test_prepared_effects_that_nobody_released_are_counted(podium: Podium, workflow: Write) -> None:
    tools = FILES.replace("trust:", "staged: true, trust:")

    done = podium("run", workflow(NODES, inputs=WHO, tools=tools))

    assert done.code == 0
    assert "2 of its effects were prepared and never released" in done.err
    assert "LI025" in done.err


def test_a_run_has_one_mode(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow("  a: {transform: 1}\n"), "--shadow", "--dry-run")

    assert done.code == 2
    assert "AP120" in done.err
