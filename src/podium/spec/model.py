"""The model of a workflow file: what a person wrote, checked for form but not yet for sense.

The common part of a workflow stands here; what is special to a node type stands with the type (`podium.nodes`) and is
handed in when a file is loaded, so that this layer knows none of them. A node is a mapping with exactly one *type
key*; the value of that key is the node's main argument, the rest are its settings and the properties of
`NodeConfig`.

Everything here is frozen and refuses unknown keys. Expressions are values of their own (`Expression`, `Template`), so
that the compiler finds them by walking a config and needs to know no node type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    Self,
    Union,
    cast,
    get_args,
    get_origin,
    runtime_checkable,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    PydanticKnownError,
    ValidationError,
    core_schema,
)

from podium.ids import NodeId
from podium.spec.types import Type, parse_type
from podium.spec.wording import described
from podium.units import format_duration, parse_duration

if TYPE_CHECKING:
    from podium.spec.diagnostic import Loc

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with text keys. `Any`, because the recursive alias costs
more casts than it finds mistakes; values of users are checked against a `Type`, not by the type checker."""

MAX_NODES = 2_000
"""Nodes in one workflow file; more belongs into sub-workflows."""

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
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(ms|s|m|h|d))+$", "examples": ["30s", "5m", "24h"]}),
]
"""`30s`, `5m`, `24h`, `2d`."""

CEL_KEYWORDS = frozenset({"true", "false", "null", "in"})
"""Words that CEL reads as something else wherever they stand, also after a dot."""

