"""The part of a JSON Schema that llama.cpp's grammar can hold a model to.

The grammar makes the answer valid, the validation afterwards decides. So what the grammar does not know is left out
here, and what helps a small model is made narrower, never wider:

- integers within a small range become a choice of numbers, since the grammar knows no bounds;
- lists without `maxItems` get one, since a small model does not stop by itself;
- objects are closed, and `{}` (anything) becomes the JSON types by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import Any, cast

Json = Any

MAX_ITEMS = 64
"""Items of a list whose schema gives no bound."""

MAX_CHOICES = 256
"""The widest range of integers that is spelled out."""

MAX_LENGTH = 200
"""The largest `minLength` or `maxLength` that the grammar carries: each character is a rule of its own."""

_ANYTHING = ["string", "number", "boolean", "null", "array", "object"]
_FORMATS = {"date", "time", "date-time", "uuid"}


def for_grammar(schema: Mapping[str, Json]) -> dict[str, Json]:
    """Return a schema with keywords that the grammar knows, satisfied by (nearly) no other values than `schema`'s."""
    narrowed = _narrowed(schema)
    if "$defs" in schema:
        narrowed["$defs"] = {name: _narrowed(inner) for name, inner in schema["$defs"].items()}
    return narrowed


def _narrowed(schema: Json) -> dict[str, Json]:
    if not isinstance(schema, dict):
        return {"type": _ANYTHING}
    known = cast("dict[str, Json]", schema)
    for keyword in ("$ref", "const", "enum"):
        if keyword in known:
            return {keyword: known[keyword]}
    for union in ("anyOf", "oneOf"):
        if known.get(union):
            return {"anyOf": [_narrowed(inner) for inner in known[union]]}
    if known.get("allOf"):
        return _narrowed(_merged(known))
    kind = known.get("type")
    if isinstance(kind, list):
        return {"anyOf": [_narrowed({**known, "type": one}) for one in cast("list[str]", kind)]}
    return _of_kind(kind or _implied(known), known)


def _of_kind(kind: str | None, schema: dict[str, Json]) -> dict[str, Json]:
    match kind:
        case "object" if schema.get("properties"):
            properties = cast("dict[str, Json]", schema["properties"])
            return {
                "type": "object",
                "properties": {name: _narrowed(inner) for name, inner in properties.items()},
                "required": [name for name in schema.get("required", []) if name in properties],
                "additionalProperties": False,
            }
        case "array":
            return _array(schema)
        case "string":
            return _string(schema)
        case "integer":
            return _integer(schema)
        case None:
            return {"type": _ANYTHING}
        case _:
            return {"type": kind}


def _implied(schema: dict[str, Json]) -> str | None:
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else None


def _merged(schema: dict[str, Json]) -> dict[str, Json]:
    parts = [*cast("list[dict[str, Json]]", schema["allOf"]), {k: v for k, v in schema.items() if k != "allOf"}]
    merged: dict[str, Json] = {}
    for part in parts:
        for keyword, value in part.items():
            if keyword == "properties":
                merged[keyword] = {**merged.get(keyword, {}), **value}
            elif keyword == "required":
                merged[keyword] = [*merged.get(keyword, []), *value]
            else:
                merged[keyword] = value
    return merged


def _array(schema: dict[str, Json]) -> dict[str, Json]:
    least = int(schema.get("minItems", 0))
    most = min(int(schema.get("maxItems", MAX_ITEMS)), max(MAX_ITEMS, least))
    return {"type": "array", "items": _narrowed(schema.get("items", {})), "minItems": least, "maxItems": most}


def _string(schema: dict[str, Json]) -> dict[str, Json]:
    if schema.get("format") in _FORMATS:
        return {"type": "string", "format": schema["format"]}
    lengths = {key: schema[key] for key in ("minLength", "maxLength") if schema.get(key, MAX_LENGTH + 1) <= MAX_LENGTH}
    return {"type": "string", **lengths}


def _integer(schema: dict[str, Json]) -> dict[str, Json]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = floor(schema["exclusiveMinimum"]) + 1
    if "exclusiveMaximum" in schema:
        high = ceil(schema["exclusiveMaximum"]) - 1
    if low is None or high is None or not 0 <= high - low < MAX_CHOICES:
        return {"type": "integer"}
    step = schema.get("multipleOf", 1)
    choices = [number for number in range(ceil(low), floor(high) + 1) if number % step == 0]
    return {"enum": choices} if choices else {"type": "integer"}
