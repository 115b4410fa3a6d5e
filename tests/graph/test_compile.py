from __future__ import annotations

import pytest

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled, Graph
from podium.graph.shape import ANY, BOOLEAN, INTEGER, TEXT
from podium.spec.load import load
from podium.spec.render import render
from podium.spec.types import Type

TYPES = shipped_nodes().configs()


def compiled(text: str) -> Compiled:
    loaded = load("podium: 1\nname: t\n" + text, file="t.yaml", node_types=TYPES)
    assert loaded.workflow is not None, render(loaded.diagnostics, texts={"t.yaml": loaded.text})
    found, diagnostics = compile_workflow(loaded.workflow, file="t.yaml", positions=loaded.positions)
    assert found is not None, render(diagnostics, texts={"t.yaml": loaded.text})
    return found


def edges(graph: Graph, node: str) -> list[str]:
    """Return what leads to a node, as `source:port kind`, with `(held by …)`."""
    found = [place for place in graph.nodes if place.id == node]
    return [
        f"{graph.nodes[edge.source].id}:{edge.port} {edge.kind}"
        + (f" (held by {graph.nodes[edge.held_by].id})" if edge.held_by >= 0 else "")
        for edge in found[0].incoming
    ]


def test_references_make_edges_and_the_order() -> None:
    graph = compiled("""
nodes:
  z_last: {transform: "${b.out} ${a.out} ${b.out}"}
  b: {transform: "${a.out}"}
  a: {transform: x}
  alone: {transform: x}
""").graph

    assert [node.id for node in graph.nodes] == ["a", "alone", "b", "z_last"]
    assert [node.index for node in graph.nodes] == [0, 1, 2, 3]
    assert edges(graph, "z_last") == ["a:out data", "b:out data"]
    assert graph.by_id == {"a": 0, "alone": 1, "b": 2, "z_last": 3}


def test_after_adds_nothing_where_a_reference_waits_already() -> None:
    graph = compiled("""
nodes:
  a: {transform: x}
  b: {transform: x}
  c: {transform: "${a.out}", after: [a, b]}
""").graph

    assert edges(graph, "c") == ["a:out data", "b:out after"]


def test_when_reads_too() -> None:
    graph = compiled("""
nodes:
  a: {transform: x}
  b: {transform: x, when: a.out == 'x'}
""").graph

    assert edges(graph, "b") == ["a:out data"]
    assert graph.nodes[1].when is not None
    assert graph.nodes[1].when.type == BOOLEAN
    assert list(graph.nodes[1].fields) == ["transform"]


def test_a_switch_controls_what_it_starts() -> None:
    graph = compiled("""
inputs: {n: {type: integer}}
nodes:
  way: {switch: [{when: inputs.n > 1, then: [a, b]}], else: c}
  a: {transform: x}
  b: {transform: x}
  c: {transform: x}
  done: {transform: x, after: [way]}
""").graph

    assert edges(graph, "a") == ["way:case_1 control"]
    assert edges(graph, "c") == ["way:else control"]
    assert edges(graph, "done") == ["way:out after"]
    assert list(graph.nodes[graph.by_id["way"]].late) == ["inputs.n > 1"]  # pyright: ignore[reportArgumentType]


def test_the_sources_of_a_join_are_data_and_whatever_else_it_reads_is_a_gate() -> None:
    graph = compiled("""
nodes:
  a: {transform: x}
  b: {transform: x}
  gate: {transform: x}
  all: {join: [b, a], after: [gate], when: a.out == 'x'}
""").graph

    node = graph.nodes[graph.by_id["all"]]  # pyright: ignore[reportArgumentType]
    assert edges(graph, "all") == ["a:out after", "a:out data", "b:out data", "gate:out after"]
    assert node.join is not None
    assert node.join.sources == ("b", "a")


