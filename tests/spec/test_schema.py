from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from podium.app.nodes import shipped_nodes
from podium.spec.load import load
from podium.spec.schema import workflow_schema
from podium.spec.source import read

Json = Any

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "reference" / "workflow.schema.json"
GOLDEN = sorted((ROOT / "tests" / "golden" / "diagnostics").glob("*.yaml"))
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NODE_TYPES = shipped_nodes().configs()
SCHEMA = workflow_schema(NODE_TYPES)
VALIDATOR: Any = Draft202012Validator(SCHEMA)

FORM = {"SP006", "SP010", "SP011", "SP012", "SP013", "SP015", "SP016", "SP017", "SP018", "SP021"}
"""Codes of mistakes of form; the rest is not readable, or is looked at more closely than a schema can."""


def value_of(text: str) -> Json:
    root = read(text).root
    return root.value if root else None


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_schema_is_this_one() -> None:
    text = json.dumps(SCHEMA, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("PODIUM_GOLDEN") == "write":
        PUBLISHED.write_text(text, encoding="utf-8")

    assert PUBLISHED.read_text(encoding="utf-8") == text, "run `make golden` and read the diff"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_of_this_form(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(value_of(path.read_text(encoding="utf-8")))] == []


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_mistake_of_form_is_seen_by_the_schema_too(path: Path) -> None:
    loaded = load(path.read_text(encoding="utf-8"), file="x", node_types=NODE_TYPES)
    value = value_of(loaded.text)
    codes = {diagnostic.code for diagnostic in loaded.diagnostics}

    if value is not None and codes & FORM:
        assert not VALIDATOR.is_valid(value)
    elif loaded.workflow is not None:  # what is wrong with it, the compiler or lint says
        assert VALIDATOR.is_valid(value)


def test_every_node_type_is_a_choice_with_an_example_that_fits() -> None:
    choices = [choice["$ref"].removeprefix("#/$defs/") for choice in SCHEMA["$defs"]["Node"]["oneOf"]]
    node: Any = Draft202012Validator({"$ref": "#/$defs/Node", "$defs": SCHEMA["$defs"]})

    examples = [SCHEMA["$defs"][choice]["examples"] for choice in choices]

    assert len(choices) == len(NODE_TYPES)
    assert [len(example) for example in examples] == [1] * len(choices)
    assert all(node.is_valid(example[0]) for example in examples)


def properties(schema: Json, where: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(schema, dict):
        for key, inner in cast("dict[str, Json]", schema).items():
            if key == "properties":
                yield from ((f"{where}.{name}", found) for name, found in inner.items())
            yield from properties(inner, f"{where}.{key}")
    elif isinstance(schema, list):
        for inner in cast("list[Json]", schema):
            yield from properties(inner, where)


def test_every_key_says_what_it_is_for() -> None:
    silent = [where for where, found in properties({**SCHEMA, "$defs": {**SCHEMA["$defs"], "Type": {}}})
              if "description" not in found]  # fmt: skip

    assert silent == []


KEYS = [(where, found) for where, found in properties(SCHEMA) if not where.startswith(".$defs.Type.")]


def test_every_key_has_an_example_that_fits() -> None:
    validator: Any = Draft202012Validator
    silent = [where for where, found in KEYS if not found.get("examples")]
    wrong = [
        (where, example)
        for where, found in KEYS
        if where.startswith(".$defs.")
        for example in found.get("examples", [])
        if not validator({**found, "$defs": SCHEMA["$defs"]}).is_valid(example)
    ]

    assert silent == []
    assert wrong == []


@pytest.mark.parametrize("key", sorted(NODE_TYPES))
def test_an_example_of_a_setting_is_read_in_a_node_of_its_type(key: str) -> None:
    definition = SCHEMA["$defs"][NODE_TYPES[key].__name__]
    shown = definition["examples"][0]
    beside: list[dict[str, Json]] = [
        *({}, {"reduce": "concat"}, {"reduce": "agree"}, {"reduce": "rank", "by": "value"}, {"wait": "any"}),
        *({"reduce": "custom", "make": "values"}, {"wait": "first_valid", "valid": "true"}, {"expires": "24h"}),
        *({"reduce": "agree", "on_conflict": "judge", "judge": "x"}, {"validate": "1 < 2"}),
        {"as": "event"},
    ]

    def reads(node: dict[str, Json]) -> bool:
        text = json.dumps({"podium": 1, "name": "t", "nodes": {"a": node}})
        return not load(text, file="t.yaml", node_types=NODE_TYPES).diagnostics

    refused = [
        (name, example)
        for name, found in definition["properties"].items()
        for example in found["examples"]
        # a setting may need another one, or rule out one of the example
        if not any(reads({**base, **one, name: example}) for base in (shown, {key: shown[key]}) for one in beside)
    ]

    assert refused == []


@pytest.mark.parametrize("key", sorted(SCHEMA["properties"]))
def test_an_example_of_a_key_of_the_file_is_read(key: str) -> None:
    for example in SCHEMA["properties"][key]["examples"]:
        value = {"podium": 1, "name": "t", "nodes": {"a": {"llm": "x"}}, key: example}

        assert load(json.dumps(value), file="t.yaml", node_types=NODE_TYPES).diagnostics == ()
        assert VALIDATOR.is_valid(value)


def test_everything_is_found_within_the_schema() -> None:
    references = [line.split('"')[3] for line in json.dumps(SCHEMA, indent=1).splitlines() if '"$ref":' in line]

    assert {reference.removeprefix("#/$defs/") for reference in references} <= {"#", *SCHEMA["$defs"]}
    assert "x-podium" not in json.dumps(SCHEMA)