RESERVED = CEL_KEYWORDS.union(
    # words that CEL keeps for itself
    ("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
    ("namespace", "return", "var", "void", "while"),
    # the names of its types, and of its macros that would be read in front of a bracket
    ("type", "list", "map", "dyn", "int", "uint", "double", "string", "bool", "bytes", "null_type", "has"),
    # our own: what expressions may read, and the ports
    ("inputs", "secrets", "env", "out", "error"),
)
"""Words that no node and no item of a map can be called by."""


def _unreserved(words: frozenset[str]) -> AfterValidator:
    def check(name: str) -> str:
        if name in words:
            kind, message = "reserved", "`{name}` is a word of the expression language"
            raise PydanticCustomError(kind, message, {"name": name})
        return name

    return AfterValidator(check)


_NAME = StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")
Name = Annotated[str, _NAME, _unreserved(CEL_KEYWORDS)]
"""What a person calls an input, a tool, a role."""

NodeName = Annotated[
    str,
    _NAME,
    _unreserved(RESERVED),
    Field(json_schema_extra={"pattern": rf"^(?!({'|'.join(sorted(RESERVED))})$)[a-z][a-z0-9_]{{0,63}}$"}),
]
"""What a node or an item is called: expressions begin with it."""

TypeSpec = Annotated[
    Type, PlainValidator(parse_type), PlainSerializer(lambda t: t.schema), WithJsonSchema({"x-podium": "Type"})
]
"""A type in the shorthand (`text`, `[text]`, `{title: text}`, `{enum: [a, b]}`) or as JSON Schema."""

EffectClass = Literal["none", "read", "write", "irreversible"]
"""What an effect does to the world."""

Delivery = Literal["repeatable", "keyed", "once"]
"""What a second try means: harmless, harmless with the same key, or perhaps a second effect."""


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


class Retry(SpecModel):
    """When an attempt failed: try again, how often and how long to wait. Only the engine retries."""

    max: Annotated[int, Field(ge=0, le=100)] = 3
    """Attempts after the first."""

    backoff: Duration = timedelta(seconds=1)
    """Wait before the first retry; doubles each time, with jitter."""

    max_backoff: Duration = timedelta(minutes=5)
    """The longest wait between two attempts."""

    on: tuple[Literal["timeout", "unavailable", "rate_limited", "invalid_output", "failed"], ...] = (
        "unavailable",
        "rate_limited",
    )
    """Kinds of error that are worth another attempt."""


class Timeout(SpecModel):
    """Bounds in time of one attempt of a node."""

    total: Duration
    """The longest one attempt may take."""

    idle: Duration | None = None
    """The longest an attempt may go without any sign of life, such as a streamed token."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"total": value} if isinstance(value, str | timedelta) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Editors see both forms: a duration, or the mapping."""
        long = handler.resolve_ref_schema(handler(schema))
        about = {key: long[key] for key in ("title", "description")}
        return {**about, "anyOf": [long["properties"]["total"], {**long}]}


class JoinRule(NamedTuple):
    """How a node waits for several branches.

    Attributes:
        sources: The nodes it waits for, in the order that conflict rules and reducers use.
        need: How many must arrive: a number, or 0 for every one that is not skipped.
        deadline: Go on with what has arrived after this long, counted from the first arrival.
    """

    sources: tuple[NodeId, ...]
    need: int
    deadline: timedelta | None


class Revision(NamedTuple):
    """A node that may send an earlier node back to work: `target` runs again at most `max` times."""

    target: NodeId
    max: int


class Body(NamedTuple):
    """Nodes inside a node, run once per item.

    Attributes:
        nodes: As in a workflow.
        variable: The name under which they see their item.
        result: What one item gives, over the nodes of the body; None means the only node that nobody uses.
        concurrency: How many items are open at once.
        max_failed: How many items may fail; once more have, no further item needs to be opened. None: any number.
    """

    nodes: Mapping[NodeId, NodeConfig]
    variable: str
    result: Expression | None
    concurrency: int
    max_failed: int | None = None


HANDLED_PORTS = ("error", "rejected", "expired", "denied", "limit", "unclear", "empty")
"""Ports that a node other than a switch may leave by; each has a property `on_<port>`."""


class NodeConfig(SpecModel):
    """What every node may carry, whatever its type. Types add their main argument and settings.

    The methods tell the compiler the shape that a type gives to the graph; the defaults fit a plain node.
    """

    about: str = ""
    """A note for readers."""

    phase: str = ""
    """The phase of the work that this node belongs to, for views that group by phase."""

    when: Condition | None = None
    """Runs only when this holds; otherwise it is skipped."""

    after: tuple[Name, ...] = ()
    """Nodes that must be done first, beside those that it refers to."""

    retry: Retry | None = None
    """When and how often to try again."""

    timeout: Timeout | None = None
    """How long one attempt may take."""

    on_error: str = ""
    """`continue`, or the node that handles an error; otherwise an error ends the run as failed."""

    on_rejected: str = ""
    """The node that goes on when a person says no; otherwise the run ends denied."""

    on_expired: str = ""
    """The node that goes on when nobody answered in time; otherwise the run ends denied."""

    on_denied: str = ""
    """The node that goes on when the gate said no; otherwise the run ends denied."""

    on_limit: str = ""
    """The node that goes on when a limit was reached; otherwise the run ends with status limit."""

    on_unclear: str = ""
    """The node that handles an answer that came but does not say enough; otherwise it is an error."""

    on_empty: str = ""
    """The node that goes on when there was nothing to do; otherwise the node counts as done."""

    def starts(self) -> Mapping[str, tuple[NodeId, ...]]:
        """Return the ports of its own by which it starts named nodes (switch): `{port: nodes}`."""
        return {}

    def join_rule(self) -> JoinRule | None:
        """Return how it waits for its branches; None for a node that waits for all it refers to."""
        return None

    def body(self) -> Body | None:
        """Return the nodes it runs per item (map)."""
        return None

    def revision(self) -> Revision | None:
        """Return which node it may send back to work (validate)."""
        return None

    def late_fields(self) -> frozenset[str]:
        """Return the fields, by key as written, whose expressions the type evaluates itself, while it runs."""
        return frozenset()

    def late_names(self) -> Mapping[str, Type]:
        """Return the names that its late fields may read beside those in scope (tool: `out`, its own answer)."""
        return {}

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - for types that override it
        """Return the type of `out`, given the types of its evaluated fields, by key as written.

        A join finds under its type key an object type with what its sources give; a node with a body finds under
        `result` the type of one item's result.
        """
        return Type.any()


@runtime_checkable
class UsesTool(Protocol):
    """A node that calls one function of a granted tool, for checks that know no node types."""

    @property
    def grant(self) -> str:
        """The tool's key under `tools:`."""
        ...

    @property
    def function(self) -> str:
        """The function's own name."""
        ...

    @property
    def retry(self) -> Retry | None:
        """As of every node."""
        ...


NodeTypes = Mapping[str, type[NodeConfig]]
"""The node types a file may use: `{type key: its config}`."""


def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of a model as they are written in a file."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def parse_node(value: object, info: ValidationInfo) -> NodeConfig:
    """Turn a mapping with exactly one type key into that type's config.

    The known types come in the validation context as `{"node_types": NodeTypes}`. A key that names a type may also be
    a setting of another (`wait` of `join`): the type that knows all of them is meant. Errors inside keep their place:
    pydantic merges a `ValidationError` raised here into the outer one.
    """
    types = cast("NodeTypes", cast("Mapping[str, object]", info.context or {}).get("node_types", {}))
    if isinstance(value, NodeConfig):
        return value
    if not isinstance(value, dict):
        kind, message = "node_form", "expected a node, which is a mapping with one type key"
        raise PydanticCustomError(kind, message)
    mapping = cast("dict[str, object]", value)
    found = [key for key in mapping if key in types]
    owners = [key for key in found if keys_of(types[key]).issuperset(found)]
    if not found:
        kind, message = "node_type_missing", "expected a type key"
        raise PydanticCustomError(kind, message)
    if len(owners) != 1:
        kind, message = "node_type_twice", "expected one type key"
        raise PydanticCustomError(kind, message, {"found": found})
    return types[owners[0]].model_validate(mapping, context=info.context, by_alias=True, by_name=False)


AnyNode = Annotated[
    NodeConfig,
    PlainValidator(parse_node),
    PlainSerializer(lambda node: node.model_dump(by_alias=True, exclude_defaults=True)),
    WithJsonSchema({"x-podium": "Node"}),
]
"""A node of any known type."""

Nodes = Annotated[dict[NodeName, AnyNode], Field(max_length=MAX_NODES)]


class InputSpec(SpecModel):
    """A value that the run is started with."""

    type: TypeSpec = Field(default_factory=lambda: parse_type("text"))
    """Its type."""

    about: str = ""
    """What it is, for the person who fills it in."""

    default: Json = None
    """Used when none is given; without a default the input is required."""

    @property
    def required(self) -> bool:
        """Whether a run cannot start without it."""
        return "default" not in self.model_fields_set


class FunctionSpec(SpecModel):
    """What is known of one function of a tool; each says more exactly what the tool says of all of them."""

    effect: EffectClass | None = None
    """What it does to the world."""

    delivery: Delivery | None = None
    """What a second call means."""

    approval: Literal["never", "required"] | None = None
    """Whether a person must approve each call."""


def _one_source_schema(schema: dict[str, Any]) -> None:
    known = {"propertyNames": {"enum": sorted(schema["properties"])}}
    schema["oneOf"] = [{"required": ["mcp"], **known}, {"required": ["python"]}]


class ToolSpec(SpecModel):
    """A grant: these functions may be used by this workflow. What is not granted is denied and not even listed."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_one_source_schema)

    mcp: tuple[str, ...] | str | None = None
    """An MCP server: a command with its arguments, or the URL of a streamable HTTP server."""

    python: str | None = None
    """A module with functions marked `@podium.tool`. Further keys are its settings, such as `root`."""

    effect: EffectClass
    """What its functions do to the world."""

    delivery: Delivery
    """What a second call means."""

    trust: Literal["trusted", "untrusted"] = "untrusted"
    """Whether what it returns may be believed."""

    only: tuple[str, ...] = ()
    """The functions that are granted; empty means all of them."""

    functions: dict[str, FunctionSpec] = Field(default_factory=dict)
    """What is special about single functions."""

    approval: Literal["never", "required"] = "never"
    """Whether a person must approve each call."""

    timeout: Duration = timedelta(minutes=2)
    """The longest a call may take."""

    env: dict[str, str] = Field(default_factory=dict)
    """Environment of the server process; values may be `${secrets.name}`."""

    def effect_of(self, function: str) -> EffectClass:
        """Return what one of its functions does to the world."""
        special = self.functions.get(function)
        return special.effect if special and special.effect else self.effect

    def delivery_of(self, function: str) -> Delivery:
        """Return what a second call of one of its functions means."""
        special = self.functions.get(function)
        return special.delivery if special and special.delivery else self.delivery

    def approval_of(self, function: str) -> Literal["never", "required"]:
        """Return whether a person must approve each call of one of its functions."""
        special = self.functions.get(function)
        return special.approval if special and special.approval else self.approval

    @property
    def settings(self) -> Mapping[str, Json]:
        """Further keys, for the module named by `python`."""
        return self.__pydantic_extra__ or {}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.mcp is None) == (self.python is None):
            kind, message = "tool_source", "expected exactly one of `mcp` and `python`"
            raise PydanticCustomError(kind, message)
        if self.settings and self.python is None:
            kind, message = "tool_settings", "unknown key `{key}`: only `python` tools take settings of their own"
            raise PydanticCustomError(kind, message, {"key": next(iter(self.settings))})
        return self


class BudgetSpec(SpecModel):
    """Limits of one run. `wall` does not count waiting for people."""

    usd: Annotated[float, Field(gt=0)] | None = None
    """Money in US dollars."""

    tokens: Annotated[int, Field(gt=0)] | None = None
    """Input and output tokens of all model calls."""

    wall: Duration | None = None
    """Time in which the run may be working."""


class Workflow(SpecModel):
    """A workflow as written."""

    podium: Literal[1]
    """Version of the language."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    """Name, unique in an installation."""

    description: str = ""
    """What it is for."""

    owner: str = ""
    """Who answers for it."""

    inputs: dict[Name, InputSpec] = Field(default_factory=dict)
    """Values that a run is started with."""

    tools: dict[Name, ToolSpec] = Field(default_factory=dict)
    """Tools that this workflow may use."""

    budget: BudgetSpec | None = None
    """Limits of a run."""

    timeout: Timeout | None = None
    """`total`: the longest a run may take, waiting included. `idle`: the longest it may go without a new record."""

    nodes: Nodes
    """The nodes."""

    result: Expression | None = None
    """What the run gives."""


def expressions(config: BaseModel) -> Iterator[tuple[Loc, Expression | Template]]:
    """Yield every expression and template of a config with its keys, bodies of nested nodes excluded."""
    for name, field in type(config).model_fields.items():
        key = field.alias or name
        yield from _expressions(getattr(config, name), (key,))


def _expressions(value: object, loc: Loc) -> Iterator[tuple[Loc, Expression | Template]]:
    match value:
        case Expression() | Template():
            yield loc, value
        case NodeConfig():
            return
        case BaseModel():
            for inner_loc, inner in expressions(value):
                yield (*loc, *inner_loc), inner
        case dict():
            for key, inner in cast("dict[str, object]", value).items():
                yield from _expressions(inner, (*loc, key))
        case list() | tuple():
            for index, inner in enumerate(cast("list[object]", value)):
                yield from _expressions(inner, (*loc, index))
        case _:
            return
