"""What code may call is looked at like the calls of other nodes."""

from __future__ import annotations

import pytest

from podium.app.nodes import shipped_nodes
from podium.lint.check import check_text

HEAD = """podium: 1
name: code
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, trust: trusted, only: [write]}
nodes:
"""


@pytest.mark.parametrize(
    ("node", "codes"),
    [
        ('  a: {code: \'write(path="x", text="y")\', tools: [files.write]}', ["LI004"]),
        ("  a: {code: 'read(path=\"x\")', tools: [files.read]}", ["LI004", "LI005"]),
        ("  a: {code: '1', tools: [other.read]}", ["LI002", "LI005"]),
        ("  a: {code: '1'}", ["LI002"]),
    ],
)
def test_a_tool_of_code_is_a_tool_that_is_used(node: str, codes: list[str]) -> None:
    checked = check_text(HEAD + node + "\n", file="code.yaml", node_types=shipped_nodes().configs())

    assert sorted(finding.code for finding in checked.diagnostics) == codes
