"""What canonical form is, and what a small edit changes, shown on texts that a person could have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.app.nodes import shipped_nodes
from podium.spec.diagnostic import SpecError
from podium.spec.dump import dump
from podium.spec.format import formatted
from podium.spec.load import load
from podium.spec.model import Workflow

TYPES = shipped_nodes().configs()
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))

ROUGH = """\
# yaml-language-server: $schema=podium.schema.json

# what this file is for
name: letters
nodes:
      draft:   # one letter
          after: []
          llm: "Write to ${inputs.name}.\\nBe kind.\\n"


          # twice is enough
          retry:
              max: 2   # not more
              on: [ 'timeout',
                    unavailable ]  # the rest is final
          about: 'first'
          # end of draft
      check:
        validate:
        - message: "too long"
          # in characters
          check: "size(draft.out) < 900"
        revise: draft
podium: 1
inputs: { name: {type: text,
                 about: whom} }
description: >
  A text that goes on
  for two lines.
"""

NEAT = """\
# yaml-language-server: $schema=podium.schema.json

# what this file is for
podium: 1
name: letters

description: >
  A text that goes on for two lines.

inputs:
  name: {type: text, about: whom}

nodes:
  draft:  # one letter
    about: first
    llm: |
      Write to ${inputs.name}.
      Be kind.
    after: []

    # twice is enough
    retry:
      max: 2  # not more
      on: [timeout, unavailable]  # the rest is final
    # end of draft

  check:
    validate:
      # in characters
      - check: size(draft.out) < 900
        message: too long
    revise: draft
"""


def fmt(text: str) -> str:
    return formatted(text, file="t.yaml", node_types=TYPES)


def read(text: str) -> Workflow:
    workflow = load(text, file="t.yaml", node_types=TYPES).workflow
    assert workflow is not None
    return workflow


def test_canonical_form() -> None:
    assert fmt(ROUGH) == NEAT
    assert fmt(NEAT) == NEAT


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_canonical_form_and_is_written_back_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert fmt(fmt(text)) == fmt(text)
    assert dump(read(text), original=text, node_types=TYPES) == text


def test_a_value_that_is_used_twice_keeps_its_name_where_it_comes_first() -> None:
    text = "nodes:\n  a: {llm: x, retry: &often {max: 9}}\n  b: {retry: *often, llm: y}\npodium: 1\nname: t\n"

    assert fmt(text) == (
        "podium: 1\nname: t\n\nnodes:\n  a: {llm: x, retry: &often {max: 9}}\n\n  b: {llm: y, retry: *often}\n"
    )


def test_a_file_with_mistakes_is_not_formatted() -> None:
    with pytest.raises(SpecError) as caught:
        fmt("podium: 1\nname: t\nnodes: {a: {lm: x}}\n")

    assert [found.code for found in caught.value.diagnostics] == ["SP017"]


def test_a_changed_text_changes_its_line_alone() -> None:
    workflow = read(ROUGH)
    draft = workflow.nodes["draft"].model_copy(update={"about": "the first"})
    changed = workflow.model_copy(update={"nodes": {**workflow.nodes, "draft": draft}})

    assert dump(changed, original=ROUGH, node_types=TYPES) == ROUGH.replace("about: 'first'", "about: the first")


def test_a_node_is_added_behind_its_neighbour_and_deleted_with_its_comments() -> None:
    text = (
        "podium: 1\nname: t\nnodes:\n  a: {transform: x}\n\n  # about b\n  b: {transform: y}\n\n  c: {transform: z}\n"
    )
    workflow = read(text)
    nodes = {"a": workflow.nodes["a"], "d": workflow.nodes["b"], "c": workflow.nodes["c"]}

    assert dump(workflow.model_copy(update={"nodes": nodes}), original=text, node_types=TYPES) == (
        "podium: 1\nname: t\nnodes:\n  a: {transform: x}\n\n  d: {transform: y}\n\n  c: {transform: z}\n"
    )


def test_an_item_goes_from_a_list_and_its_neighbours_keep_their_comments() -> None:
    head = "podium: 1\nname: t\nnodes:\n  a: {transform: x}\n"
    text = head + "  b:\n    transform: y\n    after: [a, c]   # both\n  c: {transform: z}\n"
    workflow = read(text)
    node = workflow.nodes["b"].model_copy(update={"after": ("a",)})

    result = dump(workflow.model_copy(update={"nodes": {**workflow.nodes, "b": node}}), original=text, node_types=TYPES)

    assert result == text.replace("[a, c]", "[a]")


def test_a_use_of_a_name_is_written_out_when_only_it_changes() -> None:
    text = "podium: 1\nname: t\nnodes:\n  a: {llm: x, retry: &often {max: 9}}\n  b: {llm: y, retry: *often}\n"
    workflow = read(text)
    node = workflow.nodes["b"].model_copy(update={"retry": None})

    result = dump(workflow.model_copy(update={"nodes": {**workflow.nodes, "b": node}}), original=text, node_types=TYPES)

    assert read(result).nodes["a"] == workflow.nodes["a"]
    assert read(result).nodes["b"] == node
    assert "&often {max: 9}" in result
