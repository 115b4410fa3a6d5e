"""`podium graph` as a person uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Podium = Callable[..., Any]

NODES = '  first: {transform: x}\n  second: {transform: "${first.out}"}\n  third: {human: Go on?, show: second.out}\n'
PICTURE = """\
┌─────────────────┐
│ first transform │
└─────────┬───────┘
          ▼
┌──────────────────┐
│ second transform │
└────────┬─────────┘
         ▼
  ┌─────────────┐
  │ third human │
  └─────────────┘

│▼ data
"""


def test_a_workflow_is_drawn_in_the_terminal(podium: Podium, workflow: Callable[..., str]) -> None:
    said = podium("graph", workflow(NODES))

    assert (said.code, said.out, said.err) == (0, PICTURE, "")


def test_a_picture_is_written_to_a_file(podium: Podium, workflow: Callable[..., str], place: Path) -> None:
    said = podium("graph", workflow(NODES), "--format", "svg", "--output", "w.svg")

    assert (said.code, said.out) == (0, "")
    assert (place / "w.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_a_file_that_cannot_be_written_is_an_error(podium: Podium, workflow: Callable[..., str]) -> None:
    said = podium("graph", workflow(NODES), "--output", "nowhere/w.txt")

    assert said.code == 2
    assert said.err.startswith("error: AP034: `nowhere/w.txt` cannot be written")


def test_a_run_shows_how_its_nodes_stand_in_the_version_that_it_runs(
    podium: Podium, workflow: Callable[..., str]
) -> None:
    run = podium("run", workflow(NODES), "--detach", "-o", "json").json["run"]
    podium("runs", "resume", run)
    changed = workflow('  first: {transform: y}\n  other: {transform: "${first.out}"}\n')

    said = podium("graph", changed, "--run", run)

    assert said.code == 0
    assert "is not what the run runs" in said.err
    assert [line.split()[1] for line in said.out.splitlines() if " done " in line or " waiting " in line] == [
        "done",
        "done",
        "waiting",
    ]
    assert "third human" in said.out


def test_a_published_version_is_drawn_by_the_beginning_of_its_hash(
    podium: Podium, workflow: Callable[..., str]
) -> None:
    started = podium("run", workflow(NODES), "--detach", "-o", "json").json
    version = podium("runs", "show", started["run"], "-o", "json").json["version"]

    assert podium("graph", f"w@{version[:8]}").out == PICTURE
    assert podium("graph", f"w@{version}").out == PICTURE
    assert podium("graph", f"other@{version}").err.startswith("error: AP033")
    assert podium("graph", "w@00000000").err.startswith("error: AP033")


def test_nothing_to_draw_is_a_mistake_of_usage(podium: Podium) -> None:
    said = podium("graph")

    assert (said.code, said.err) == (
        2,
        "error: AP031: there is nothing to draw\n  name a workflow file, or a run with `--run`\n",
    )


def test_a_workflow_that_is_wrong_is_not_drawn(podium: Podium, workflow: Callable[..., str]) -> None:
    said = podium("graph", workflow('  first: {transform: "${nobody.out}"}\n'))

    assert said.code == 2
    assert "EX" in said.err or "SP014" in said.err


def test_more_than_fits_is_listed(podium: Podium, workflow: Callable[..., str]) -> None:
    nodes = "".join(f"  n{number}: {{transform: x}}\n" for number in range(30))

    said = podium("graph", workflow(nodes + "  all: {join: [n0, n1]}\n"))

    assert len(said.out.splitlines()) == 31
    assert {"n0  transform", "all  join all of 2  from n0, n1"} <= set(said.out.splitlines())
