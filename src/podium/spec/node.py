"""What every node may carry, whatever its type, and the shape that a type gives to the graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from podium.ids import NodeId
from podium.spec.base import Duration, SpecModel
from podium.spec.names import Name
from podium.spec.template import Condition, Expression
from podium.spec.types import Type


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
