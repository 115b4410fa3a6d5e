from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsInt, IsPartialDict, IsStr

from podium.testing.scripted import ScriptedModel

Podium = Callable[..., Any]
Write = Callable[..., str]

HELLO = "  hello: {transform: 'Hello ${inputs.who}'}\n"
WHO = "{who: {type: text, default: Ada}}"
ASK = "  draft: {transform: Draft}\n  approve: {human: Publish it?, show: draft.out}\n"


def test_the_result_alone_goes_to_standard_output(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs=WHO, result="hello.out"))

    assert (done.code, done.out) == (0, "Hello Ada\n")
    assert "ledger: intact (" in done.err


def test_a_run_as_json_is_one_line_with_stable_keys(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs=WHO, result="hello.out"), "-i", "who=Bob", "-o", "json")

    assert done.out.count("\n") == 1
    assert done.json == {
        "run": IsStr(regex="r[0-9a-z]{12}"),
        "workflow": "w",
        "version": IsStr(regex="[0-9a-f]{64}"),
        "status": "done",
        "principal": IsStr(),
        "created_at": IsStr(regex=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
        "updated_at": IsStr(),
        "records": IsInt(gt=2),
        "priority": 5,
        "parent": "",
        "fork": None,
        "paused_by": "",
        "ending": "",
        "not_undone": 0,
        "mode": "live",
        "unreleased": 0,
        "result": "Hello Bob",
        "error": None,
        "waiting": [],
        "told": [],
        "nodes": [
            {
                "path": "hello",
                "status": "done",
                "port": "out",
                "attempts": 1,
                "model": "",
                "input_tokens": 0,
                "output_tokens": 0,
                "ms": 0,
                "code": "",
            }
        ],
        "files": [],
        "used": IsPartialDict(calls=0, approvals=0, calls_of_unknown_price=0),
        "ledger": IsStr(regex=r"intact \(\d+ records\)"),
    }


def test_inputs_come_from_standard_input_too(podium: Podium, workflow: Write) -> None:
    file = workflow(HELLO, inputs=WHO, result="hello.out")

    assert podium("run", file, "--inputs", "-", stdin='{"who": "Eve"}').out == "Hello Eve\n"


def test_a_model_answers_and_its_tokens_are_told(
    podium: Podium, workflow: Write, model: Callable[[ScriptedModel], None]
) -> None:
    model(ScriptedModel(["A fine day."]))

    done = podium("run", workflow("  say: {llm: Say something.}\n", result="say.out"), "-o", "json")

    (node,) = done.json["nodes"]
    assert (done.code, done.json["result"]) == (0, "A fine day.")
    assert node["model"]
    assert node["output_tokens"] > 0


def test_a_published_file_is_shown_with_its_path(podium: Podium, workflow: Write, place: Path) -> None:
    tools = "{files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, only: [write]}}"
    save = "  save: {tool: files.write, with: {path: notes.md, text: News}}\n"

    done = podium("run", workflow(save, tools=tools))

    assert (place / "out" / "notes.md").read_text() == "News"
    assert "file: out/notes.md\n" in done.err


def test_a_file_that_was_undone_is_not_shown_as_written(podium: Podium, workflow: Write, place: Path) -> None:
    tools = "{files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, only: [write, restore]}}"
    nodes = (
        "  kept: {tool: files.write, with: {path: kept.md, text: News}}\n"
        "  save:\n    tool: files.write\n    with: {path: gone.md, text: News}\n    after: [kept]\n"
        "    compensate: {tool: files.restore, with: {path: gone.md}}\n"
        "  stop: {validate: size(save.out.path) < 2}\n"
    )

    done = podium("run", workflow(nodes, tools=tools))

    assert [path.name for path in (place / "out").glob("*.md")] == ["kept.md"]
    assert [line for line in done.err.splitlines() if line.startswith("file:")] == ["file: out/kept.md"]


ENDINGS: dict[str, tuple[str, dict[str, str], int]] = {
    "failed": ("  stop: {end: failed, reason: Too late.}\n", {}, 1),
    "done_with_errors": (
        "  all:\n    map: '[1, 0]'\n    as: n\n    on_item_error: collect\n    do: {one: {transform: '${1 / n}'}}\n",
        {},
        3,
    ),
    "limit": ("  rest: {wait: 1h}\n", {"timeout": "{total: 200ms}"}, 10),
}


@pytest.mark.parametrize("status", ENDINGS)
def test_each_ending_has_its_exit_code(status: str, podium: Podium, workflow: Write) -> None:
    nodes, more, code = ENDINGS[status]

    done = podium("run", workflow(nodes, **more), "-o", "json")

    assert (done.code, done.json["status"]) == (code, status)


def test_a_failure_says_where_and_why(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow("  stop: {end: failed, reason: Too late.}\n"))

    assert (done.code, done.out) == (1, "")
    assert "Too late. at `stop`" in done.err


def test_without_a_terminal_a_run_waits_and_says_how_to_approve(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(ASK, result="approve.out"))

    (run,) = [row["run"] for row in podium("runs", "list", "-o", "json").json]
    assert (done.code, done.out) == (8, "")
    assert "waits: `approve` asks: Publish it?" in done.err
    assert f"podium approve {run} approve" in done.err


@pytest.mark.slow
def test_a_retry_that_is_due_later_is_waited_for_before_people_are(podium: Podium, workflow: Write) -> None:
    tools = "{files: {python: podium.tools.files, root: ./out, effect: read, delivery: repeatable, only: [read]}}"
    retry = "retry: {max: 1, backoff: 3s, on: [failed]}, on_error: continue"
    file = workflow(f"{ASK}  text: {{tool: files.read, with: {{path: a.txt}}, {retry}}}\n", tools=tools)

    done = podium("run", file, "-o", "json")

    attempts = {node["path"]: (node["status"], node["attempts"]) for node in done.json["nodes"]}
    assert (done.code, done.json["status"]) == (8, "waiting(approval)")
    assert attempts["text"] == ("failed", 2)


def test_yes_approves_beforehand_and_the_record_says_so(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(ASK, result="approve.out"), "--yes", "-o", "json")

    records = podium("ledger", "show", done.json["run"], "-o", "json").json
    assert (done.code, done.json["result"]) == (0, "Draft")
    assert [record["body"]["verdict"] for record in records if record["body"]["kind"] == "approval.given"] == [
        "approved"
    ]


def test_a_wrong_file_is_usage_with_every_place(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow("  a: {transform: '${inputs.x}', after: [b]}\n"))

    assert (done.code, done.out) == (2, "")
    assert "w.yaml:4:" in done.err
    assert "^" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--input", "nobody"), "AP004"),
        (("--input", "nobody=x"), "AP004"),
        (("--inputs", "gone.json"), "AP005"),
    ],
)
def test_a_wrong_input_is_usage_and_starts_nothing(
    arguments: tuple[str, ...], code: str, podium: Podium, workflow: Write
) -> None:
    done = podium("run", workflow(HELLO, inputs=WHO), *arguments)

    assert (done.code, done.out) == (2, "")
    assert f"error: {code}: " in done.err


def test_a_missing_input_is_usage(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs="{who: {type: text}}"))

    assert done.code == 2
    assert "input `who` is missing" in done.err


def test_a_detached_run_is_left_to_a_worker(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs=WHO), "--detach")

    (row,) = podium("runs", "list", "-o", "json").json
    assert (done.code, done.out, row["status"]) == (0, f"{row['run']}\n", "running")
    assert "no worker is alive" in done.err


def test_a_detached_run_as_json_is_a_line(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs=WHO), "--detach", "-o", "json")

    assert json.loads(done.out) == {"run": IsStr(regex="r[0-9a-z]{12}"), "status": "running"}


def test_lint_remarks_stop_no_run(podium: Podium, workflow: Write) -> None:
    done = podium("run", workflow(HELLO, inputs="{who: {type: text, default: a}, never: {type: text, default: b}}"))

    assert done.code == 0
    assert "never" in done.err
