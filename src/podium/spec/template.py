"""Expressions, and texts that hold some: values of their own, so that the compiler finds them by walking a config.

`Expression` is bare CEL, such as `size(write.out) < 900`. A `Template` is a JSON value in which any text may hold
`${…}`; a text that is one `${x}` and nothing else keeps the type of `x`, and `$${` is a literal `${`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from podium.spec.types import Type
from podium.spec.wording import described

if TYPE_CHECKING:
    from podium.spec.diagnostic import Loc

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with text keys. `Any`, because the recursive alias costs
more casts than it finds mistakes; values of users are checked against a `Type`, not by the type checker."""

_SECRET = re.compile(r"\$\{\s*secrets\.([a-z][a-z0-9_]*)\s*\}")
_PLACEHOLDER = re.compile(r"\$\$\{|\$\{")


class Expression(str):
    """A bare CEL expression, such as `size(write.out) < 900`.

    Attributes:
        wants: The type that its value must have.
    """

    __slots__ = ()
    wants: ClassVar[Type] = Type.any()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept text, and bare YAML scalars such as `true` or `3`, which are CEL literals as they stand."""
        return core_schema.no_info_plain_validator_function(
            cls._parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors see text or a literal."""
        return {"type": ["string", "boolean", "number"], "pattern": r"\S", "description": "A CEL expression."}

    @classmethod
    def _parse(cls, value: object) -> Expression:
        if isinstance(value, bool):
            return cls("true" if value else "false")
        if isinstance(value, int | float):
            return cls(str(value))
        if isinstance(value, str) and value.strip():
            return cls(value)
        kind, message = "expression", "expected a CEL expression, got {got}"
        raise PydanticCustomError(kind, message, {"got": described(value)})


class Condition(Expression):
    """An expression that must give true or false."""

    __slots__ = ()
    wants = Type({"type": "boolean"})


class Items(Expression):
    """An expression that must give a list."""

    __slots__ = ()
    wants = Type({"type": "array"})


class Piece(NamedTuple):
    """A part of a text: literal text, or an expression with its offset in the text."""

    text: str
    expression: bool
    offset: int


class Template:
    """A JSON value in which any text may hold `${…}`.

    A text that is one `${x}` and nothing else keeps the type of `x`; within other text the value is rendered.
    `$${` is a literal `${`.
    """

    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value: Json = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.value == other.value

    def __hash__(self) -> int:
        return hash(repr(self.value))

    def __repr__(self) -> str:
        return f"Template({self.value!r})"

    def texts(self) -> Iterator[tuple[Loc, str]]:
        """Yield every text in the value with its place below this template."""
        yield from _texts(self.value, ())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept any JSON value; each text in it must split into pieces."""
        return core_schema.no_info_plain_validator_function(
            cls._parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda template: template.value),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors see anything: the value's type is that of the field it fills."""
        return {"description": "A value; text in it may hold ${…} expressions."}

    @classmethod
    def _parse(cls, value: object) -> Template:
        template = cls(value)
        problems = [problem for loc, text in template.texts() for problem in _problems(text, loc)]
        if problems:
            raise ValidationError.from_exception_data("template", problems)
        return template


class TextTemplate(Template):
    """A template that must be text, such as a prompt or a question."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors see text."""
        return {"type": "string", "pattern": r"\S", "description": "Text that may hold ${…} expressions."}

    @classmethod
    def _parse(cls, value: object) -> Template:
        if not isinstance(value, str) or not value.strip():
            kind, message = "text", "expected text, got {got}"
            raise PydanticCustomError(kind, message, {"got": described(value)})
        return super()._parse(value)


class Arguments(Template):
    """A template of arguments by name, of which each may also be a reference to a secret, `${secrets.name}`.

    Such an argument is no expression: it stands for itself, as text, until the tool is called.

    Attributes:
        written: As the author wrote it.
        secrets: `{argument: secret}`.
    """

    __slots__ = ("secrets", "written")

    def __init__(self, value: Json) -> None:
        self.written: Json = value
        self.secrets: dict[str, str] = {}
        if isinstance(value, dict):
            given = cast("dict[str, Json]", value)
            found = {name: _SECRET.fullmatch(text) for name, text in given.items() if isinstance(text, str)}
            self.secrets = {name: match[1] for name, match in found.items() if match is not None}
            value = {**given, **{name: f"$${{secrets.{secret}}}" for name, secret in self.secrets.items()}}
        super().__init__(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept any JSON value; it is written again as it was."""
        return core_schema.no_info_plain_validator_function(
            cls._parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda template: template.written),
        )


def split_template(text: str) -> tuple[Piece, ...]:
    """Split text into literal pieces and expressions.

    Raises:
        PydanticCustomError: when a `${` is never closed or empty.
    """
    pieces: list[Piece] = []
    position = 0
    literal = ""
    while match := _PLACEHOLDER.search(text, position):
        literal += text[position : match.start()]
        if match[0] == "$${":
            literal += "${"
            position = match.end()
            continue
        end = _closing_brace(text, match.end())
        inner = text[match.end() : end] if end >= 0 else ""
        if not inner.strip():
            raise _unclosed(match.start(), end)
        if literal:
            pieces.append(Piece(literal, expression=False, offset=position))
            literal = ""
        pieces.append(Piece(inner, expression=True, offset=match.end()))
        position = end + 1
    literal += text[position:]
    if literal or not pieces:
        pieces.append(Piece(literal, expression=False, offset=position))
    return tuple(pieces)


def _unclosed(start: int, end: int) -> PydanticCustomError:
    kind, message = ("template", "`${…}` is empty") if end >= 0 else ("template", "this `${` is not closed")
    return PydanticCustomError(kind, message, {"offset": start, "length": end + 1 - start if end >= 0 else 2})


def _problems(text: str, loc: Loc) -> list[InitErrorDetails]:
    try:
        split_template(text)
    except PydanticCustomError as error:
        return [InitErrorDetails(type=error, loc=loc, input=text)]
    return []


def _closing_brace(text: str, start: int) -> int:
    """Return where the `}` stands that closes an expression begun at `start`, or -1; braces in strings do not count."""
    depth, quote, index = 0, "", start
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return index
            depth -= 1
        index += 1
    return -1


def _texts(value: Json, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Json]", value).items():
            yield from _texts(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Json]", value)):
            yield from _texts(inner, (*loc, index))
