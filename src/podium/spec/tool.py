"""Grants of tools: which functions a workflow may use, what they do to the world, what a second call means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.approval import Approval, ApprovalSpec
from podium.spec.auth import AuthSpec
from podium.spec.base import Duration, SpecModel
from podium.spec.budget import CostSpec
from podium.spec.names import Name
from podium.spec.sandbox import SandboxSpec

Json = Any

EffectClass = Literal["none", "read", "write", "irreversible"]
"""What an effect does to the world."""

Delivery = Literal["repeatable", "keyed", "once"]
"""What a second try means: harmless, harmless with the same key, or perhaps a second effect."""


class SourceSpec(SpecModel):
    """What may be done with what comes from here: a tool's answers, an input of a workflow."""

    level: str = ""
    """How confidential it is: one of the installation's levels; empty for its default."""

    categories: tuple[Name, ...] = ()
    """What it contains, such as `pii`."""

    residency: tuple[Name, ...] | None = None
    """The regions where it may go; an empty list keeps it on this machine."""


class FunctionSpec(SpecModel):
    """What is known of one function of a tool; each says more exactly what the tool says of all of them."""

    effect: EffectClass | None = None
    """What it does to the world."""

    delivery: Delivery | None = None
    """What a second call means."""

    approval: Approval | None = None
    """Whether people must approve each call: `never`, `required` (somebody, within a day), or who must agree."""

    trust: Literal["trusted", "untrusted"] | None = None
    """Whether what it returns may be believed."""

    critical: tuple[str, ...] | None = None
    """The arguments that decide who or what is affected, such as a recipient or an amount. They must come from the
    user, the author or what is vouched for, else a person is asked. Without it they are told by their names; of an
    `irreversible` function all are. `body.links` are the links in a text."""

    returns: SourceSpec | None = None
    """What may be done with its answers."""

    cost: CostSpec | None = None
    """What one call costs at most."""

    fields: dict[str, Literal["trusted", "selected"]] = Field(default_factory=dict)
    """Fields of its answers that may be believed although the rest may not, for what an agent makes of them:
    `trusted` ones always, `selected` ones in rows that the user pointed at. `body.links` are the links in a text."""

    keys: tuple[str, ...] = ()
    """Fields by which a user points at a row, such as the name of a file."""

    selects: tuple[str, ...] = ()
    """Arguments of which each narrows the rows of the answer: a user who names one points at those rows."""

    staged: bool | None = None
    """Whether its writes stand in the outbox of the run until a `commit` releases them."""


