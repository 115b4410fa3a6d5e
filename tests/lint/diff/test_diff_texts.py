"""What `podium diff` says, one golden text per kind of change to one workflow; `PODIUM_GOLDEN=write` writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.diff.change import Change, Risk
from podium.lint.diff.compare import differences
from podium.lint.diff.wording import lines, sentence
from podium.spec.load import load

GOLDEN = Path(__file__).parents[2] / "golden" / "diffs"
BASE = (GOLDEN / "base.yaml").read_text(encoding="utf-8")
NODE_TYPES = shipped_nodes().configs()

POST = next(line for line in BASE.splitlines(keepends=True) if line.startswith("  post:"))
ORDERS = next(line.strip() for line in BASE.splitlines() if line.startswith("  orders:"))
WRITE = "{tool: files.write, with: {path: a, text: b}}"
CASES: dict[str, list[tuple[str, str]]] = {
    "tool_granted": [("budget:", "  web: {mcp: [web], effect: read, delivery: repeatable}\nbudget:")],
    "tool_no_longer_granted": [
        (POST, ""),
        ('  send: {tool: post.send, with: {text: "${approve.out}"}}\n', ""),
    ],
    "all_functions": [(", only: [orders]", "")],
    "another_function": [("only: [orders]", "only: [orders, prices]")],
    "effect_up": [("mcp: [erp-server, --read], effect: read", "mcp: [erp-server, --read], effect: irreversible")],
    "delivery": [("delivery: keyed, approval: never", "delivery: repeatable, approval: never")],
    "trust": [("only: [orders]", "only: [orders], trust: trusted")],
    "tool_approval": [("approval: never", "approval: required")],
    "special_function": [("only: [write]", "only: [write], functions: {write: {effect: irreversible}}")],
    "another_server": [("https://post.example.org/mcp", "https://elsewhere.example.org/mcp")],
    "another_folder": [("root: ./out", "root: /")],
    "environment": [("only: [orders]", 'only: [orders], env: {ERP_TOKEN: "${secrets.erp}", MODE: fast}')],
    "tool_timeout": [("timeout: 1m", "timeout: 5m")],
    "approval_gone": [
        ("  approve: {human: Send this?, show: draft.out, roles: [clerk, boss], expires: 1d, on_expiry: reject}\n", ""),
        ("${approve.out}", "${draft.out}"),
        (", after: [approve]", ""),
    ],
    "approval_passed_by": [(", after: [approve]", "")],
    "roles": [("roles: [clerk, boss]", "roles: [boss]")],
    "silence": [("expires: 1d, on_expiry: reject", "expires: 9d, on_expiry: approve")],
    "asked_sometimes": [("human: Send this?", "human: Send this?, when: inputs.amount > 100.0")],
    "budget": [("{usd: 1, wall: 10m}", "{usd: 9, tokens: 1000, wall: 5m}")],
    "bounds": [("concurrency: 2", "concurrency: 8"), ("max_tokens: 300", "max_tokens: 900")],
    "retry_of_a_write": [("tool: post.send,", "tool: post.send, retry: {max: 5},")],
    "retry_of_a_read": [("retry: {max: 2}", "retry: {max: 3}")],
    "inputs": [
        (
            "  order: {type: text, default: A-1}",
            "  order: {type: text, default: B-2}\n  note: {type: text, default: ''}",
        ),
        ("amount: {type: number}", "amount: {type: integer}"),
    ],
    "prompt": [("Be kind.", "Be brief, and very polite.")],
    "question": [("human: Send this?", "human: Send this letter?")],
    "route": [("prefer: cheap", "prefer: quality, quality: high")],
    "renamed": [
        ("draft:", "letter:"),
        ("draft.out", "letter.out"),
        ("one: {", "text: {"),
        ("one.out", "text.out"),
    ],
    "node_added": [("result: lines", '  again: {tool: post.send, with: {text: "${draft.out}"}}\nresult: lines')],
    "node_of_another_type": [(ORDERS, "orders: {transform: none}")],
    "new_data_for_a_tool": [("path: letter.md", "path: '${string(inputs.amount)}'")],
    "link": [("tool: post.send,", "tool: post.send, after: [lines],")],
    "result": [("result: lines.out\n", "result: draft.out\n")],
    "name_and_owner": [("name: letters", "name: post\nowner: clerks")],
    "condition": [("tool: files.write,", "tool: files.write, when: inputs.amount > 1.0,")],
    "another_call": [("tool: files.write", "tool: post.send")],
    "secret": [("only: [orders]", "only: [orders], env: {ERP_TOKEN: hunter2-hunter2}")],
    "fallback_and_undo": [("tool: post.send,", f"tool: post.send, fallback: [{WRITE}], compensate: {{transform: x}},")],
    "staged": [
        ("only: [write]", "only: [write], staged: true"),
        ("tool: post.send,", "tool: post.send, staged: true,"),
        ("result: lines", "  publish: {commit: [keep, send], guard: size(prepared) < 3, approve: So?}\nresult: lines"),
    ],
    "nothing": [
        ("inputs:", "# a comment\n\ninputs:"),
        ("{usd: 1, wall: 10m}", "\n  wall: 600s\n  usd: 1.0"),
        ("[clerk, boss]", "[boss, clerk]"),
    ],
}


def compiled(text: str) -> Compiled:
    loaded = load(text, file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, loaded.diagnostics
    found, diagnostics = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert found is not None, diagnostics
    return found


def changed(case: str) -> str:
    text = BASE
    for old, new in CASES[case]:
        assert old in text, old
        text = text.replace(old, new)
    return text


def told(changes: tuple[Change, ...]) -> str:
    return "".join(
        "".join(
            f"{line}\n"
            for line in (f"{one.risk}: {one.place}: {sentence(one)}", *(f"    {line}" for line in lines(one)))
        )
        for one in changes
    )


@pytest.mark.parametrize("case", CASES)
def test_a_change_reads_as_its_golden_text_there_and_back(case: str) -> None:
    base, other = compiled(BASE), compiled(changed(case))
    text = f"{told(differences(base, other))}--- and back\n{told(differences(other, base))}"

    golden = GOLDEN / f"{case}.txt"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_text_belongs_to_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


WIDER = (
    *("tool_granted", "all_functions", "another_function", "effect_up", "delivery", "trust", "special_function"),
    *("another_server", "another_folder", "environment", "tool_timeout", "approval_gone", "approval_passed_by"),
    *("silence", "asked_sometimes", "bounds", "retry_of_a_write", "node_added", "new_data_for_a_tool", "another_call"),
)
NARROWER = ("tool_no_longer_granted", "tool_approval", "roles")
NEUTRAL = ("retry_of_a_read", "inputs", "prompt", "question", "route", "renamed", "link", "name_and_owner", "condition")


@pytest.mark.parametrize(
    ("case", "risk"),
    [
        (case, risk)
        for risk, cases in (("wider", WIDER), ("narrower", NARROWER), ("neutral", NEUTRAL))
        for case in cases
    ],
)
def test_the_risk_of_a_change_is_that_of_its_gravest_part(case: str, risk: Risk) -> None:
    found = differences(compiled(BASE), compiled(changed(case)))

    assert found[0].risk == risk


def test_a_text_that_looks_like_a_secret_is_not_shown() -> None:
    found = differences(compiled(BASE), compiled(changed("secret")))

    assert found != ()
    assert "hunter2" not in repr(found)


def test_what_looks_different_and_means_the_same_is_no_difference() -> None:
    assert differences(compiled(BASE), compiled(changed("nothing"))) == ()


WITH_FLOW = """
podium: 1
name: outer
inputs: {one: {type: text, default: a}, other: {type: text, default: b}}
flows:
  mailer:
    podium: 1
    name: mailer
    inputs: {text: {type: text}}
    tools: {mail: {mcp: [mail], effect: write, delivery: once}}
    nodes:
      check: {human: Send?, show: inputs.text}
      post: {tool: mail.send, with: {text: "${check.out}"}}
    result: post.out
