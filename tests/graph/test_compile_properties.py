"""Random workflows over a few made-up node types, with maps, switches, joins, handlers and checks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from podium.app.nodes import shipped_nodes
from podium.graph.closure import closure
from podium.graph.compile import compile_workflow
from podium.graph.joins import EdgeState, Tally, ended, ready, skipped
from podium.graph.model import Edge, Graph
from podium.ids import NodeId
from podium.spec.load import load
from podium.spec.model import Workflow
from podium.spec.positions import Positions

TYPES = shipped_nodes().configs()


@st.composite
def plans(draw: st.DrawFn, depth: int = 1) -> dict[str, Any]:
    """The nodes of a scope, each referring to earlier ones only."""
    nodes: dict[str, Any] = {}
    started: set[str] = set()
    for number in range(draw(st.integers(1, 7))):
        name = f"{'n' if depth else 'i'}{number}"
        earlier = list(nodes)
        used = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
        text = " ".join(f"${{has({one}.out) ? 'x' : ''}}" for one in used)
        kind = draw(st.sampled_from(["transform", "join", "switch", "map", "validate"]))
        if kind == "join" and used:
            nodes[name] = {"join": used, "wait": draw(st.sampled_from(["all", "any", {"quorum": 2}]))}
        elif kind == "switch" and used:
            # a switch decides over nodes that are added for it, so that no ring can come about
            cases = [f"{name}_a", f"{name}_b"]
            nodes[name] = {"switch": [{"when": f"has({used[0]}.out)", "then": cases[0]}], "else": cases[1]}
            nodes |= {case: {"transform": "x"} for case in cases}
            started |= set(cases)
        elif kind == "map" and depth:
            body = draw(plans(depth=0))
            nodes[name] = {"map": "[1, 2]", "do": body, "result": f"{list(body)[-1]}.out", "after": used}
        elif kind == "validate" and used:
            nodes[name] = {"validate": f"has({used[0]}.out)", "revise": used[0]}
        else:
            nodes[name] = {"transform": text or "x"}
        if draw(st.booleans()) and earlier and "after" not in nodes[name]:
            nodes[name]["after"] = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True))
        if draw(st.integers(0, 3)) == 0:
            nodes[name]["on_error"] = "continue"
        if draw(st.integers(0, 3)) == 0:
            nodes[name]["when"] = "1 < 2"
    return nodes


def graph_of(nodes: dict[str, Any]) -> Graph:
    workflow = Workflow.model_validate({"podium": 1, "name": "t", "nodes": nodes}, context={"node_types": TYPES})
    compiled, diagnostics = compile_workflow(workflow, file="t.yaml", positions=Positions())
    assert compiled is not None, (nodes, diagnostics)
    return compiled.graph


@given(nodes=plans())
def test_a_workflow_without_rings_compiles_into_an_order(nodes: dict[str, Any]) -> None:
    graph = graph_of(nodes)

    assert {node.id for node in graph.nodes} == set(nodes)
    for node in graph.nodes:
        assert all(edge.source < node.index == edge.target for edge in node.incoming)
        assert all(edge in graph.nodes[edge.source].outgoing for edge in node.incoming)
        assert all(edge in graph.nodes[edge.target].incoming for edge in node.outgoing)
        assert len(set(node.incoming)) == len(node.incoming)
        assert graph.by_id[node.id] == node.index


@given(nodes=plans())
def test_whatever_a_program_reads_comes_before_it(nodes: dict[str, Any]) -> None:
    graph = graph_of(nodes)

    for node in graph.nodes:
        programs = [*node.fields.values(), *node.late.values(), *([node.when] if node.when else [])]
        sources = {graph.nodes[edge.source].id for edge in node.incoming}
        assert all(name in sources for program in programs for name in program.names if name in graph.by_id)


@given(nodes=plans(), outcomes=st.randoms(use_true_random=False))
def test_every_node_ends_however_the_nodes_end(nodes: dict[str, Any], outcomes: Any) -> None:
    graph = graph_of(nodes)
    tallies = [Tally.of(node) for node in graph.nodes]
    ended_by: dict[int, list[tuple[Edge, EdgeState]]] = {}

    def deliver(index: int, found: list[tuple[Edge, EdgeState]]) -> None:
        ended_by[index] = found
        for source, edges in ended_by.items():
            for edge, state in edges:
                due = source == index if edge.held_by < 0 or edge.held_by in ended_by else False
                if due or (edge.held_by == index and source != index):
                    tallies[edge.target].add(edge, state, join=graph.nodes[edge.target].join is not None)

    for _ in range(len(graph.nodes)):
        verdicts = {node.index: ready(node, tallies[node.index]) for node in graph.nodes if node.index not in ended_by}
        able = [index for index, verdict in verdicts.items() if verdict != "wait"]
        assert able, "a node waits for ever"
        index: int = outcomes.choice(able)
        node, verdict = graph.nodes[index], verdicts[index]
        if verdict == "start":
            ports = ["out", *node.config.starts(), *(["error"] if "error" in node.handlers else [])]
            port: str = outcomes.choice([port for port in ports if port != "out"] if node.config.starts() else ports)
            deliver(index, list(ended(node, port)))
        else:
            deliver(index, list(skipped(node, blocked=verdict == "skip_blocked")))

    assert set(ended_by) == set(range(len(graph.nodes)))


@given(nodes=plans())
def test_a_closure_compiles_to_the_same_graph(nodes: dict[str, Any]) -> None:
    workflow = Workflow.model_validate({"podium": 1, "name": "t", "nodes": nodes}, context={"node_types": TYPES})
    again = load(closure(workflow).decode(), file="t.yaml", node_types=TYPES).workflow
    assert again is not None

    compiled, _ = compile_workflow(again, file="t.yaml", positions=Positions())

    assert compiled is not None
    graph = graph_of(nodes)
    assert [(node.id, node.incoming, node.span, node.target) for node in compiled.graph.nodes] == [
        (node.id, node.incoming, node.span, node.target) for node in graph.nodes
    ]
    assert NodeId(next(iter(nodes))) in compiled.graph.by_id
