"""The JSON Schema (2020-12) of a workflow file, for editors, for the canvas, and for whoever writes files by program.

It comes from the models: keys, bounds and choices from the fields, help texts from their docstrings, the example of a
node from the docstring of its module. It accepts every file that `load` accepts. It cannot say everything that `load`
checks: whether a `${` is closed, whether a duration is zero, whether a JSON Schema is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from podium.spec.model import NodeConfig, NodeTypes, Workflow
from podium.spec.schema_examples import add_examples
from podium.spec.source import read
from podium.spec.types import FIELD, JSON_TYPES, SCALARS, SCHEMA_KEYS

Json = Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_YAML = re.compile(r"^```yaml[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def workflow_schema(node_types: NodeTypes) -> dict[str, Json]:
    """Return the schema of files that may use these node types; keys in a stable order."""
    models: list[type[BaseModel]] = [Workflow, *(node_types[key] for key in sorted(node_types))]
    names, generated = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions = cast("dict[str, dict[str, Json]]", generated["$defs"])
    for key, config in sorted(node_types.items()):
        definition = definitions[_name(names[config, "validation"])]
        definition["required"] = sorted({key, *definition.get("required", [])})
        definition["examples"] = _examples(key, config)
    top = definitions.pop(_name(names[Workflow, "validation"]))
    definitions["Node"] = {
        "title": "Node",
        "description": "A mapping with one type key, whose value is the main argument; the other keys are settings.",
        "oneOf": [names[node_types[key], "validation"] for key in sorted(node_types)],
    }
    definitions["Type"] = _TYPE
    schema = {"$schema": DIALECT, **top, "title": "Podium workflow", "$defs": dict(sorted(definitions.items()))}
    add_examples(schema)
    return cast("dict[str, Json]", _closed(schema))


def _name(ref: Json) -> str:
    return str(ref["$ref"]).removeprefix("#/$defs/")


def _examples(key: str, config: type[NodeConfig]) -> list[Json]:
    """Return the first node of this type in the example of its module, [] when it has none."""
    docs = sys.modules[config.__module__].__doc__ or ""
    for block in _YAML.findall(docs):
        root = read(block).root
        if found := next(
            (node for node in _mappings(root.value if root else None) if next(iter(node), "") == key), None
        ):
            return [found]
    return []


def _mappings(value: Json) -> Iterator[dict[str, Json]]:
    """Yield all mappings in a value, outer ones first."""
    if isinstance(value, dict):
        mapping = cast("dict[str, Json]", value)
        yield mapping
        for inner in mapping.values():
            yield from _mappings(inner)
    elif isinstance(value, list):
        for inner in cast("list[Json]", value):
            yield from _mappings(inner)


def _closed(schema: Json) -> Json:
    """Turn our marks into references, and close mappings whose keys have a form."""
    if isinstance(schema, list):
        return [_closed(inner) for inner in cast("list[Json]", schema)]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(inner) for key, inner in cast("dict[str, Json]", schema).items() if key != "x-podium"}
    if closed.get("$ref") == f"#/$defs/{Workflow.__name__}":
        closed["$ref"] = "#"
    if "x-podium" in schema:
        closed["$ref"] = f"#/$defs/{schema['x-podium']}"
    if "patternProperties" in closed:
        closed["additionalProperties"] = False
    return closed


_SCHEMA_LIKE: dict[str, Json] = {
    "anyOf": [
        *({"required": [key]} for key in sorted(SCHEMA_KEYS)),
        {
            "required": ["type"],
            "properties": {
                "type": {
                    "anyOf": [
                        {"enum": sorted(JSON_TYPES)},
                        {"type": "array", "minItems": 1, "items": {"enum": sorted(JSON_TYPES)}},
                    ]
                }
            },
        },
    ]
}
_TYPE: dict[str, Json] = {
    "title": "Type",
    "description": "A type: a word, a list of one type, fields, `enum`, or JSON Schema.",
    "examples": ["text", ["text"], {"title": "text", "notes?": "text"}, {"enum": ["low", "high"]}],
    "type": ["string", "array", "object"],
    "if": {"type": "object", **_SCHEMA_LIKE},
    "then": {"$comment": "JSON Schema; references stay within it"},
    "else": {
        "anyOf": [
            {"enum": list(SCALARS)},
            {"type": "array", "minItems": 1, "maxItems": 1, "items": {"$ref": "#/$defs/Type"}},
            {
                "type": "object",
                "required": ["enum"],
                "maxProperties": 1,
                "properties": {"enum": {"type": "array"}},
            },
            {
                "type": "object",
                "patternProperties": {f"^{FIELD.pattern}$": {"$ref": "#/$defs/Type"}},
                "additionalProperties": False,
            },
        ]
    },
}
