"""What all models of the language are built from: durations, types, and a base that bends nothing.

Models are frozen and refuse unknown keys. Values are taken as written: `"3"` and `true` are no numbers, `yes` is text.
"""

from __future__ import annotations

from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from podium.spec.types import Type, parse_type
from podium.units import format_duration, parse_duration


def _to_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(str(value))
    except ValueError as error:
        kind = "duration"
        raise PydanticCustomError(kind, "{text}", {"text": str(error)}) from None


Duration = Annotated[
    timedelta,
    BeforeValidator(_to_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$", "examples": ["30s", "5m", "24h"]}),
]
"""`30s`, `5m`, `24h`, `2d`."""

TypeSpec = Annotated[
    Type, PlainValidator(parse_type), PlainSerializer(lambda t: t.schema), WithJsonSchema({"x-podium": "Type"})
]
"""A type in the shorthand (`text`, `[text]`, `{title: text}`, `{enum: [a, b]}`) or as JSON Schema."""


def _members(annotation: object) -> set[object]:
    """Return what a union is made of, without annotations."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return {member for part in get_args(annotation) for member in _members(part)}
    return {annotation}


_BENT = (str, bool, int)
_STRICT: tuple[tuple[Literal["bool_type", "int_type", "float_type"], set[type]], ...] = (
    ("bool_type", {bool}),
    ("int_type", {int}),
    ("float_type", {int, float}),
)


class SpecModel(BaseModel):
    """Frozen, refuses unknown keys, field docstrings are the help texts of schema and canvas."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True, populate_by_name=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what pydantic would bend: `"3"` and `true` are no numbers, `yes` and 1 are not `true`."""
        wanted = _members(cls.model_fields[info.field_name or ""].annotation) - {NoneType}
        for kind, allowed in _STRICT:
            if type(value) in _BENT and type(value) not in allowed and wanted <= allowed:
                raise PydanticKnownError(kind)
        return value