nodes:
  ask: {human: Go on?, show: inputs.one}
  go: {subflow: mailer, with: {text: "${inputs.one}"}, after: [ask]}
  pay:
    scope:
      charge: {transform: x}
    catch:
      - {on: [timeout], do: {note: {transform: late}}}
  refine: {loop: {draft: {transform: "${last}"}}, start: "''", until: draft.out == 'a', max: 3}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "check: {human: Send?, show: inputs.text}",
            "check: {transform: '${inputs.text}'}",
            "wider: flows.mailer.nodes.post: not asked before it any more: `check`; nobody is",
        ),
        (", after: [ask]", "", "wider: nodes.go: not asked before it any more: `ask`; nobody is"),
        (
            "text: '${inputs.one}'",
            "text: '${inputs.other}'",
            "wider: flows.mailer: data reaches it from `inputs.other`; no data reaches it any more from `inputs.one`",
        ),
        ("mcp: [mail]", "mcp: [letters]", "wider: flows.mailer.tools.mail: mcp: mail → letters"),
        ("max: 3", "max: 30", "wider: nodes.refine: max: 3 → 30"),
        ("transform: late", "transform: too late", "neutral: nodes.pay.catch1/note: transform: late → too late"),
        ("note: {", "noted: {", "neutral: nodes.pay.catch1/noted: renamed, was `note`"),
    ],
)
def test_a_change_inside_a_node_is_found_at_its_place(old: str, new: str, says: str) -> None:
    text = WITH_FLOW.replace('"${inputs.one}"', "'${inputs.one}'")
    assert old in text

    found = differences(compiled(text), compiled(text.replace(old, new)))

    assert says in told(found).splitlines()
