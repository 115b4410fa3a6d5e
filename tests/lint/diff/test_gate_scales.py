"""Which change of what the gate decides by is wider, and that the change back is narrower."""

from __future__ import annotations

from typing import Any

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.diff.change import Risk
from podium.lint.diff.compare import differences
from podium.spec.load import load

NODE_TYPES = shipped_nodes().configs()

TEXT = """podium: 1
name: desk
WORKFLOW
inputs:
  mail: {type: text, INPUT}
tools:
  erp: {mcp: "https://erp.example.org/mcp", effect: read, delivery: repeatable, TOOL}
  own: {mcp: [own-server], effect: write, delivery: keyed, PROGRAM}
nodes:
  find: {tool: erp.find, with: {text: "${inputs.mail}"}, NODE}
  read: {llm: "${find.out}", output: {kind: {enum: [a, b]}, to: text, amount: number}, ENDORSE}
  look: {guard: read.out, pii: [email, card], GUARD}
  sum: {code: "1", CODE}
  put: {tool: own.put, after: [look]}
"""
AUTH = "token_url: 'https://login/token', client_id: podium, client_secret: '${secrets.client}'"

WIDER: list[tuple[str, str, str]] = [
    ("WORKFLOW", "autonomy: bounded", ""),
    ("WORKFLOW", "autonomy: suggest", "autonomy: bounded"),
    ("WORKFLOW", "governor: {repeats: 2}", "governor: {repeats: 0}"),
    ("WORKFLOW", "governor: {repeats: 2}", ""),
    ("WORKFLOW", "", "governor: {per_minute: 0}"),
    ("WORKFLOW", "budget: {energy: 500mWh}", "budget: {energy: 1Wh}"),
    ("WORKFLOW", "budget: {calls: 5}", "budget: {calls: 50}"),
    ("WORKFLOW", "budget: {per_call: {usd: 0.1}}", "budget: {per_call: {usd: 1}}"),
    ("WORKFLOW", "budget: {tokens: 5}", ""),
    ("INPUT", "trust: untrusted", "trust: trusted"),
    ("INPUT", "level: secret", "level: internal"),
    ("INPUT", "residency: []", "residency: [eu]"),
    ("INPUT", "residency: [eu]", ""),
    ("INPUT", "categories: [pii]", ""),
    ("TOOL", "", "identity: send"),
    ("TOOL", "", f"auth: {{{AUTH}}}"),
    ("TOOL", f"auth: {{{AUTH}}}", f"auth: {{{AUTH}, as: service}}"),
    ("TOOL", f"auth: {{{AUTH}, scope: [a]}}", f"auth: {{{AUTH}, scope: [a, b]}}"),
    ("TOOL", "", "trust: trusted"),
    ("TOOL", "clearance: internal", "clearance: secret"),
    ("TOOL", "clearance: public", ""),
    ("TOOL", "", "region: eu"),
    ("TOOL", "", "sees: [email]"),
    ("TOOL", "sees: [email]", "sees: [email, card]"),
    ("TOOL", "returns: {level: secret}", "returns: {level: public}"),
    ("TOOL", "returns: {residency: []}", "returns: {residency: [eu]}"),
    ("TOOL", "cost: {usd: 0.5}", "cost: {usd: 0.1}"),
    ("TOOL", "cost: {usd: 0.5}", ""),
    ("TOOL", "functions: {find: {critical: [text, to]}}", "functions: {find: {critical: [to]}}"),
    ("TOOL", "functions: {find: {critical: [text]}}", "functions: {find: {critical: []}}"),
    ("TOOL", "functions: {find: {trust: untrusted}}", "functions: {find: {trust: trusted}}"),
    ("TOOL", "functions: {find: {effect: read}}", "functions: {find: {effect: read, fields: {text: trusted}}}"),
    ("PROGRAM", "sandbox: {}", ""),
    ("PROGRAM", "sandbox: {}", "sandbox: {network: true}"),
    ("PROGRAM", "sandbox: {read: [.]}", "sandbox: {read: [., /etc]}"),
    ("PROGRAM", "region: eu", ""),
    ("NODE", "redact: [email, card]", "redact: [card]"),
    ("NODE", "budget: {calls: 2}", "budget: {calls: 9}"),
    ("NODE", "budget: {unknown_price: deny}", "budget: {unknown_price: allow}"),
    ("ENDORSE", "", "endorse: {kind: choice}"),
    ("ENDORSE", "endorse: {amount: {min: 0, max: 5}}", "endorse: {amount: {min: 0, max: 9}}"),
    ("ENDORSE", "endorse: {to: {origin: ['https://a']}}", "endorse: {to: {origin: ['https://a', 'https://b']}}"),
    ("GUARD", "injection: true", "injection: false"),
    ("GUARD", "action: block", "action: flag"),
    ("CODE", "profile: monty", "profile: process"),
    ("CODE", "", "tools: [erp.find]"),
]
BOTH: list[tuple[str, str, str]] = [
    ("TOOL", "region: eu", "region: us"),
    ("TOOL", "clearance: internal", "clearance: ours"),
    ("TOOL", "functions: {find: {critical: [text]}}", "functions: {find: {effect: read}}"),
    ("TOOL", f"auth: {{{AUTH}}}", f"auth: {{{AUTH.replace('podium', 'other')}}}"),
    ("ENDORSE", "endorse: {to: {in: '[\"a\"]'}}", "endorse: {to: {in: '[\"b\"]'}}"),
    ("ENDORSE", "endorse: {amount: {min: 0, max: 5}}", "endorse: {amount: {min: 3, max: 9}}"),
    ("NODE", "redact: [email]", "redact: [card]"),
]


def compiled(at: str, said: str) -> Compiled:
    text = TEXT.replace(at, said)
    for other in ("WORKFLOW", "INPUT", "TOOL", "PROGRAM", "NODE", "ENDORSE", "GUARD", "CODE"):
        text = text.replace(f", {other}", "").replace(f"{other}\n", "\n")
    loaded = load(text.replace(", }", "}"), file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, loaded.diagnostics
    found, diagnostics = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert found is not None, diagnostics
    return found


def risks(at: str, before: str, after: str) -> set[Risk]:
    return {change.risk for change in differences(compiled(at, before), compiled(at, after))}


@pytest.mark.parametrize(("at", "before", "after"), WIDER)
def test_what_lets_more_through_is_wider_and_back_is_narrower(at: str, before: str, after: str) -> None:
    assert (risks(at, before, after), risks(at, after, before)) == ({"wider"}, {"narrower"})


@pytest.mark.parametrize(("at", "before", "after"), BOTH)
def test_what_cannot_be_ordered_is_wider_both_ways(at: str, before: str, after: str) -> None:
    assert (risks(at, before, after), risks(at, after, before)) == ({"wider"}, {"wider"})


@pytest.mark.parametrize("more", ["autonomy: autonomous", "governor: {}", "governor: {repeats: 3}"])
def test_saying_what_holds_anyway_widens_nothing(more: str) -> None:
    found: Any = risks("WORKFLOW", "", more)

    assert found <= {"neutral"}
