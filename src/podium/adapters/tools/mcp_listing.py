"""What an MCP server says of its tools, checked before anything is built on it.

- Schemas refer only to themselves: nothing is ever fetched. A tool whose schemas refer elsewhere stays out of the
  list, and a call of it says why. Whether a schema is valid is looked at when it is first needed: checking costs about
  a millisecond, and servers list thousands.
- An argument that the schema does not mention is refused, also where the schema is silent: most servers ignore it,
  and a misspelt option would be lost without a word.
- The list has a bound, in pages and in tools.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
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


class Listing:
    """The tools of a server.

    Attributes:
        functions: `{name: what the server says of it}`.
        unusable: `{name: why it cannot be called}`.
    """

    def __init__(self) -> None:
        self.functions: dict[str, FunctionInfo] = {}
        self.unusable: dict[str, str] = {}
        self._checks: dict[str, Any] = {}  # jsonschema's validators have no useful type

    def add(self, offered: mcp_types.Tool) -> None:
        """Take one tool in, as usable or as not."""
        self.functions.pop(offered.name, None)
        schemas = (offered.input_schema, offered.output_schema)
        try:
            outside = [ref for schema in schemas for ref in _references(schema) if not ref.startswith("#")]
        except RecursionError:
            self.unusable[offered.name] = "its schema is nested too deeply"
            return
        if outside:
            why = f"its schema refers to `{outside[0][:200]}`, and nothing outside is fetched"
            self.unusable[offered.name] = why
        else:
            self.functions[offered.name] = _info(offered)

    def wrong(self, name: str, arguments: Mapping[str, Json]) -> str:
        """Return what is wrong with the arguments of a listed function, "" when they fit.

        Raises:
            EffectError: EF020 when its own schemas are wrong.
        """
        if name not in self._checks:
            self._checks[name] = _validator(self.functions[name])
        for error in self._checks[name].iter_errors(dict(arguments)):
            where = ".".join(str(part) for part in error.absolute_path)
            message = str(error.message)[:300]
            return f"`{where}`: {message}" if where else message
        return ""


async def read_listing(target: str, page: Callable[[str | None], Awaitable[mcp_types.ListToolsResult]]) -> Listing:
    """Return all tools, page by page.

    Raises:
        EffectError: EF020 when there is no end to them.
    """
    listing = Listing()
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        answer = await page(cursor)
        for offered in answer.tools:
            listing.add(offered)
        cursor = answer.next_cursor
        if cursor is None:
            return listing
        if len(listing.functions) + len(listing.unusable) > MAX_TOOLS:
            break
    raise EffectError(
        "EF020",
        f"MCP server `{target}` lists more than {MAX_TOOLS} tools, or pages without end",
        kind="invalid_output",
        help="give the server a configuration that offers fewer tools",
    )


def _info(offered: mcp_types.Tool) -> FunctionInfo:
    effect, delivery = _claims(offered.annotations)
    return FunctionInfo(
        name=offered.name,
        about=offered.description or offered.title or "",
        parameters=_closed(offered.input_schema),
        result=Type.any() if offered.output_schema is None else Type(offered.output_schema),
        effect=effect,
        delivery=delivery,
    )


def _claims(
    hints: mcp_types.ToolAnnotations | None,
) -> tuple[Literal["read", "write", "irreversible"] | None, Literal["repeatable"] | None]:
    """Return effect class and delivery as far as the hints say; they are claims, the grant decides.

    A server that says nothing of what it destroys is not taken to say that it does, though the specification has it so:
    most servers that write say nothing, and a warning that is always there is none.
    """
    if hints is None or hints.read_only_hint is None:
        return None, "repeatable" if hints is not None and hints.idempotent_hint else None
    if hints.read_only_hint:
        return "read", "repeatable"
    return "irreversible" if hints.destructive_hint else "write", "repeatable" if hints.idempotent_hint else None


def _validator(info: FunctionInfo) -> Any:  # noqa: ANN401 - as above
    try:
        for schema in (info.parameters, info.result.schema):
            Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise EffectError(
            "EF020",
            f"`{info.name}` cannot be called: its schema is no JSON Schema: {error.message[:200]}",
            kind="invalid_output",
            help="look for a newer version of the server",
        ) from None
    # An empty registry: references reach within the schema, never outside.
    return Draft202012Validator(info.parameters, registry=Registry[Any]())


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
