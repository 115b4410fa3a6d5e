"""What the compiler asks of types: fields, items, whether one fits another, and what CEL calls them.

A JSON Schema that is not of one kind (`anyOf`, several types, nothing at all) counts as `any`: nothing is claimed of
its values before they are there. Types that only live inside an expression (timestamps, bytes, …) are *foreign*:
they are no JSON and may not leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from podium.spec.types import Type

Json = Any
Coercion = Callable[[Json], Json]

ANY = Type.any()
TEXT = Type({"type": "string"})
INTEGER = Type({"type": "integer"})
NUMBER = Type({"type": "number"})
BOOLEAN = Type({"type": "boolean"})
NULL = Type({"type": "null"})
LIST = Type({"type": "array"})
OBJECT = Type({"type": "object"})
_CAUSE = {"code": TEXT, "kind": TEXT, "message": TEXT, "node": TEXT}
ERROR = Type.object_of({**_CAUSE, "causes": Type.list_of(Type.object_of(_CAUSE))})
"""What `x.error` holds: what happened, the path of the node that it happened to, and its causes, nearest first."""

_DEEPEST = 8
_PARTS = 300
"""Parts of a type that are looked at for numbers."""

_NODE = "node"
_FOREIGN = "x-cel"
_WORDS = {"string": "text", "array": "list", "null": "null", None: "any"}


def node_type(out: Type) -> Type:
    """Return the type of a node's name in an expression: `x.out` and `x.error`, of which either may be missing."""
    return Type({**Type.object_of({"out": out, "error": ERROR}).schema, "title": _NODE, "required": []})


def is_node(type_: Type) -> bool:
    """Tell the name of a node from other names."""
    return type_.schema.get("title") == _NODE and "out" in cast("Mapping[str, Json]", type_.schema["properties"])


def foreign(name: str) -> Type:
    """Return the type of values that are no JSON."""
    return Type({_FOREIGN: name})


def foreign_name(type_: Type) -> str:
    """Return what a foreign type is called, "" for JSON."""
    return cast("str", type_.schema.get(_FOREIGN, ""))


def kind_of(type_: Type) -> str | None:
    """Return the JSON type of all values of a type, also for an `enum` of one kind; None when there is not one."""
    if type_.kind is not None:
        return type_.kind
    choices: list[Json] = type_.schema.get("enum", [])
    if choices and all(isinstance(choice, str) for choice in choices):
        return "string"
    return "integer" if choices and all(type(choice) is int for choice in choices) else None


def word(type_: Type) -> str:
    """Return the kind of a type as people call it."""
    kind = kind_of(type_)
    return foreign_name(type_) or _WORDS.get(kind, kind or "any")


def word_of(value: Json) -> str:
    """Return the kind of a value as people call it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"


def article(kind: str) -> str:
    """Return the word for a kind with its article: a list, an object, text."""
    if kind in ("text", "null", "bytes", "any"):
        return kind
    return f"{'an' if kind[0] in 'aiou' else 'a'} {kind}"


def field_type(type_: Type, name: str) -> Type | None:
    """Return the type of a field of an object; None when no object of this type can have it."""
    if kind_of(type_) is None:
        return ANY
    declared = type_.fields().get(name)
    if declared is not None or not type_.open:
        return declared
    extra = type_.schema.get("additionalProperties")
    return Type(cast("dict[str, Json]", extra)).resolved() if isinstance(extra, dict) and extra else ANY


def common(types: Iterable[Type]) -> Type:
    """Return a type that all values of all of these have."""
    found = list(types)
    if found and all(other == found[0] for other in found):
        return found[0]
    kinds = {kind_of(type_) for type_ in found}
    if kinds == {"integer", "number"}:
        return NUMBER
    return TEXT if kinds == {"string"} else LIST if kinds == {"array"} else OBJECT if kinds == {"object"} else ANY


def fits(got: Type, want: Type, depth: int = 0) -> bool:
    """Whether a value of `got` may have type `want`; what is not known, or lies too deep to look at, fits."""
    if got == want or depth > _DEEPEST:
        return True
    got_kind, want_kind = kind_of(got), kind_of(want)
    if foreign_name(got):
        return False
    if got_kind is None or want_kind is None:
        return True
    if got_kind != want_kind:
        return {got_kind, want_kind} == {"integer", "number"} and want_kind == "number"
    if got_kind == "array":
        return fits(got.item() or ANY, want.item() or ANY, depth + 1)
    if got_kind == "object":
        fields = got.fields()
        if any(name not in fields and not got.open for name in want.required()):
            return False
        return all(fits(fields[name], type_, depth + 1) for name, type_ in want.fields().items() if name in fields)
    return True


def coercion(type_: Type) -> Coercion | None:
    """Return what brings the numbers in a value to their declared kind; None when there is nothing to do.

    JSON tells 3 from 3.0 only by how it is written. CEL tells them apart by type: an `integer` may be written 3.0, a
    `number` may be written 3. Of a type that contains itself the first levels are looked at.
    """
    return _coercion(type_, [_PARTS])


def _coercion(type_: Type, left: list[int]) -> Coercion | None:
    left[0] -= 1
    kind = kind_of(type_)
    if kind == "number":
        return _to_float
    if kind == "integer":
        return _to_int
    if left[0] <= 0:
        return None
    if kind == "array":
        inner = _coercion(type_.item() or ANY, left)
        return None if inner is None else lambda value: _items(value, inner)
    if kind == "object":
        fields = {name: step for name, field in type_.fields().items() if (step := _coercion(field, left))}
        return (lambda value: _fields(value, fields)) if fields else None
    return None


def _to_float(value: Json) -> Json:
    return float(value) if type(value) is int and abs(value) <= 1 << 53 else value


def _to_int(value: Json) -> Json:
    return int(value) if type(value) is float and value.is_integer() else value


def _items(value: Json, inner: Coercion) -> Json:
    return [inner(item) for item in cast("list[Json]", value)] if isinstance(value, list) else value


def _fields(value: Json, fields: Mapping[str, Coercion]) -> Json:
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Json]", value)
    return {name: fields[name](inner) if name in fields else inner for name, inner in found.items()}


def type_of_value(value: Json) -> Type:
    """Return the type of a value that stands in the file."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case float():
            return NUMBER
        case str():
            return TEXT
        case list():
            return Type.list_of(common(type_of_value(item) for item in cast("list[Json]", value)))
        case _:
            items = cast("dict[str, Json]", value).items()
            return Type.object_of({key: type_of_value(inner) for key, inner in items})
