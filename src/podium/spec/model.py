"""The model of a workflow file: what a person wrote, checked for form but not yet for sense.

The common part of a workflow stands here; what is special to a node type stands with the type (`podium.nodes`) and is
handed in when a file is loaded, so that this layer knows none of them. A node is a mapping with exactly one *type
key*; the value of that key is the node's main argument, the rest are its settings and the properties of
`NodeConfig`.

Everything here is frozen and refuses unknown keys. Expressions are values of their own (`Expression`, `Template`), so
that the compiler finds them by walking a config and needs to know no node type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from podium.spec.types import parse_type

if TYPE_CHECKING:
    from podium.spec.diagnostic import Loc

from podium.spec.base import Duration, SpecModel, TypeSpec
from podium.spec.names import Name, NodeName
from podium.spec.node import (
    HANDLED_PORTS,
    Body,
    JoinRule,
    NodeConfig,
    NodeTypes,
    Retry,
    Revision,
    Timeout,
    UsesTool,
    keys_of,
)
from podium.spec.template import Condition, Expression, Items, Piece, Template, TextTemplate, split_template
from podium.spec.tool import Delivery, EffectClass, FunctionSpec, ToolSpec

__all__ = [
    "HANDLED_PORTS",
    "MAX_NODES",
    "AnyNode",
    "Body",
    "BudgetSpec",
    "Condition",
    "Delivery",
    "Duration",
    "EffectClass",
    "Expression",
    "FunctionSpec",
    "InputSpec",
    "Items",
    "JoinRule",
    "Name",
    "NodeConfig",
    "NodeName",
    "NodeTypes",
    "Nodes",
    "Piece",
    "Retry",
    "Revision",
    "SpecModel",
    "Template",
    "TextTemplate",
    "Timeout",
    "ToolSpec",
    "TypeSpec",
    "UsesTool",
    "Workflow",
    "expressions",
    "keys_of",
    "parse_node",
    "split_template",
]

Json = Any

MAX_NODES = 2_000
"""Nodes in one workflow file; more belongs into sub-workflows."""


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
