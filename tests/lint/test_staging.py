"""Which commits let a prepared write happen, and on whose word."""

from __future__ import annotations

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.lint.lint import lint
from podium.spec.load import load
from podium.spec.render import render

NODE_TYPES = shipped_nodes().configs()

HEAD = """podium: 1
name: letters
tools:
  mail: {mcp: [mail-server], effect: write, delivery: keyed, staged: true}
nodes:
"""
PUT = "{tool: mail.send, with: {to: ada}}"


def codes(nodes: str) -> list[str]:
    loaded = load(HEAD + nodes, file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, render(loaded.diagnostics, texts={"w.yaml": loaded.text})
    compiled, found = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert compiled is not None, render(found, texts={"w.yaml": loaded.text})
    return [remark.code for remark in lint(compiled, loaded.positions, "w.yaml") if remark.code in ("LI025", "LI004")]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (f"  a: {PUT}\n", ["LI025"]),
        (f"  a: {PUT}\n  c: {{commit: [a], approve: Send?}}\n", []),
        (f"  a: {PUT}\n  c: {{commit: [a], approval: required}}\n", []),
        (f"  a: {PUT}\n  c: {{commit: [a]}}\n", ["LI004"]),
        (f"  a: {PUT}\n  ok: {{human: So?}}\n  c: {{commit: [a], after: [ok]}}\n", []),
        (f"  a: {PUT}\n  c: {{commit: all, approve: Send?}}\n", ["LI025"]),
        (f"  a: {PUT}\n  c: {{commit: all, after: [a], approve: Send?}}\n", []),
        (f"  a: {PUT}\n  b: {PUT}\n  c: {{commit: [a], approve: Send?}}\n", ["LI025"]),
        (f"  m: {{map: '[1]', as: x, do: {{a: {PUT}}}}}\n  c: {{commit: [m], approve: Send?}}\n", []),
        (f"  m: {{map: '[1]', as: x, do: {{a: {PUT}, c: {{commit: [a], approve: Send?}}}}}}\n", []),
        (f"  m: {{map: '[1]', as: x, do: {{a: {PUT}}}}}\n", ["LI025"]),
        (f"  a: {PUT}\n  c: {{commit: [a], approve: Send?}}\n  d: {{commit: all, after: [a]}}\n", ["LI004"]),
        (f"  a: {{transform: 1, compensate: {PUT}}}\n", []),
    ],
)
def test_a_prepared_write_happens_by_a_commit_after_it_and_on_the_word_of_whoever_agrees_to_that(
    nodes: str, expected: list[str]
) -> None:
    assert codes(nodes) == expected
