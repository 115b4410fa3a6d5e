"""Python types as types of the language: what `output=` and inputs take beside the shorthand.

`str`, `list[int]`, `Literal["low", "high"]`, a `TypedDict`, a dataclass or a pydantic model become the JSON Schema that
pydantic makes of them, in the plain form that the shorthand has too: no titles, no references where none is needed, and
objects with no other fields than theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import GenericAlias, UnionType
from typing import Any, cast, get_origin

from pydantic import TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from podium.errors import UsageError
from podium.spec.types import MAX_DEPTH

Json = Any


def is_python_type(value: object) -> bool:
    """Whether a value is a type of Python, such as `list[int]`, and not the shorthand."""
    return isinstance(value, type | GenericAlias | UnionType) or get_origin(value) is not None


def schema_of(python_type: object) -> dict[str, Json]:
    """Return the JSON Schema of a Python type.

    Raises:
        UsageError: AP055 when JSON has no form for it.
    """
    try:
        return plain_schema(TypeAdapter[Any](cast("Any", python_type)).json_schema())
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        name = getattr(python_type, "__name__", repr(python_type))
        said = error.message.splitlines()[0].rstrip(".")
        help_ = "use a dataclass, a pydantic model, or the shorthand"
        raise UsageError("AP055", f"`{name}` has no form in JSON: {said[:1].lower()}{said[1:]}", help=help_) from None


def plain_schema(schema: dict[str, Json]) -> dict[str, Json]:
    """Return a schema that pydantic made in the plain form."""
    definitions = cast("dict[str, Json]", schema.pop("$defs", {}))
    try:
        return _plain(schema, definitions, 0)
    except RecursionError:  # it refers to itself: then references are needed
        return {**schema, "$defs": definitions} if definitions else schema


def _plain(schema: Mapping[str, Json], definitions: Mapping[str, Json], depth: int) -> dict[str, Json]:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(name := schema.get("$ref"), str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**definitions[name.rpartition("/")[2]], **rest}, definitions, depth + 1)
    result = {key: _inner(key, value, definitions, depth) for key, value in schema.items() if key != "title"}
    if "enum" in result:
        result.pop("type", None)
    if "properties" in result:
        result.pop("description", None)  # the docstring of the class, written for other readers
        result.setdefault("required", [])
        result.setdefault("additionalProperties", False)
    return result


def _inner(key: str, value: Json, definitions: Mapping[str, Json], depth: int) -> Json:
    match key:
        case "properties":
            return {name: _plain(inner, definitions, depth + 1) for name, inner in value.items()}
        case "items" | "additionalProperties" if isinstance(value, Mapping):
            return _plain(cast("Mapping[str, Json]", value), definitions, depth + 1)
        case "anyOf" | "oneOf" | "allOf" | "prefixItems":
            return [_plain(inner, definitions, depth + 1) for inner in value]
        case _:
            return value
