from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.app.nodes import shipped_nodes
from podium.graph.closure import closure, version
from podium.spec.load import load, load_file
from podium.spec.model import Workflow

TYPES = shipped_nodes().configs()
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def read(text: str) -> Workflow:
    loaded = load(text, file="t.yaml", node_types=TYPES)
    assert loaded.workflow is not None, loaded.diagnostics
    return loaded.workflow


def test_layout_comments_order_and_shorthand_do_not_change_the_version() -> None:
    one = read("""
podium: 1
name: t
inputs:
  topics: {type: [text], default: [a]}   # what to write about
nodes:
  a:
    transform: x
    after: []
  b: {llm: "Write ${a.out}", output: {title: text}}
""")
    other = read("""
name: t
podium: 1
nodes:
  b:
    output: {type: object, properties: {title: {type: string}}, required: [title], additionalProperties: false}
    llm: 'Write ${a.out}'
  a: {transform: x}
inputs: {topics: {default: [a], type: {type: array, items: {type: string}}}}
""")

    assert closure(one) == closure(other)


@pytest.mark.parametrize(
    "change",
    [("x}", "y}"), ("${a.out}", "${a.out }"), ("name: t", "name: u"), ("llm:", "max_tokens: 7, llm:"), ("b:", "c:")],
)
def test_whatever_changes_the_meaning_changes_the_version(change: tuple[str, str]) -> None:
    text = 'podium: 1\nname: t\nnodes:\n  a: {transform: x}\n  b: {llm: "Write ${a.out}"}\n'

    assert version(closure(read(text))) != version(closure(read(text.replace(*change))))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_closure_is_read_back_to_the_same_workflow(path: Path) -> None:
    workflow = load_file(path, node_types=TYPES).workflow
    assert workflow is not None

    content = closure(workflow)

    assert read(content.decode()) == workflow
    assert closure(read(content.decode())) == content
    assert (
        json.dumps(json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == content
    )


@pytest.mark.parametrize(
    "inputs",
    [
        "{a: {type: any}}",
        "{a: {type: text, default: null}}",
        "{a: {}}",
        "{a: {type: {b: any, c?: [any]}, default: {b: 1}}}",
    ],
)
def test_inputs_are_read_back_as_they_were(inputs: str) -> None:
    workflow = read(f"podium: 1\nname: t\ninputs: {inputs}\nnodes: {{a: {{transform: x}}}}\n")

    again = read(closure(workflow).decode())

    assert again == workflow
    assert {name: spec.required for name, spec in again.inputs.items()} == {
        name: spec.required for name, spec in workflow.inputs.items()
    }


@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="$\x00"), max_size=30),
    number=st.integers() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_every_text_and_number_survives(text: str, number: float) -> None:
    plain = {"podium": 1, "name": "t", "nodes": {"a": {"transform": {"x": text, "n": [number]}}}}
    workflow = Workflow.model_validate(plain, context={"node_types": TYPES})

    again = read(closure(workflow).decode())

    assert again == workflow
    assert closure(again) == closure(workflow)


def test_a_version_is_a_sha256_in_hex() -> None:
    assert version(b"{}") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
