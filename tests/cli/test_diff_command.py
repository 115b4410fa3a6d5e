"""`podium diff` as a person uses it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Podium = Callable[..., Any]
Workflow = Callable[..., str]

NODES = '  ask: {human: Go on?, show: "1", expires: 1d}\n  next: {transform: "${ask.out}"}\n'
LATER = NODES.replace("1d", "9d").replace("next:", "then:")
TOLD = "wider     nodes.ask   expires: 1d → 9d\nneutral   nodes.then  renamed, was `next`\n"


@pytest.fixture
def git(place: Path) -> Callable[..., None]:
    """Return Git in a fresh repository, with nobody's settings."""
    about = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def run(*arguments: str) -> None:
        environment = os.environ | about | nobody
        subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True, env=environment, timeout=30)

    run("init", "-q", "-b", "main")
    return run


def test_the_differences_come_one_a_line_the_riskiest_first(podium: Podium, workflow: Workflow) -> None:
    said = podium("diff", workflow(NODES), workflow(LATER, name="w2"))

    assert said.code == 0
    assert said.out.splitlines()[1:] == [
        "neutral   nodes.then  renamed, was `next`",
        "neutral   workflow    renamed, was `w`",
    ]
    assert said.err == "3 differences: 1 wider, 2 neutral\n"


def test_comments_and_layout_are_no_difference(podium: Podium, workflow: Workflow, place: Path) -> None:
    file = workflow(NODES)
    (place / "other.yaml").write_text("# the same\n\n" + (place / file).read_text().replace("{human", "{ human"))

    said = podium("diff", file, "other.yaml", "--exit-code")

    assert (said.code, said.out, said.err) == (0, "no difference in meaning\n", "")


def test_a_difference_can_be_an_exit_code(podium: Podium, workflow: Workflow) -> None:
    assert podium("diff", workflow(NODES), workflow(LATER, name="w2"), "--exit-code").code == 1


def test_programs_get_the_values_of_each_difference(podium: Podium, workflow: Workflow) -> None:
    said = podium("diff", workflow(NODES), workflow(LATER, name="w2"), "-o", "json")

    assert said.json[0] == {
        "risk": "wider",
        "place": "nodes.ask",
        "aspect": "expires",
        "before": "1d",
        "after": "9d",
        "text": "expires: 1d → 9d",
        "lines": [],
    }


def test_a_file_is_compared_with_itself_at_a_revision(
    podium: Podium, workflow: Workflow, git: Callable[..., None]
) -> None:
    file = workflow(NODES)
    git("add", ".")
    git("commit", "-q", "-m", "first")
    workflow(LATER)
    git("commit", "-q", "-a", "-m", "second")
    workflow(NODES)

    assert podium("diff", file, "--rev", "HEAD~1").out == "no difference in meaning\n"
    assert podium("diff", file, "--rev", "HEAD~1", "--rev", "HEAD").out == TOLD


@pytest.mark.parametrize("revision", ["HEAD~7", "nothing", "--help", "HEAD:w.yaml"])
def test_a_revision_that_git_does_not_have_is_an_error(
    podium: Podium, workflow: Workflow, git: Callable[..., None], revision: str
) -> None:
    file = workflow(NODES)
    git("add", ".")
    git("commit", "-q", "-m", "first")

    said = podium("diff", file, f"--rev={revision}")

    assert said.code == 2
    assert said.err.startswith("error: AP032: ")


def test_outside_of_git_there_are_no_revisions(podium: Podium, workflow: Workflow) -> None:
    assert podium("diff", workflow(NODES), "--rev", "HEAD").err.startswith("error: AP032: ")


@pytest.mark.parametrize("arguments", [[], ["w.yaml", "--rev", "HEAD"], ["--rev", "a", "--rev", "b", "--rev", "c"]])
def test_what_is_compared_must_be_two_things(podium: Podium, workflow: Workflow, arguments: list[str]) -> None:
    said = podium("diff", workflow(NODES), *arguments)

    assert said.code == 2
    assert said.err.startswith("error: AP031: expected two workflows")


def test_a_workflow_that_is_wrong_cannot_be_compared(podium: Podium, workflow: Workflow) -> None:
    said = podium("diff", workflow(NODES), workflow("  a: {transform: x, after: [b]}\n", name="wrong"))

    assert said.code == 2
    assert "SP014" in said.err


def test_a_published_version_is_compared_with_a_file(podium: Podium, workflow: Workflow) -> None:
    run = podium("run", workflow(NODES), "--detach", "-o", "json").json["run"]
    version = podium("runs", "show", run, "-o", "json").json["version"]

    assert podium("diff", f"w@{version[:10]}", workflow(LATER)).out == TOLD
