"""A model as the values that a person would write: only what was set, types in the shorthand, keys in their order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from podium.spec.format_order import order_of
from podium.spec.model import NodeTypes
from podium.spec.types import SCALARS, Type, parse_type

Json = Any


def written(model: BaseModel, node_types: NodeTypes, *, like: BaseModel | None = None) -> dict[str, Json]:
    """Return a model as a mapping.

    With `like`, a model that stands in a file already: what has the value of a default is written where it is written
    there, and only there.
    """
    dumped: dict[str, Json] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if like is not None:
        dumped = _as_in(like, model, dumped)
    fields = {field.alias or name: name for name, field in type(model).model_fields.items()}
    result: dict[str, Json] = {}
    for key in order_of(type(model), node_types):
        there = like is not None and fields[key] in like.model_fields_set
        if key in dumped and (there or not _says_nothing(model, fields[key])):
            before = getattr(like, fields[key]) if like is not None else None
            result[key] = _value(getattr(model, fields[key]), dumped[key], before, node_types)
    return {**result, **(model.__pydantic_extra__ or {})}


def _says_nothing(model: BaseModel, name: str) -> bool:
    """Whether a field was set to no value; where any value may stand (the default of an input), null is one."""
    field = type(model).model_fields[name]
    return getattr(model, name) is None and field.annotation is not Any


def _as_in(like: BaseModel, model: BaseModel, dumped: Mapping[str, Json]) -> dict[str, Json]:
    result = dict(dumped)
    everything: dict[str, Json] = model.model_dump(mode="json", by_alias=True)
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        default = getattr(model, name) == field.get_default(call_default_factory=True)
        if not default or field.annotation is Any:
            continue
        if name not in like.model_fields_set:
            result.pop(key, None)
        elif getattr(like, name) == getattr(model, name):
            result[key] = everything[key]
    return result


def _value(value: object, dumped: Json, before: object, node_types: NodeTypes) -> Json:
    """Return what a field holds; `dumped` is the same by pydantic, which knows what single fields make of it."""
    match value:
        case Type():
            return shorthand(value)
        case BaseModel() if isinstance(dumped, dict):
            like = before if type(before) is type(value) else None
            return written(value, node_types, like=like)
        case dict() if isinstance(dumped, dict):
            known = cast("dict[str, object]", before) if isinstance(before, dict) else {}
            inner = cast("dict[str, object]", value)
            return {key: _value(one, dumped[key], known.get(key), node_types) for key, one in inner.items()}
        case list() | tuple() if isinstance(dumped, list):
            values = cast("list[object]", value)
            befores = cast("list[object]", before) if isinstance(before, list | tuple) else []
            padded = [*befores, *[None] * len(values)]
            texts = cast("list[Json]", dumped)
            return [_value(one, text, old, node_types) for one, text, old in zip(values, texts, padded, strict=False)]
        case _:
            return dumped


def shorthand(kind: Type) -> Json:
    """Return a type as a person writes it: in the shorthand as far as it reaches, else as JSON Schema."""
    short = _short(kind.schema)
    try:
        return short if parse_type(short) == kind else kind.schema
    except PydanticCustomError:
        return kind.schema


@cache
def _scalars() -> tuple[tuple[str, dict[str, Json]], ...]:
    return tuple((name, parse_type(name).schema) for name in SCALARS)


def _short(schema: Json) -> Json:
    if not isinstance(schema, dict):
        return schema
    mapping = cast("dict[str, Json]", schema)
    for name, scalar in _scalars():
        if mapping == scalar:
            return name
    if mapping.keys() == {"type", "items"} and mapping["type"] == "array":
        return [_short(mapping["items"])]
    if mapping.keys() == {"type", "properties", "required", "additionalProperties"} and mapping["type"] == "object":
        required = cast("list[str]", mapping["required"])
        fields = cast("dict[str, Json]", mapping["properties"]).items()
        return {name if name in required else f"{name}?": _short(field) for name, field in fields}
    return mapping
