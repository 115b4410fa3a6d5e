"""What a person does to runs from the command line: pause, stop, override, go on from, count, retry in bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsInt, IsPartialDict, IsStr

Podium = Callable[..., Any]
Write = Callable[..., str]

ASK = "  draft: {transform: Draft}\n  approve: {human: Publish it?, show: draft.out}\n"
FAILS = '  first: {transform: 1}\n  bad: {transform: "${[1][first.out]}"}\n'
SOME = """  each:
    map: "[1, 0]"
    as: n
    on_item_error: collect
    do:
      one: {transform: "${10 / n}"}
"""


@pytest.fixture
def waiting(podium: Podium, workflow: Write) -> str:
    """A run that waits for an approval."""
    return podium("run", workflow(ASK, result="approve.out"), "-o", "json").json["run"]


def shown(podium: Podium, run: str) -> Any:
    return podium("runs", "show", run, "-o", "json").json


def new_run(said: Any) -> str:
    """The run that a fork has made, as it says on standard error."""
    return next(word for word in said.err.split() if word.startswith("r") and len(word) == 13)


# ── pause, stop, priority ──


def test_a_paused_run_waits_until_it_is_resumed(podium: Podium, waiting: str) -> None:
    said = podium("runs", "pause", waiting, "--reason", "let me look")
    assert (said.code, said.err) == (0, f"run {waiting} is paused; go on with: podium runs resume {waiting}\n")
    assert shown(podium, waiting)["status"] == "waiting(paused)"
    assert "paused by" in podium("runs", "show", waiting).out

    podium("approve", waiting)
    assert shown(podium, waiting)["status"] == "waiting(paused)"
    done = podium("runs", "resume", waiting, "-o", "json")

    assert (done.code, done.json["status"], done.json["paused_by"]) == (0, "done", "")


def test_a_killed_run_is_stopped_at_once(podium: Podium, waiting: str) -> None:
    said = podium("runs", "kill", waiting)

    assert said.err == f"asked run {waiting} to stop\nrun {waiting} is stopped\n"
    assert shown(podium, waiting)["status"] == "cancelled"


def test_a_priority_is_given_at_the_start_and_changed_later(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow(ASK), "--priority", "8", "-o", "json").json["run"]
    assert shown(podium, run)["priority"] == 8

    assert podium("runs", "priority", run, "2").err == f"run {run} has priority 2\n"

    assert podium("runs", "list", "-o", "json").json[0]["priority"] == 2
    assert "priority 2" in podium("runs", "show", run).out
    assert podium("runs", "priority", run, "10").code == 2


# ── turns ──


def test_a_run_whose_turn_has_not_come_is_queued(podium: Podium, workflow: Write) -> None:
    file = workflow(ASK, concurrency="{max: 1}")
    first = podium("run", file, "-o", "json").json["run"]
    second = podium("run", file, "--detach").out.strip()

    assert shown(podium, second)["status"] == "queued"
    rows = podium("runs", "list", "--status", "queued", "-o", "json").json
    assert rows == [IsPartialDict({"run": second, "status": "queued", "turns_with": "w"})]
    assert podium("runs", "list", "--status", "running", "-o", "json").json == []
    assert "one of 1 of w" in podium("runs", "list").out
    counts = podium("runs", "census", "-o", "json").json
    assert [(one["workflow"], one["status"], one["runs"]) for one in counts] == [
        ("w", "queued", 1),
        ("w", "waiting(approval)", 1),
    ]

    podium("runs", "kill", first)
    assert podium("runs", "resume", second, "-o", "json").json["status"] == "waiting(approval)"


# ── overriding ──


def test_a_failed_node_that_asks_is_told_what_to_do(podium: Podium, workflow: Write) -> None:
    nodes = '  bad: {transform: "${[1][9]}", on_error: ask}\n  then: {transform: "${bad.out}"}\n'
    started = podium("run", workflow(nodes, result="then.out"))
    run = new_run(started)
    assert started.code == 8
    assert f"podium runs override {run} bad --retry" in started.err
    assert "`bad` failed: " in started.err

    assert podium("approve", run, "bad").err.startswith("error: EN024: ")

    said = podium("runs", "override", run, "bad", "--output", "7", "--reason", "as agreed")

    assert (said.code, said.err.splitlines()[0].split(" as ")[0]) == (0, f"output of `bad` in run {run},")
    done = podium("runs", "resume", run, "-o", "json")
    assert (done.code, done.json["result"]) == (0, 7)


@pytest.mark.parametrize(
    ("options", "code"),
    [((), "AP020"), (("--skip", "--retry"), "AP020"), (("--output", "{"), "AP004"), (("--input", "[]"), "EN023")],
)
def test_what_is_no_decision_is_refused(podium: Podium, waiting: str, options: tuple[str, ...], code: str) -> None:
    said = podium("runs", "override", waiting, "approve", *options)

    assert said.code == 2
    assert said.err.startswith(f"error: {code}: ")


# ── going on from another run ──


def test_a_fork_keeps_what_was_found_and_does_anew_what_reads_a_changed_input(podium: Podium, workflow: Write) -> None:
    nodes = (
        '  a: {transform: "${inputs.a}"}\n  b: {transform: "${inputs.b}"}\n  both: {transform: "${a.out}${b.out}"}\n'
    )
    file = workflow(nodes, result="both.out", inputs="{a: {type: text}, b: {type: text}}")
    run = podium("run", file, "-i", "a=1", "-i", "b=2", "-o", "json").json["run"]

    said = podium("runs", "fork", run, "--input", "b=3", "-o", "json")

    assert (said.code, said.json["result"]) == (0, "13")
    assert [node["path"] for node in said.json["nodes"]] == ["b~1", "both~1"]
    assert said.json["fork"] == {"run": run, "record": IsInt(gt=4), "again": ["b"]}
    assert shown(podium, run)["result"] == "12"
    assert f"goes on from run {run}" in podium("runs", "show", said.json["run"]).out


def test_a_rerun_begins_at_a_node(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow("  a: {transform: 1}\n  b: {transform: 2, after: [a]}\n"), "-o", "json").json["run"]

    said = podium("runs", "rerun", run, "--from", "b", "-o", "json")

    assert [node["path"] for node in said.json["nodes"]] == ["b~1"]
    assert podium("runs", "rerun", run).code == 2
    assert podium("runs", "rerun", run, "--from", "c").err.startswith("error: EN017: ")
    assert podium("runs", "fork", run).err.startswith("error: EN018: ")


def test_a_person_may_think_again(podium: Podium, waiting: str) -> None:
    assert podium("runs", "revise", waiting, "approve").err.startswith("error: AP021: `approve` has not been answered")
    podium("approve", waiting)
    assert podium("runs", "resume", waiting).code == 0

    said = podium("runs", "revise", waiting, "approve")

    again = new_run(said)
    assert (said.code, again != waiting) == (8, True)
    assert [ask["node"] for ask in shown(podium, again)["waiting"]] == ["approve~1"]
    assert shown(podium, waiting)["status"] == "done"
    for node, code in (("draft", "AP021"), ("aprove", "EN020")):
        assert podium("runs", "revise", waiting, node).err.startswith(f"error: {code}: ")


# ── counting ──


def test_runs_are_counted_and_their_versions_listed(podium: Podium, workflow: Write, waiting: str) -> None:
    podium("run", workflow("  a: {transform: 1}\n", name="other"))

    assert podium("runs", "census", "-o", "json").json == [
        {"workflow": "other", "status": "done", "runs": 1, "oldest": IsStr()},
        {"workflow": "w", "status": "waiting(approval)", "runs": 1, "oldest": IsStr()},
    ]
    assert podium("runs", "census").out.splitlines()[0].split() == ["workflow", "status", "runs", "oldest"]
    assert podium("runs", "versions", "-o", "json").json == [
        {
            "workflow": "w",
            "version": shown(podium, waiting)["version"],
            "runs": 1,
            "waiting": 1,
            "oldest": IsStr(),
            "file": "w.yaml",
        }
    ]
    podium("runs", "cancel", waiting)
    assert podium("runs", "versions").err == "every run has ended\n"
    assert [row["workflow"] for row in podium("runs", "list", "--workflow", "w", "-o", "json").json] == ["w"]


# ── dead letters ──


def test_a_run_that_gave_up_is_listed_retried_and_dropped(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow(FAILS), "-o", "json").json["run"]

    (letter,) = podium("dead", "list", "-o", "json").json
    assert letter == IsPartialDict({"run": run, "workflow": "w", "status": "failed", "node": "bad", "items": []})
    assert run in podium("dead", "list").out

    assert podium("dead", "retry", run, "--dry-run").out == f"{run}\n"
    said = podium("dead", "retry", run)
    assert (said.out, said.err.splitlines()[0]) == (f"{run}\n", "1 run retried")
    assert podium("dead", "list").err == "nothing gave up\n"

    assert podium("runs", "resume", run).code == 1
    assert podium("dead", "drop", "--workflow", "w", "--reason", "known").err == "1 run dropped\n"
    assert podium("dead", "list", "-o", "json").json == []
    assert podium("dead", "drop", run).err.startswith("error: EN028: ")
    assert "dropped by" in podium("runs", "show", run).out


def test_items_that_gave_up_are_done_anew_in_a_run_that_keeps_the_others(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow(SOME), "-o", "json").json["run"]
    (letter,) = podium("dead", "list", "-o", "json").json
    assert letter == IsPartialDict({"run": run, "status": "done_with_errors", "items": ["each[1]"]})

    said = podium("dead", "retry", "--all")

    again = said.out.split()[0]
    assert said.out == f"{again} from {run}: each[1]\n"
    assert podium("dead", "list").err == "nothing gave up\n"
    assert podium("runs", "resume", again).code == 3
    assert [letter["run"] for letter in podium("dead", "list", "-o", "json").json] == [again]
    assert not any("each[0]" in node["path"] for node in shown(podium, again)["nodes"])


def test_an_error_that_the_workflow_lets_pass_is_no_dead_letter(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow('  bad: {transform: "${[1][9]}", on_error: continue}\n'))

    assert run.code == 3
    assert podium("dead", "list", "-o", "json").json == []


@pytest.mark.parametrize("options", [(), ("--all", "--workflow", "w")])
def test_which_dead_letters_are_meant_must_be_said(podium: Podium, waiting: str, options: tuple[str, ...]) -> None:
    assert waiting
    assert podium("dead", "drop", *options).err.startswith("error: AP023: ")


# ── signals ──


@pytest.mark.parametrize("arguments", [(), ("r1",), ("r1", "news", "--callback", "t")])
def test_a_signal_is_for_a_run_or_for_a_callback(podium: Podium, waiting: str, arguments: tuple[str, ...]) -> None:
    assert waiting
    assert podium("signal", *arguments).err.startswith("error: AP022: ")


def test_a_forged_callback_is_refused(podium: Podium, waiting: str) -> None:
    assert podium("signal", "--callback", f"{waiting}.YXBwcm92ZQ.{'0' * 32}").err.startswith("error: EN016: ")
