"""What every node may carry, whatever its type, and the shape that a type gives to the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    Self,
    cast,
    get_args,
    runtime_checkable,
)

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from podium.errors import ErrorKind
from podium.ids import NodeId
from podium.spec.base import Duration, SpecModel
from podium.spec.budget import BudgetSpec
from podium.spec.endorse import Endorse
from podium.spec.names import Name
from podium.spec.template import Condition, Expression, Template
from podium.spec.types import Type

if TYPE_CHECKING:
    from podium.spec.diagnostic import Loc


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
        need: How many must arrive: a number, or 0 for every one that is not skipped. A node may ask for one more
            source than it was given (`MoreSources`).
        deadline: Go on with what has arrived after this long, counted from the first arrival.
        cancel: Once it is done, what leads to nothing but it and has not ended is withdrawn.
    """

    sources: tuple[NodeId, ...]
    need: int
    deadline: timedelta | None
    cancel: bool = False


class Revision(NamedTuple):
    """A node that may send an earlier node back to work: `target` runs again at most `max` times."""

    target: NodeId
    max: int


class Inner(NamedTuple):
    """An expression over the nodes of a body, and the keys below the node at which it stands."""

    expression: Expression
    loc: Loc


class Body(NamedTuple):
    """Nodes inside a node.

    Attributes:
        nodes: As in a workflow.
        loc: The keys below the node at which they stand.
        result: What one item gives, over the nodes of the body; None means the only node that nobody uses.
        result_loc: Where the result would stand.
        variable: The name under which the nodes see what they are run for; "" when there is no such name.
        variable_loc: Where that name stands.
        each: Run once per item, `drafts[3]/write`; otherwise the nodes stand right below the node, `pay/charge`.
        concurrency: How many items are open at once.
        max_failed: How many items may fail; once more have, no further item needs to be opened. None: any number.
        enough: The node goes on as soon as so many items are done, and the others are withdrawn; 0 for all.
        signal: Each signal of this name adds an item while items are open.
        tells: What else the node wants to know of an item once it is over, `{name: expression}`.
        budget: What all the nodes together may use.
    """

    nodes: Mapping[NodeId, NodeConfig]
    loc: Loc
    result: Expression | None = None
    result_loc: Loc = ()
    variable: str = ""
    variable_loc: Loc = ()
    each: bool = False
    concurrency: int = 1
    max_failed: int | None = None
    enough: int = 0
    signal: str = ""
    tells: Mapping[str, Inner] = {}
    budget: BudgetSpec | None = None

    def inner(self) -> Iterator[Inner]:
        """Yield the expressions over the nodes of the body."""
        if self.result is not None:
            yield Inner(self.result, self.result_loc)
        yield from self.tells.values()


HANDLED_PORTS = ("error", "rejected", "expired", "denied", "limit", "unclear", "empty")
"""Ports that a node other than a switch may leave by; each has a property `on_<port>`."""


OTHER = "else"
"""Stands in `on_error` for all kinds that are not named."""

CONTINUE, ASK = "continue", "ask"
"""Values of `on_error` beside the node that handles it: go on as if the node had given null, or ask a person."""


def port_of(port: str) -> str:
    """Return the port that a handled port belongs to: `error` for `error.timeout`."""
    return port.partition(".")[0]


def _kinds(value: object) -> object:
    """Refuse kinds of error that do not exist; the choice is the author's own typing."""
    if not isinstance(value, dict):
        return value
    by_kind = cast("dict[object, object]", value)
    known = (*get_args(ErrorKind), OTHER)
    for kind in by_kind:
        if kind not in known:
            name, message = "error_kind", "expected a kind of error, got `{kind}`"
            raise PydanticCustomError(name, message, {"kind": str(kind), "known": known})
    return by_kind


OnError = Annotated[
    str | dict[str, str],
    BeforeValidator(_kinds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "propertyNames": {"enum": [*get_args(ErrorKind), OTHER]},
                    "additionalProperties": {"type": "string"},
                    "minProperties": 1,
                },
            ]
        }
    ),
]


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
    "NodeConfig",
    PlainValidator(parse_node),
    PlainSerializer(lambda node: node.model_dump(by_alias=True, exclude_defaults=True)),
    WithJsonSchema({"x-podium": "Node"}),
]
"""A node of any known type."""