def test_a_handler_hangs_on_the_port_that_it_handles() -> None:
    graph = compiled("""
nodes:
  a: {human: ok?, show: "1", on_error: fix, on_rejected: again}
  fix: {transform: "${a.error.message}"}
  again: {transform: "${a.out}"}
  later: {transform: "${a.error.kind}", after: [fix]}
  rest: {transform: "${a.out}"}
""").graph

    assert edges(graph, "fix") == ["a:error control"]
    assert edges(graph, "again") == ["a:rejected control"]
    assert edges(graph, "later") == ["a:error data", "fix:out after"]
    assert edges(graph, "rest") == ["a:out data"]
    assert graph.nodes[0].handlers == {
        "error": graph.by_id["fix"],  # pyright: ignore[reportArgumentType]
        "rejected": graph.by_id["again"],  # pyright: ignore[reportArgumentType]
    }


def test_a_handler_of_two_nodes_may_ask_which_one_failed() -> None:
    graph = compiled("""
nodes:
  a: {transform: x, on_error: fix}
  b: {transform: x, on_error: fix}
  fix: {transform: "${has(a.error) ? a.error.message : b.error.message} ${has(a.out) ? a.out : ''}"}
""").graph

    assert edges(graph, "fix") == ["a:error control", "b:error control"]


def test_an_error_that_is_let_pass_leaves_by_out_and_its_value_may_be_null() -> None:
    found = compiled("""
nodes:
  a: {transform: x, on_error: continue}
  b: {transform: "${has(a.error) ? a.error.message : a.out == null ? '' : a.out}"}
""")

    assert edges(found.graph, "b") == ["a:out data"]
    assert found.graph.nodes[0].handlers == {"error": "continue"}
    assert found.graph.nodes[0].out == Type({"anyOf": [{"type": "string"}, {"type": "null"}]})


def test_what_a_body_reads_of_the_outside_is_read_by_the_map() -> None:
    found = compiled("""
inputs: {topics: {type: [text]}}
nodes:
  style: {transform: short}
  later: {transform: x, on_error: continue}
  drafts:
    map: inputs.topics
    as: topic
    do:
      inner:
        map: "[topic]"
        as: word
        do:
          write: {transform: "${word} ${topic} ${style.out}"}
      all: {transform: "${inner.out} ${has(later.error)}"}
    result: "{'all': all.out, 'n': size(style.out)}"
""")

    assert edges(found.graph, "drafts") == ["later:out data", "style:out data"]
    drafts = found.graph.nodes[-1]
    assert drafts.bodies[""].variable == "topic"
    assert [node.id for node in drafts.bodies[""].nodes] == ["inner", "all"]
    assert drafts.bodies[""].result is not None
    assert drafts.out == Type.list_of(Type.object_of({"all": TEXT, "n": INTEGER}))
    inner = drafts.bodies[""].nodes[0].bodies[""]
    assert inner.nodes[0].fields["transform"].names == {"word", "topic", "style"}


def test_the_only_last_node_of_a_body_is_its_result() -> None:
    found = compiled("""
inputs: {topics: {type: [integer]}}
nodes:
  drafts: {map: inputs.topics, do: {write: {transform: "${item}"}, twice: {transform: "${write.out + item}"}}}
result: drafts.out[0] + 1
""")

    assert found.graph.nodes[0].out == Type.list_of(INTEGER)
    assert found.result == INTEGER


def test_types_flow_along_the_edges() -> None:
    found = compiled("""
nodes:
  themes: {llm: Make themes., output: {themes: [{title: text, score: number}]}}
  titles: {transform: "${themes.out.themes.map(t, t.title)}"}
  free: {llm: Anything.}
  both: {join: [titles, free], reduce: object}
result: both.out.titles[0]
""")

    graph = found.graph
    assert {node.id: node.out for node in graph.nodes if node.id in ("titles", "free")} == {
        "titles": Type.list_of(TEXT),
        "free": TEXT,
    }
    assert found.result == TEXT


def test_an_expression_of_a_late_field_sees_its_own_names() -> None:
    graph = compiled("""
tools: {files: {python: podium.tools.files, effect: read, delivery: repeatable, root: .}}
nodes:
  a: {tool: files.read, output: {n: integer}, expect: out.n > 1}
""").graph

    assert list(graph.nodes[0].late) == ["out.n > 1"]
    assert graph.nodes[0].late["out.n > 1"].eval({"out": {"n": 2}}) is True


