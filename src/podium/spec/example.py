"""A small value for any JSON Schema, always the same one: what a scripted model or tool says when nobody told it what.

Required fields only; one item in a list, so that there is something to go through; the first choice of an enum;
texts say `example`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from podium.spec.types import MAX_DEPTH, Type

Json = Any

_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "email": "example@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example_value(schema: Mapping[str, Json]) -> Json:
    """Return a small value that satisfies `schema`.

    Raises:
        ValueError: when no easy value does (a pattern, a `not`, a recursion without end); say the value yourself.
    """
    value = _example(Type(schema).resolved().schema, schema, 0)
    if problems := Type(schema).problems(value):
        msg = f"no easy example for this schema: {problems[0]}"
        raise ValueError(msg)
    return value


def _example(schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> Json:
    if depth > MAX_DEPTH:
        return None
    if "$ref" in schema:
        return _example(Type({**schema, "$defs": root.get("$defs", {})}).resolved().schema, root, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return _example({**schema[union][0]}, root, depth + 1)
    if schema.get("allOf"):
        merged = {key: inner for part in schema["allOf"] for key, inner in part.items()}
        return _example({**merged, **{key: inner for key, inner in schema.items() if key != "allOf"}}, root, depth + 1)
    kind = schema.get("type", "string")
    return _of_kind(cast("list[str]", kind)[0] if isinstance(kind, list) else kind, schema, root, depth)


def _of_kind(kind: object, schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> Json:
    match kind:
        case "string":
            return _text(schema)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "array":
            count = min(max(1, schema.get("minItems", 1)), schema.get("maxItems", 1_000))
            items = schema.get("items", {})
            one = _example(cast("dict[str, Json]", items) if isinstance(items, dict) else {}, root, depth + 1)
            return [one] * count
        case "object":
            properties = cast("dict[str, Json]", schema.get("properties", {}))
            return {name: _example(properties.get(name, {}), root, depth + 1) for name in schema.get("required", [])}
        case _:
            return None


def _text(schema: Mapping[str, Json]) -> str:
    text = _FORMATS.get(schema.get("format", ""), "example")
    short, long = schema.get("minLength", 0), schema.get("maxLength", 1_000_000)
    return (text * (short // len(text) + 1) if len(text) < short else text)[: max(short, min(long, len(text)))]


def _number(schema: Mapping[str, Json]) -> int:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1 if "exclusiveMinimum" in schema else 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1) - 1 if "exclusiveMaximum" in schema else low)
    value = int(min(low, high)) if "minimum" not in schema and "exclusiveMinimum" not in schema else int(-(-low // 1))
    step = schema.get("multipleOf", 1)
    return value if value % step == 0 else int(-(-value // step) * step)
