"""Types of values: JSON Schema inside, a shorthand for people outside.

| shorthand | means |
|---|---|
| `text integer number boolean date any` | a scalar; `date` is text such as `2026-11-21`, `any` is anything |
| `file` | a reference to stored bytes: `{digest, name, media_type, size, integrity}` |
| `[text]` | a list |
| `{title: text, notes?: text}` | an object with these fields and no others; `?` makes one optional |
| `{enum: [a, b]}` | one of these |

A mapping is read as JSON Schema when it has `$ref`, `anyOf`, `oneOf`, `allOf`, `const` or a `type` that JSON Schema
knows; `{type: integer, title: text}`, whose words are all of the shorthand, are two fields. References to other
documents are refused: nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from podium.spec.diagnostic import Loc
from podium.spec.json_schema import checked_schema, keywords, wrong
from podium.spec.suggest import closest
from podium.spec.wording import described

Json = Any

_SCALARS: dict[str, dict[str, Json]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "any": {},
    "file": {
        "type": "object",
        "title": "file",
        "properties": {
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "name": {"type": "string"},
            "media_type": {"type": "string"},
            "size": {"type": "integer"},
            "integrity": {"enum": ["system", "user", "endorsed", "untrusted"]},
        },
        "required": ["digest", "name", "media_type", "size", "integrity"],
        "additionalProperties": False,
    },
}
SCALARS = tuple(_SCALARS)
JSON_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
SCHEMA_KEYS = frozenset({"$ref", "anyOf", "oneOf", "allOf", "const"})
MAX_DEPTH = 24

_KNOWN = ", ".join(f"`{name}`" for name in SCALARS)
_OTHER_WORDS = {
    **dict.fromkeys(("string", "str"), "text"),
    **dict.fromkeys(("int", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    "bool": "boolean",
    "datetime": "date",
}
FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\??")


class Type:
    """A set of JSON values, described by a JSON Schema (2020-12)."""

    __slots__ = ("__dict__", "schema")

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self.schema: dict[str, Json] = dict(schema)

    @classmethod
    def any(cls) -> Type:
        """Return the type of all values."""
        return cls({})

    @classmethod
    def list_of(cls, item: Type) -> Type:
        """Return the type of lists of `item`."""
        return cls({"type": "array", "items": item.schema})

    @classmethod
    def object_of(cls, fields: Mapping[str, Type]) -> Type:
        """Return the type of objects with exactly these fields."""
        return cls(
            {
                "type": "object",
                "properties": {name: field.schema for name, field in fields.items()},
                "required": list(fields),
                "additionalProperties": False,
            }
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.schema == other.schema

    def __hash__(self) -> int:
        return hash(repr(self.schema))

    def __repr__(self) -> str:
        return f"Type({self})"

    def __str__(self) -> str:
        """Return the shorthand as far as it reaches, for messages."""
        if "enum" in self.schema:
            return "one of " + ", ".join(str(choice) for choice in self.schema["enum"])
        match self.kind:
            case "string":
                return "date" if self.schema.get("format") == "date" else "text"
            case "array":
                item = self.item()
                return f"[{item}]" if item else "[any]"
            case "object":
                if self.schema.get("title") == "file":
                    return "file"
                fields = ", ".join(self.fields())
                return f"{{{fields}}}" if fields else "object"
            case None:
                return "any"
            case kind:
                return kind

    @property
    def kind(self) -> str | None:
        """The JSON type (`string`, `array`, …), or None when it is not one alone."""
        kind = self.schema.get("type")
        return kind if isinstance(kind, str) else None

    def fields(self) -> dict[str, Type]:
        """Return the declared fields of an object, {} for everything else."""
        properties = cast("dict[str, Json]", self.schema.get("properties", {})) if self.kind == "object" else {}
        return {name: self._inner(schema) for name, schema in properties.items()}

    @property
    def open(self) -> bool:
        """Whether an object may have fields that are not declared (also: the type is not known to be an object)."""
        return self.kind is None or (
            self.kind == "object" and self.schema.get("additionalProperties", True) is not False
        )

    def required(self) -> frozenset[str]:
        """Return the fields that every object of this type has."""
        return frozenset(cast("list[str]", self.schema.get("required", [])))

    def item(self) -> Type | None:
        """Return the type of a list's items, None when this is not a list."""
        if self.kind != "array":
            return None
        items = self.schema.get("items", {})
        return self._inner(cast("dict[str, Json]", items)) if isinstance(items, dict) else Type.any()

    def _inner(self, schema: Mapping[str, Json]) -> Type:
        definitions = self.schema.get("$defs")
        return Type({**schema, "$defs": definitions} if definitions and schema else schema).resolved()

    def resolved(self) -> Type:
        """Follow a `$ref` into this schema's own `$defs`; a cycle of references gives `any`."""
        current, seen = self, set[str]()
        while isinstance(ref := current.schema.get("$ref"), str):
            name = ref.removeprefix("#/$defs/")
            definitions = cast("dict[str, dict[str, Json]]", current.schema.get("$defs", {}))
            if ref in seen or name not in definitions:
                return Type.any()
            seen.add(ref)
            current = Type({**definitions[name], "$defs": definitions})
        return current

    @cached_property
    def _validator(self) -> Any:  # noqa: ANN401 - jsonschema's class has no useful type
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - 60 ms that `podium --help` does not need

        return Draft202012Validator(self.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def problems(self, value: Json) -> list[str]:
        """Return at most five findings such as `themes[0].title: 3 is not of type 'string'`."""
        if not self.schema:
            return []
        try:
            return self._problems(value)
        except RecursionError:
            return ["the type refers to itself without end, or the value is nested too deeply"]

    def _problems(self, value: Json) -> list[str]:
        found: list[str] = []
        for error in self._validator.iter_errors(value):
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
            message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
            found.append(f"{where.removeprefix('.')}: {message}" if where else message)
            if len(found) == 5:
                break
        return found


def parse_type(value: object) -> Type:
    """Return the type written in the shorthand or as JSON Schema.

    Raises:
        PydanticCustomError: with what was expected; its context has `loc`, the keys below `value`, and `help`.
    """
    if isinstance(value, Type):
        return value
    return Type(_schema(value, ()))


def _schema(value: object, loc: Loc) -> dict[str, Json]:
    if len(loc) > MAX_DEPTH:
        raise wrong(f"expected a type nested at most {MAX_DEPTH} deep", loc)
    match value:
        case str() if value in _SCALARS:
            return _SCALARS[value]
        case list() if len(items := cast("list[object]", value)) == 1:
            return {"type": "array", "items": _schema(items[0], (*loc, 0))}
        case list():
            raise wrong("expected one type in the brackets, such as `[text]`", loc)
        case dict():
            return _mapping(cast("dict[str, object]", value), loc)
        case str():
            meant = closest(value, SCALARS) if value not in _OTHER_WORDS else _OTHER_WORDS[value]
            help_ = f"did you mean `{meant}`?" if meant else ""
            raise wrong(f"expected a type ({_KNOWN}), got {described(value)}", loc, help_)
        case _:
            raise wrong(f"expected a type ({_KNOWN}), got {described(value)}", loc)


def _mapping(value: dict[str, object], loc: Loc) -> dict[str, Json]:
    if not value:
        return {}  # the schema of anything, as `any` is written back
    if _is_schema(value):
        return checked_schema(value, loc)
    choices = value.get("enum")
    if isinstance(choices, list) and len(value) == 1:
        return checked_schema({"enum": choices}, loc)
    if bad := next((name for name in value if not FIELD.fullmatch(name)), None):
        raise wrong(
            "expected the name of a field: letters, digits and `_`; `?` at its end makes it optional", (*loc, bad)
        )
    fields = {name.removesuffix("?"): _schema(inner, (*loc, name)) for name, inner in value.items()}
    return {
        "type": "object",
        "properties": fields,
        "required": [name for name in value if not name.endswith("?")],
        "additionalProperties": False,
    }


def _is_schema(value: dict[str, object]) -> bool:
    kind = value.get("type")
    kinds = cast("list[object]", kind) if isinstance(kind, list) else [kind]
    if kinds and all(isinstance(one, str) and one in JSON_TYPES for one in kinds):
        return not (len(kinds) == 1 and kinds[0] in SCALARS and _reads_as_fields(value))
    return bool(SCHEMA_KEYS & value.keys())


def _reads_as_fields(value: dict[str, object]) -> bool:
    """Tell whether `{type: integer, title: text}` means two fields: its words are those of the shorthand."""
    return len(value) > 1 and (not value.keys() <= keywords() or all(word in SCALARS for word in value.values()))
