"""JSON Schema that people write: whether it is one, and whether it stays within itself (nothing is ever fetched)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from pydantic_core import PydanticCustomError

from podium.spec.diagnostic import Loc
from podium.spec.suggest import did_you_mean
from podium.spec.wording import short

Json = Any

_DEFS = "#/$defs/"
_ELSEWHERE = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$schema", "$vocabulary"})
_DATA_KEYS = frozenset({"const", "enum", "default", "examples"})
"""Keys of JSON Schema below which stand values, not schemas."""


@cache
def keywords() -> frozenset[str]:
    """Return the words of JSON Schema 2020-12."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 60 ms that `podium --help` does not need
    from jsonschema_specifications import REGISTRY  # noqa: PLC0415 - as above

    top = cast("dict[str, Json]", Draft202012Validator.META_SCHEMA)
    base = str(top["$id"]).removesuffix("schema")
    parts = [cast("dict[str, Json]", REGISTRY.contents(base + part["$ref"])) for part in top["allOf"]]
    return frozenset(key for part in (top, *parts) for key in part["properties"])


def checked_schema(schema: dict[str, Json], loc: Loc = ()) -> dict[str, Json]:
    """Return a JSON Schema that is one, and that refers to nothing outside itself.

    Raises:
        PydanticCustomError: as `podium.spec.types.parse_type`.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - as above
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - as above

    if unknown := next((key for key in schema if key not in keywords()), None):
        message = f"`{short(unknown)}` is not a word of JSON Schema"
        raise wrong(message, (*loc, unknown), did_you_mean(unknown, keywords()))
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        message = f"this is not a JSON Schema: {short(error.message)}"
        raise wrong(message, (*loc, *error.absolute_path)) from None
    definitions = cast("dict[str, object]", schema.get("$defs", {}))
    for where, key, target in _references(schema, loc):
        if key in _ELSEWHERE:
            raise wrong(f"`{key}` is not used here", where, "name definitions under `$defs`")
        if not target.startswith(_DEFS) or target.removeprefix(_DEFS) not in definitions:
            raise wrong(f"`{short(target)}` is not defined under `$defs`; nothing outside is fetched", where)
    return schema


def _references(schema: object, loc: Loc) -> Iterator[tuple[Loc, str, str]]:
    """Yield the place, key and value of everything in a schema that points or could point elsewhere."""
    if isinstance(schema, dict):
        for key, inner in cast("dict[str, object]", schema).items():
            if isinstance(inner, str) and (key == "$ref" or key in _ELSEWHERE):
                yield (*loc, key), key, inner
            elif key not in _DATA_KEYS:
                yield from _references(inner, (*loc, key))
    elif isinstance(schema, list):
        for index, inner in enumerate(cast("list[object]", schema)):
            yield from _references(inner, (*loc, index))


def wrong(message: str, loc: Loc, help_: str = "") -> PydanticCustomError:
    """Return the error for a type that is none; `loc` are the keys below it."""
    kind, template = "type", "{text}"
    return PydanticCustomError(kind, template, {"text": message, "loc": loc, "help": help_})
