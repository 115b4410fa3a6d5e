"""Sizes, as people write them: `64KiB`, `10MB`."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from podium.units import format_size, parse_size


class Size(int):
    """A number of bytes; as text it has its unit."""

    def __str__(self) -> str:
        return format_size(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept what has a unit."""
        return core_schema.no_info_plain_validator_function(
            cls._parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors see text with a unit."""
        return {"type": "string", "pattern": "^[0-9]+ *(B|KB|MB|GB|KiB|MiB|GiB)$"}

    @classmethod
    def _parse(cls, value: object) -> Size:
        if isinstance(value, Size):
            return value
        try:
            return cls(parse_size(str(value)))
        except ValueError as error:
            kind = "size"
            raise PydanticCustomError(kind, "{text}", {"text": str(error)}) from None