def test_a_field_of_several_parts_is_one_program() -> None:
    graph = compiled("""
nodes:
  a: {transform: text}
  check:
    validate:
      - {check: size(a.out) < 3, message: "too long: ${size(a.out)}"}
      - {check: a.out != ''}
""").graph

    program = graph.nodes[1].fields["validate"]
    assert program.eval({"a": {"out": "text"}}) == [{"check": False, "message": "too long: 4"}, {"check": True}]


def test_what_a_validator_spans_runs_again_and_what_leaves_it_waits() -> None:
    graph = compiled("""
nodes:
  plan: {transform: x}
  write: {transform: "${plan.out}"}
  polish: {transform: "${write.out}"}
  aside: {transform: "${write.out}"}
  check: {validate: size(polish.out) < 9, revise: write, max: 3}
  publish: {transform: "${polish.out}"}
""").graph

    check = graph.nodes[graph.by_id["check"]]  # pyright: ignore[reportArgumentType]
    assert [graph.nodes[index].id for index in check.span] == ["write", "polish", "check"]
    assert (graph.nodes[check.target].id, check.max_rounds) == ("write", 3)
    assert edges(graph, "publish") == ["polish:out data (held by check)"]
    assert edges(graph, "aside") == ["write:out data (held by check)"]
    assert edges(graph, "polish") == ["write:out data"]
    assert edges(graph, "write") == ["plan:out data"]


def test_two_checks_of_one_draft_run_one_after_the_other() -> None:
    graph = compiled("""
nodes:
  write: {transform: x}
  length: {validate: size(write.out) < 9, revise: write}
  tone: {validate: write.out != '', revise: write}
  publish: {transform: "${write.out}"}
""").graph

    assert edges(graph, "length") == ["write:out data"]
    assert edges(graph, "tone") == ["write:out data (held by length)", "length:out after"]
    assert edges(graph, "publish") == ["write:out data (held by tone)"]
    spans = {node.id: [graph.nodes[index].id for index in node.span] for node in graph.nodes if node.span}
    assert spans == {"length": ["write", "length"], "tone": ["write", "length", "tone"]}


def test_a_result_that_is_not_asked_for_is_null() -> None:
    found = compiled("nodes: {a: {transform: x}}")

    assert (found.graph.result, found.result) == (None, Type({"type": "null"}))


def test_the_order_of_nodes_in_the_file_changes_nothing() -> None:
    one = compiled('nodes: {a: {transform: x}, b: {transform: "${a.out}"}, c: {transform: x}}').graph
    other = compiled('nodes: {c: {transform: x}, b: {transform: "${a.out}"}, a: {transform: x}}').graph

    assert [(node.id, node.incoming) for node in one.nodes] == [(node.id, node.incoming) for node in other.nodes]


def test_two_thousand_nodes_in_a_row_compile() -> None:
    rows = "".join(f'  n{number}: {{transform: "${{n{number - 1}.out}}"}}\n' for number in range(1, 2000))

    graph = compiled("nodes:\n  n0: {transform: x}\n" + rows).graph

    assert [node.id for node in graph.nodes] == [f"n{number}" for number in range(2000)]


def test_too_many_nodes_inside_maps_are_refused() -> None:
    body = "".join(f"n{number}: {{transform: x}}, " for number in range(1001))
    text = (
        f"nodes:\n  a: {{map: '[1]', do: {{{body}}}, result: '1'}}\n  b: {{map: '[1]', do: {{{body}}}, result: '1'}}\n"
    )
    loaded = load("podium: 1\nname: t\n" + text, file="t.yaml", node_types=TYPES)
    assert loaded.workflow is not None

    found, diagnostics = compile_workflow(loaded.workflow, file="t.yaml", positions=loaded.positions)

    assert found is None
    assert [(one.code, one.message) for one in diagnostics] == [
        ("GR007", "there are 2004 nodes, those inside others included, and 2000 at most")
    ]


@pytest.mark.parametrize("text", ["nodes: {a: {wait: 1s}}", "nodes: {a: {end: done}}"])
def test_a_node_without_expressions_has_no_fields(text: str) -> None:
    graph = compiled(text).graph

    assert dict(graph.nodes[0].fields) == {}
    assert graph.nodes[0].out == ANY or graph.nodes[0].out.schema
