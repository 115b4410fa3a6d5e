"""Who must have said yes before a node can run."""

from __future__ import annotations

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.lint.diff.people import people_before
from podium.spec.load import load

NODE_TYPES = shipped_nodes().configs()


def before_z(nodes: str) -> set[str]:
    loaded = load(f"podium: 1\nname: w\nnodes:\n{nodes}", file="w.yaml", node_types=NODE_TYPES)
    assert loaded.workflow is not None, loaded.diagnostics
    compiled, found = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)
    assert compiled is not None, found
    people = people_before(compiled.graph, lambda node: node.id, frozenset())
    return set(people[next(node.index for node in compiled.graph.nodes if node.id == "z")])


ASK = "  ask: {human: Yes?, show: '1'}\n  also: {human: Really?, show: '1'}\n"


@pytest.mark.parametrize(
    ("nodes", "people"),
    [
        ("  z: {transform: '${ask.out}'}\n", {"ask"}),
        ("  y: {transform: '${ask.out}'}\n  z: {transform: '${y.out}', after: [also]}\n", {"ask", "also"}),
        ("  z: {join: [ask, also]}\n", set[str]()),
        ("  x: {transform: '${ask.out}'}\n  y: {transform: '${ask.out}'}\n  z: {join: [x, y], wait: any}\n", {"ask"}),
        ("  x: {switch: [{when: ask.out == 1, then: z}]}\n  z: {transform: x}\n", {"ask"}),
        ("  x: {human: Sure?, show: ask.out, on_rejected: z}\n  z: {transform: x}\n", {"ask"}),
    ],
    ids=[
        "data",
        "each of several edges",
        "any source of a join",
        "all ways to a join",
        "a switch",
        "not the one who said no",
    ],
)
def test_a_person_counts_only_where_nothing_passes_without_their_yes(nodes: str, people: set[str]) -> None:
    assert before_z(ASK + nodes) == people
