from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsInt, IsStr

Podium = Callable[..., Any]
Write = Callable[..., str]

ASK = "  draft: {transform: Draft}\n  approve: {human: Publish it?, show: draft.out}\n"
TWO = "  legal: {human: Legal?}\n  press: {human: Press?}\n"


@pytest.fixture
def waiting(podium: Podium, workflow: Write) -> str:
    """A run that waits for an approval."""
    return podium("run", workflow(ASK, result="approve.out"), "-o", "json").json["run"]


def status(podium: Podium, run: str) -> str:
    return podium("runs", "show", run, "-o", "json").json["status"]


def test_nothing_to_list_leaves_nothing_behind(podium: Podium, place: Any) -> None:
    done = podium("runs", "list")

    assert done.code == 1
    assert not (place / "home").exists()


def test_runs_are_listed_newest_first_and_by_status(podium: Podium, workflow: Write, waiting: str) -> None:
    finished = podium("run", workflow("  a: {transform: 1}\n", name="other"), "-o", "json").json["run"]

    rows = podium("runs", "list", "-o", "json").json
    assert [row["run"] for row in rows] == [finished, waiting]
    assert rows[1] == {
        "run": waiting,
        "workflow": "w",
        "version": IsStr(regex="[0-9a-f]{64}"),
        "status": "waiting(approval)",
        "priority": 5,
        "parent": "",
        "mode": "live",
        "turns_with": "",
        "created_at": IsStr(),
        "updated_at": IsStr(),
        "records": IsInt(gt=2),
    }
    for wanted, runs in (("waiting", [waiting]), ("approval", [waiting]), ("done", [finished]), ("failed", [])):
        assert [row["run"] for row in podium("runs", "list", "--status", wanted, "-o", "json").json] == runs


def test_an_unknown_status_is_told_what_was_meant(podium: Podium, waiting: str) -> None:
    done = podium("runs", "list", "--status", "faild")

    assert (done.code, done.err) == (2, "error: AP004: there is no status `faild`\n  did you mean `failed`?\n")


def test_a_waiting_run_is_shown_with_what_is_asked_and_how_to_answer(podium: Podium, waiting: str) -> None:
    page = podium("runs", "show", waiting[:10]).out

    assert f"run {waiting}: waiting(approval)" in page
    assert "waits: `approve` asks: Publish it?\n  | Draft\n" in page
    assert f"podium approve {waiting} approve" in page
    assert podium("runs", "show", waiting, "-o", "json").json["waiting"] == [
        {
            "node": "approve",
            "reason": "approval",
            "text": "Publish it?",
            "show": "Draft",
            "signal": "",
            "roles": [],
            "effect": "",
            "due": IsStr(regex=r"\d{4}-.*Z"),
        }
    ]


def test_yaml_is_the_same_value(podium: Podium, waiting: str) -> None:
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe")

    assert yaml.load(podium("runs", "list", "-o", "yaml").out) == podium("runs", "list", "-o", "json").json


def test_an_approved_run_goes_on_where_it_is_resumed(podium: Podium, waiting: str) -> None:
    approved = podium("approve", waiting)

    assert (approved.code, approved.out) == (0, "")
    assert f"podium runs resume {waiting}" in approved.err
    resumed = podium("runs", "resume", waiting)
    assert (resumed.code, resumed.out) == (0, "Draft\n")


def test_a_rejected_run_ends_denied_with_the_reason(podium: Podium, waiting: str) -> None:
    podium("reject", waiting, "approve", "--reason", "Not yet.")

    resumed = podium("runs", "resume", waiting)

    assert resumed.code == 9
    assert "Not yet." in resumed.err


def test_only_an_open_question_can_be_answered(podium: Podium, waiting: str) -> None:
    podium("approve", waiting)

    again = podium("approve", waiting)
    elsewhere = podium("reject", waiting, "draft")

    assert (again.code, elsewhere.code) == (2, 2)
    assert f"error: AP007: run `{waiting}` does not wait for an approval\n" in again.err
    assert f"error: AP007: `draft` of run `{waiting}` does not wait for an approval\n" in elsewhere.err


def test_one_of_several_questions_must_be_named(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow(TWO), "-o", "json").json["run"]

    done = podium("approve", run)

    assert done.code == 2
    assert "error: AP008: " in done.err
    assert "name one: legal, press" in done.err
    assert podium("approve", run, "press").code == 0


