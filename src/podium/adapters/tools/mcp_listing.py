"""What an MCP server says of its tools, checked before anything is built on it.

- Schemas are valid JSON Schema and refer only to themselves: nothing is ever fetched. A tool whose schemas are not
  stays out of the list, and a call of it says why.
- An argument that the schema does not mention is refused, also where the schema is silent: most servers ignore it,
  and a misspelt option would be lost without a word.
- The list has a bound, in pages and in tools.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import mcp_types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry

from podium.effects.ports import FunctionInfo
from podium.errors import EffectError
from podium.spec.types import Type

Json = Any
MAX_TOOLS = 10_000
MAX_PAGES = 1_000
_OPEN = {"additionalProperties", "unevaluatedProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref", "if"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The tools of a server.

    Attributes:
        unusable: `{tool: why it cannot be called}`.
    """

    functions: Mapping[str, FunctionInfo]
    unusable: Mapping[str, str]


async def read_listing(target: str, page: Callable[[str | None], Awaitable[mcp_types.ListToolsResult]]) -> Listing:
    """Return all tools, page by page.

    Raises:
        EffectError: EF020 when there is no end to them.
    """
    functions: dict[str, FunctionInfo] = {}
    unusable: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        answer = await page(cursor)
        for offered in answer.tools:
            try:
                functions[offered.name] = _info(offered)
            except ValueError as error:
                unusable[offered.name] = str(error)
        cursor = answer.next_cursor
        if cursor is None:
            return Listing(functions=functions, unusable=unusable)
        if len(functions) + len(unusable) > MAX_TOOLS:
            break
    raise EffectError(
        "EF020",
        f"MCP server `{target}` lists more than {MAX_TOOLS} tools, or pages without end",
        kind="invalid_output",
        help="give the server a configuration that offers fewer tools",
    )


def wrong_argument(info: FunctionInfo, arguments: Mapping[str, Json]) -> str:
    """Return what is wrong with the arguments, "" when they fit."""
    # An empty registry: references reach within the schema, never outside.
    validator = cast("Any", Draft202012Validator(info.parameters, registry=Registry[Any]()))
    for error in validator.iter_errors(dict(arguments)):
        where = ".".join(str(part) for part in error.absolute_path)
        message = str(error.message)[:300]
        return f"`{where}`: {message}" if where else message
    return ""


def _info(offered: mcp_types.Tool) -> FunctionInfo:
    effect, delivery = _claims(offered.annotations)
    return FunctionInfo(
        name=offered.name,
        about=offered.description or offered.title or "",
        parameters=_closed(_checked(offered.input_schema)),
        result=Type.any() if offered.output_schema is None else Type(_checked(offered.output_schema)),
        effect=effect,
        delivery=delivery,
    )


def _claims(
    hints: mcp_types.ToolAnnotations | None,
) -> tuple[Literal["read", "write"] | None, Literal["repeatable"] | None]:
    """Return effect class and delivery as far as the hints say; they are claims, the grant decides."""
    if hints is None or hints.read_only_hint is None:
        return None, "repeatable" if hints is not None and hints.idempotent_hint else None
    if hints.read_only_hint:
        return "read", "repeatable"
    return "write", "repeatable" if hints.idempotent_hint else None


def _checked(schema: dict[str, Json]) -> dict[str, Json]:
    try:
        Draft202012Validator.check_schema(schema)
        outside = [ref for ref in _references(schema) if not ref.startswith("#")]
    except SchemaError as error:
        raise ValueError(f"its schema is no JSON Schema: {error.message[:200]}") from None
    except RecursionError:
        raise ValueError("its schema is nested too deeply") from None
    if outside:
        raise ValueError(f"its schema refers to `{outside[0][:200]}`, and nothing outside is fetched")
    return schema


def _closed(schema: dict[str, Json]) -> dict[str, Json]:
    return schema if _OPEN & schema.keys() or "properties" not in schema else {**schema, "additionalProperties": False}


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, inner in cast("dict[str, object]", schema).items():
            if key in ("$ref", "$dynamicRef") and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(schema, list):
        for inner in cast("list[object]", schema):
            yield from _references(inner)