class TwinSpec(SpecModel):
    """A safe double of a tool: a Python module that offers the same functions and does nothing to the world."""

    model_config = ConfigDict(extra="allow")

    python: str
    """A module with functions marked `@podium.tool`. Further keys are its settings, such as `root`."""

    @property
    def settings(self) -> Mapping[str, Json]:
        """Further keys, for the module."""
        return self.__pydantic_extra__ or {}


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

    approval: Approval = "never"
    """Whether people must approve each call: `never`, `required` (somebody, within a day), or who must agree."""

    timeout: Duration = timedelta(minutes=2)
    """The longest a call may take."""

    returns: SourceSpec = Field(default_factory=SourceSpec)
    """What may be done with its answers."""

    clearance: str = ""
    """The highest level of what may be sent to it: one of the installation's levels; empty for its default."""

    region: str = ""
    """Where it is. Without it a program is on this machine, and a server with another host's URL elsewhere."""

    sees: tuple[Name, ...] = ()
    """Kinds of data, such as `email` or `secret`, that it may be sent although the installation takes them out."""

    env: dict[str, str] = Field(default_factory=dict)
    """Environment of the server process; values may be `${secrets.name}`."""

    sandbox: SandboxSpec | None = None
    """Walls around a server that is started by its command. It needs bubblewrap, and is not started without."""

    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of requests to a server that is reached by URL; values may hold `${secrets.name}`, such as
    `Authorization: "Bearer ${secrets.erp_token}"`."""

    auth: AuthSpec | None = None
    """How a server that is reached by URL is logged in to; without it nothing but `headers` is shown."""

    identity: Literal["none", "send"] = "none"
    """Whether calls tell the server in whose names they are made."""

    staged: bool = False
    """Whether its writes stand in the outbox of the run until a `commit` releases them."""

    twin: Name | TwinSpec | None = None
    """A safe double that shadow and dry runs call instead: another tool of the workflow, or a Python module."""

    cost: CostSpec | None = None
    """What one call costs at most, in money and energy; without it a call costs no money."""

    def effect_of(self, function: str) -> EffectClass:
        """Return what one of its functions does to the world."""
        special = self.functions.get(function)
        return special.effect if special and special.effect else self.effect

    def delivery_of(self, function: str) -> Delivery:
        """Return what a second call of one of its functions means."""
        special = self.functions.get(function)
        return special.delivery if special and special.delivery else self.delivery

    def approval_of(self, function: str) -> Literal["never", "required"] | ApprovalSpec:
        """Return whether people must approve each call of one of its functions, and who."""
        special = self.functions.get(function)
        return special.approval if special and special.approval else self.approval

    def trust_of(self, function: str) -> Literal["trusted", "untrusted"]:
        """Return whether what one of its functions returns may be believed."""
        special = self.functions.get(function)
        return special.trust if special and special.trust else self.trust

    def returns_of(self, function: str) -> SourceSpec:
        """Return what may be done with the answers of one of its functions."""
        special = self.functions.get(function)
        return special.returns if special and special.returns else self.returns

    def critical_of(self, function: str) -> tuple[str, ...] | None:
        """Return the arguments of one of its functions that are declared to be critical; None when nothing is said."""
        special = self.functions.get(function)
        return special.critical if special else None

    def staged_of(self, function: str) -> bool:
        """Return whether the writes of one of its functions go to the outbox."""
        special = self.functions.get(function)
        return self.staged if special is None or special.staged is None else special.staged

    def double(self, tools: Mapping[str, ToolSpec]) -> ToolSpec | None:
        """Return the grant of its twin, None when it has none; `tools` are those of its workflow."""
        if self.twin is None or isinstance(self.twin, str):
            return tools[self.twin] if self.twin else None
        return ToolSpec.model_validate(
            {
                "python": self.twin.python,
                "effect": "none",
                "delivery": "repeatable",
                "timeout": self.timeout,
                "clearance": self.clearance,
            }
            | dict(self.twin.settings)
        )

    @property
    def acts(self) -> bool:
        """Whether calls are made in somebody's name, so that the other side must be told which."""
        return self.identity == "send" or (self.auth is not None and self.auth.as_ == "person")

    def cost_of(self, function: str) -> CostSpec | None:
        """Return what a call of one of its functions costs at most; None when nothing is said."""
        special = self.functions.get(function)
        return special.cost if special and special.cost else self.cost

    @property
    def settings(self) -> Mapping[str, Json]:
        """Further keys, for the module named by `python`."""
        return self.__pydantic_extra__ or {}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.mcp is None) == (self.python is None):
            kind, message = "tool_source", "expected exactly one of `mcp` and `python`"
            raise PydanticCustomError(kind, message)
        if self.sandbox is not None and not isinstance(self.mcp, tuple):
            kind, message = "tool_sandbox", "expected `sandbox` with a server that is started by its command only"
            raise PydanticCustomError(kind, message, {"loc": ("sandbox",)})
        if self.auth is not None and not isinstance(self.mcp, str):
            kind, message = "tool_auth", "expected `auth` with a server that is reached by URL only"
            raise PydanticCustomError(kind, message, {"loc": ("auth",)})
        if self.auth is not None and any(name.lower() == "authorization" for name in self.headers):
            kind, message = "tool_auth", "expected `auth` or a header `Authorization`, got both"
            raise PydanticCustomError(kind, message, {"loc": ("auth",)})
        if self.settings and self.python is None:
            kind, message = "tool_settings", "unknown key `{key}`: only `python` tools take settings of their own"
            raise PydanticCustomError(kind, message, {"key": next(iter(self.settings))})
        return self