def test_a_run_that_waits_for_a_signal_gets_its_value(podium: Podium, workflow: Write) -> None:
    file = workflow(
        "  paid: {wait: {signal: paid}}\n  thanks: {transform: '${paid.out.amount}'}\n", result="thanks.out"
    )
    started = podium("run", file, "-o", "json")
    run = started.json["run"]

    assert (started.code, started.json["status"]) == (8, "waiting(signal)")
    assert podium("signal", run, "paid", "--value", '{"amount": 120}').code == 0
    assert podium("runs", "resume", run).out == "120\n"


def test_the_value_of_a_signal_is_json(podium: Podium, waiting: str) -> None:
    done = podium("signal", waiting, "paid", "--value", "{")

    assert done.code == 2
    assert "error: AP004: expected JSON after `--value`" in done.err


def test_a_cancelled_run_is_over_at_once_when_nobody_drives_it(podium: Podium, waiting: str) -> None:
    done = podium("runs", "cancel", waiting, "--reason", "no longer needed")

    assert done.code == 0
    assert status(podium, waiting) == "cancelled"
    assert podium("runs", "resume", waiting).code == 130


def test_a_failed_run_is_retried_from_where_it_failed(podium: Podium, workflow: Write, place: Any) -> None:
    tools = "{files: {python: podium.tools.files, root: ./in, effect: read, delivery: repeatable, only: [read]}}"
    file = workflow(
        "  first: {transform: Once}\n  text: {tool: files.read, with: {path: a.txt}, after: [first]}\n",
        tools=tools,
        result="text.out",
    )
    (place / "in").mkdir()
    failed = podium("run", file, "-o", "json")
    run = failed.json["run"]
    assert (failed.code, failed.json["error"]["node"]) == (1, "text")
    (place / "in" / "a.txt").write_text("Here")

    done = podium("runs", "retry", run)

    assert (done.code, done.out) == (0, "Here\n")
    kinds = [record["body"]["kind"] for record in podium("ledger", "show", run, "-o", "json").json]
    assert kinds.count("node.done") == 2


def test_watching_an_ended_run_gives_its_records_and_its_exit_code(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow("  stop: {end: failed, reason: Too late.}\n"), "-o", "json").json["run"]

    done = podium("runs", "watch", run, "-o", "json")

    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[0]["body"]["kind"], lines[-1]["body"]["kind"]) == ("run.created", "run.ended")


def test_watching_as_a_table_says_what_happened(podium: Podium, workflow: Write) -> None:
    run = podium("run", workflow("  a: {transform: 1}\n"), "-o", "json").json["run"]

    done = podium("runs", "watch", run)

    assert (done.code, done.out) == (0, "")
    assert "  a  done" in done.err


def test_the_ledger_is_verified_as_a_whole_and_by_run(podium: Podium, waiting: str) -> None:
    assert podium("ledger", "verify", "-o", "json").json == {
        "intact": True,
        "streams": 2,
        "records": IsInt(gt=3),
        "payloads": IsInt(gt=1),
        "problems": [],
    }
    assert podium("ledger", "verify", waiting).out.startswith("ledger: intact (1 streams, ")


def test_a_changed_record_breaks_the_evidence_and_the_exit_code(podium: Podium, waiting: str, place: Any) -> None:
    import sqlite3

    with sqlite3.connect(place / "home" / "podium.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(
            "UPDATE record SET data = CAST(replace(data, 'run.claimed', 'run.claimeD') AS BLOB) WHERE seq = 2"
        )
    database.close()

    done = podium("ledger", "verify", waiting)

    assert done.code == 1
    assert done.out.startswith("ledger: BROKEN")


def test_records_are_shown_in_order(podium: Podium, waiting: str) -> None:
    table = podium("ledger", "show", waiting).out.splitlines()

    assert table[0].split() == ["seq", "at", "kind", "path", "what", "hash"]
    assert [line.split()[2] for line in table[1:3]] == ["run.created", "run.claimed"]
    assert podium("ledger", "show", "_admin").code == 0
    assert len(podium("ledger", "show", waiting, "--after", "1", "--limit", "2", "-o", "json").json) == 2


def test_a_run_that_is_not_there_is_usage(podium: Podium, waiting: str) -> None:
    for command in (("runs", "show"), ("approve",), ("runs", "resume"), ("runs", "cancel"), ("ledger", "show")):
        done = podium(*command, "zzz")
        assert (done.code, done.err.splitlines()[0]) == (2, "error: AP002: there is no run `zzz`")
