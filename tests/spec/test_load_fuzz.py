"""Whatever a file holds: `load` gives a workflow, or says what is wrong and where; it never raises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from podium.app.nodes import shipped_nodes
from podium.graph.compile import compile_workflow
from podium.lint.lint import lint
from podium.spec.load import Loaded, load
from podium.spec.render import as_json, render
from podium.spec.schema import workflow_schema
from podium.spec.source import read

Json = Any

ROOT = Path(__file__).parents[2]
NODE_TYPES = shipped_nodes().configs()
SCHEMA: Any = Draft202012Validator(workflow_schema(NODE_TYPES))
GOOD = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.yaml"))]
BAD = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "golden" / "diagnostics").glob("*.yaml"))]

FRAGMENTS = st.sampled_from(
    [
        *"\n\t :-?[]{},&*!|>'\"%@`#~$\\=<.0aä😀\u2028\x85\r\ufeff\x00\ud800",
        *("  ", "\n  ", "- ", ": ", "? ", "${", "}", "$${", "|\n", "&a ", "*a", "<<: ", '"\\', "!!str ", "%YAML 1.2\n"),
        *("podium: 1\n", "name: x\n", "nodes:\n", "llm: ", "map: ", "do:\n", "retry: ", "type: ", "---\n", "...\n"),
        *("true", "null", "1e9", ".inf", "0x", "007"),
    ]
)
SCRAMBLED = st.lists(FRAGMENTS, max_size=40).map("".join)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a good or a nearly good file with parts deleted, doubled, moved or replaced."""
    text = draw(st.sampled_from(GOOD + BAD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 30)))
        new = draw(
            st.one_of(st.just(""), FRAGMENTS, st.just(text[start:end] * 2), st.sampled_from(text.splitlines() or [""]))
        )
        text = text[:start] + new + text[end:]
    return text


def places(value: Json, loc: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below: list[tuple[str | int, Json]] = []
    if isinstance(value, dict):
        below = list(cast("dict[str | int, Json]", value).items())
    elif isinstance(value, list):
        below = list(enumerate(cast("list[Json]", value)))
    return [loc, *(found for key, inner in below for found in places(inner, (*loc, key)))]


SCALARS = st.sampled_from([None, True, 0, -1, 3, 10**30, 0.5, "", " ", "x", "${x}", "${", "30s", "text", "loop", "a.b"])
KEYS = st.sampled_from(["llm", "tool", "map", "do", "type", "as", "on", "max", "loop", "Name", "after", "podium", "x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def reshape(parent: Json, at: Json, how: str, value: Json, key: str) -> None:
    if how == "replace":
        parent[at] = value
    elif how == "delete" or isinstance(parent, list):
        del parent[at]
    else:
        parent[key] = parent.pop(at)


@st.composite
def misshapen(draw: st.DrawFn) -> Json:
    """Return the value of a good file with keys renamed, values replaced, swapped or deleted."""
    value: Json = json.loads(json.dumps(values()[draw(st.integers(0, len(GOOD) - 1))]))
    for _ in range(draw(st.integers(1, 3))):
        loc = draw(st.sampled_from(places(value)[1:] or [()]))
        if not loc:
            return value
        parent: Json = value
        for part in loc[:-1]:
            parent = parent[part]
        reshape(parent, loc[-1], draw(st.sampled_from(["replace", "delete", "rename"])), draw(VALUES), draw(KEYS))
    return value


def values() -> list[Json]:
    return [source.root.value for source in map(read, GOOD) if source.root]


def judged(text: str) -> Loaded:
    """Load a text and check what must hold of the answer."""
    loaded = load(text, file="w.yaml", node_types=NODE_TYPES)

    lines = loaded.text.split("\n")
    assert (loaded.workflow is None) == any(found.severity == "error" for found in loaded.diagnostics)
    for found in loaded.diagnostics:
        assert found.place is not None
        assert 1 <= found.place.line <= len(lines)
        assert 1 <= found.place.column <= len(lines[found.place.line - 1]) + 1
        assert found.place.column < found.place.end_column
        assert found.message == found.message.strip() != ""
        json.dumps(as_json(found))
    told = render(loaded.diagnostics, texts={"w.yaml": loaded.text})
    assert len(told.splitlines()) >= 3 * len(loaded.diagnostics)
    return loaded


@given(SCRAMBLED)
def test_yaml_in_pieces_gives_a_workflow_or_a_reason(text: str) -> None:
    judged(text)


@given(damaged())
def test_a_damaged_file_gives_a_workflow_or_a_reason(text: str) -> None:
    judged(text)


@given(st.text(max_size=200))
def test_any_text_gives_a_reason(text: str) -> None:
    assert judged(text).workflow is None


@given(misshapen())
def test_a_misshapen_file_gives_a_reason_and_what_loads_is_of_the_published_form(value: Json) -> None:
    loaded = judged(json.dumps(value))

    if loaded.workflow is not None and not loaded.old:  # the published form is that of the present version
        assert [error.message for error in SCHEMA.iter_errors(value)] == []


@given(misshapen())
def test_what_loads_is_compiled_and_linted_or_told_why_not(value: Json) -> None:
    loaded = load(json.dumps(value), file="w.yaml", node_types=NODE_TYPES)
    if loaded.workflow is None:
        return

    compiled, found = compile_workflow(loaded.workflow, file="w.yaml", positions=loaded.positions)

    assert (compiled is None) == bool(found)
    remarks = lint(compiled, loaded.positions, "w.yaml") if compiled else ()
    assert render((*found, *remarks), texts={"w.yaml": loaded.text}).count("\n") >= 3 * len(found + remarks)


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_a_good_file_is_good_as_json_too(text: str) -> None:
    plain = judged(text)

    again = judged(json.dumps(read(text).root.value))  # pyright: ignore[reportOptionalMemberAccess]  # it is good

    assert plain.workflow is not None
    assert again.workflow == plain.workflow


def test_maps_within_maps_are_bounded_by_the_nesting_of_the_file() -> None:
    node: Json = {"llm": "Hello."}
    for _ in range(28):
        node = {"map": "inputs.items", "do": {"inner": node}}
    text = json.dumps({"podium": 1, "name": "deep", "nodes": {"outer": node}})

    assert judged(text).workflow is not None
    assert [found.code for found in judged(text.replace('"Hello."', "[" * 40 + "]" * 40)).diagnostics] == ["SP002"]