class NodeConfig(SpecModel):
    """What every node may carry, whatever its type. Types add their main argument and settings.

    The methods tell the compiler the shape that a type gives to the graph; the defaults fit a plain node.
    """

    type_key: ClassVar[str] = ""
    """The key that makes a node one of this type; the registry sets it on the class that a node type names."""

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

    budget: BudgetSpec | None = None
    """What it may use, with all its attempts, its fallbacks and what is inside it."""

    on_error: OnError = ""
    """`continue`, `ask`, or the node that handles an error; by kind, `{timeout: other_node, else: ask}`. Otherwise an
    error ends the run as failed."""

    default: Template | None = None
    """The result when the node finally failed; the run goes on with it and ends `done_with_errors`."""

    fallback: Annotated[tuple[AnyNode, ...], Field(max_length=10)] = ()
    """Other nodes that are tried in this order when the node finally failed; they may read `error`."""

    compensate: AnyNode | None = None
    """What undoes the node's effect. When the scope around it fails, what was completed is compensated in reverse."""

    redact: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Kinds of data, such as `email`, `card` or `personal`, that stay here: models and tools are sent a mask in their
    place, `<EMAIL_1>`, which is put back into the answer."""

    lock: Name | None = None
    """Nodes of a run with the same lock never run at the same time."""

    endorse: Annotated[dict[str, Endorse], Field(max_length=100)] = Field(default_factory=dict)
    """Checks by which fields of the result become trusted, by field; `out` is the result as a whole. What does not
    pass leaves by port `unclear`."""

    cancels: tuple[Name, ...] = ()
    """Nodes that are withdrawn once this one is done: stopped when at work, skipped when not yet begun."""

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

    @model_validator(mode="after")
    def _one_way_to_fail(self) -> Self:
        if self.default is not None and self.on_error:
            kind, message = "default_idle", "expected `default` or `on_error`, got both"
            raise PydanticCustomError(kind, message, {"loc": ("default",)})
        return self

    @model_validator(mode="after")
    def _wall_has_an_inside(self) -> Self:
        if self.budget is not None and self.budget.wall is not None and not (self.bodies() or self.flow()):
            kind, message = "wall_idle", "expected `timeout`: `wall` is for nodes with nodes inside"
            raise PydanticCustomError(kind, message, {"loc": ("budget", "wall")})
        return self

    def handlers(self) -> Mapping[str, str]:
        """Return who handles what this node may leave by: `{port: node, "continue" or "ask"}`.

        A port is one of `HANDLED_PORTS`, or `error.<kind>`.
        """
        found: dict[str, str] = {}
        on_error: str | Mapping[str, str] = self.on_error or ({} if self.default is None else CONTINUE)
        for kind, handler in on_error.items() if isinstance(on_error, Mapping) else ((OTHER, on_error),):
            found["error" if kind == OTHER else f"error.{kind}"] = handler
        for port in HANDLED_PORTS:
            if port != "error" and (handler := cast("str", getattr(self, f"on_{port}"))):
                found[port] = handler
        return found

    def starts(self) -> Mapping[str, tuple[NodeId, ...]]:
        """Return the ports of its own by which it starts named nodes (switch): `{port: nodes}`."""
        return {}

    def join_rule(self) -> JoinRule | None:
        """Return how it waits for its branches; None for a node that waits for all it refers to."""
        return None

    def releases(self) -> tuple[str, ...] | Literal["all"] | None:
        """Return the nodes that it waits for and whose prepared effects it releases (commit); None for other types."""
        return None

    def bodies(self) -> Mapping[str, Body]:
        """Return the nodes it runs inside, `{part: body}`; the main part is called ""."""
        return {}

    def variable_type(self, part: str, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - for types that override it
        """Return the type of a body's variable, given the types of its evaluated fields, by key as written."""
        return Type.any()

    def flow(self) -> str:
        """Return the sub-workflow that it runs in place, by its key under `flows:`; "" for none."""
        return ""

    def callback(self) -> bool:
        """Tell whether it waits for a call from outside, which needs its token."""
        return False

    def vouches(self) -> Expression | None:
        """Return the expression whose value a person agrees to exactly as it stands, by `out` (human)."""
        return None

    def hears(self) -> tuple[str, ...] | None:
        """Return whose answers it may be given while it runs: `model`, `grant.function`; None for any that is granted.

        What is inside it answers for itself. A type that calls nothing says so, so that lint need not fear the worst.
        """
        return None

    def believes(self) -> bool:
        """Tell whether what it hears from outside (a signal) counts as the user's own word (wait)."""
        return False

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

        A join finds under its type key an object type with what its sources give; a node with bodies finds under
        `result` the type of what the main one gives, and under `<part>.result` those of the others.
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


@runtime_checkable
class UsesTools(Protocol):
    """A node that may call functions of granted tools while it runs, likewise."""

    def may_call(self) -> tuple[str, ...]:
        """Return the functions, each as `grant.function`."""
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
