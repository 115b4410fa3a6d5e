"""The model of a workflow file: what a person wrote, checked for form but not yet for sense.

The common part of a workflow stands here; what is special to a node type stands with the type (`podium.nodes`) and is
handed in when a file is loaded, so that this layer knows none of them. A node is a mapping with exactly one *type
key*; the value of that key is the node's main argument, the rest are its settings and the properties of
`NodeConfig`.

Everything here is frozen and refuses unknown keys. Expressions are values of their own (`Expression`, `Template`), so
that the compiler finds them by walking a config and needs to know no node type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from podium.spec.types import parse_type

if TYPE_CHECKING:
    from podium.spec.diagnostic import Loc

from podium.spec.autonomy import Autonomy
from podium.spec.base import Duration, SpecModel, TypeSpec
from podium.spec.budget import BudgetSpec
from podium.spec.governor import GovernorSpec
from podium.spec.names import Name, NodeName
from podium.spec.node import (
    ASK,
    CONTINUE,
    HANDLED_PORTS,
    AnyNode,
    Body,
    Inner,
    JoinRule,
    NodeConfig,
    NodeTypes,
    OnError,
    Retry,
    Revision,
    Timeout,
    UsesTool,
    UsesTools,
    keys_of,
    parse_node,
    port_of,
)
from podium.spec.template import Arguments, Condition, Expression, Items, Piece, Template, TextTemplate, split_template
from podium.spec.tool import Delivery, EffectClass, FunctionSpec, SourceSpec, ToolSpec

__all__ = [
    "ASK",
    "CONTINUE",
    "HANDLED_PORTS",
    "MAX_NODES",
    "AnyNode",
    "Arguments",
    "Body",
    "BudgetSpec",
    "ConcurrencySpec",
    "Condition",
    "Delivery",
    "Duration",
    "EffectClass",
    "Expression",
    "FunctionSpec",
    "GovernorSpec",
    "Inner",
    "InputSpec",
    "Items",
    "JoinRule",
    "Name",
    "NodeConfig",
    "NodeName",
    "NodeTypes",
    "Nodes",
    "OnError",
    "Piece",
    "Retry",
    "Revision",
    "SourceSpec",
    "SpecModel",
    "Template",
    "TextTemplate",
    "Timeout",
    "ToolSpec",
    "TypeSpec",
    "UsesTool",
    "UsesTools",
    "Workflow",
    "expressions",
    "keys_of",
    "parse_node",
    "port_of",
    "split_template",
]

Json = Any

MAX_NODES = 2_000
"""Nodes in one workflow file; more belongs into sub-workflows."""


Nodes = Annotated[dict[NodeName, AnyNode], Field(max_length=MAX_NODES)]


class InputSpec(SourceSpec):
    """A value that the run is started with, and what may be done with it."""

    type: TypeSpec = Field(default_factory=lambda: parse_type("text"))
    """Its type."""

    about: str = ""
    """What it is, for the person who fills it in."""

    default: Json = None
    """Used when none is given; without a default the input is required."""

    trust: Literal["trusted", "untrusted"] = "trusted"
    """Whether it is the word of who starts the run; untrusted when others wrote it, such as a message."""

    @property
    def required(self) -> bool:
        """Whether a run cannot start without it."""
        return "default" not in self.model_fields_set


class ConcurrencySpec(SpecModel):
    """How many runs may be under way at once; the others wait for their turn before they begin."""

    max: Annotated[int, Field(ge=1, le=10_000)] = 1
    """So many at once."""

    key: Expression | None = None
    """Counted apart for each value of this expression over `inputs`, such as one customer."""


def _with_known_twins(tools: dict[str, ToolSpec]) -> dict[str, ToolSpec]:
    for name, spec in tools.items():
        if isinstance(spec.twin, str) and (spec.twin == name or spec.twin not in tools):
            kind, message = "twin", "`{got}` is no other tool of this workflow"
            others = [other for other in tools if other != name]
            raise PydanticCustomError(kind, message, {"got": spec.twin, "tools": others, "loc": (name, "twin")})
    return tools


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

    tools: Annotated[dict[Name, ToolSpec], AfterValidator(_with_known_twins)] = Field(default_factory=dict)
    """Tools that this workflow may use."""

    budget: BudgetSpec | None = None
    """Limits of a run."""

    timeout: Timeout | None = None
    """`total`: the longest a run may take, waiting included. `idle`: the longest it may go without a new record."""

    concurrency: ConcurrencySpec | None = None
    """How many runs of this workflow may be under way at once."""

    autonomy: Autonomy | None = None
    """How far it may go by itself. `suggest`: what writes is only prepared, and asks; `supervised`: what writes asks;
    `bounded`: what cannot be taken back asks; `autonomous`: only grants, labels and policies ask."""

    governor: GovernorSpec | None = None
    """When repeated calls are taken for a circle and end; what is left out stays as the installation has it."""

    priority: Annotated[int, Field(ge=0, le=9)] = 5
    """Which runs are taken up first when there are more than can be driven: 9 before 0."""

    flows: Annotated[dict[Annotated[str, Field(max_length=200)], Workflow], Field(max_length=200)] = Field(
        default_factory=dict
    )
    """Workflows that `subflow:` nodes run, by the name they call them; files that they name are added here when the
    workflow is published."""

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
