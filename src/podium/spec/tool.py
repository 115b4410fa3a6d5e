"""Grants of tools: which functions a workflow may use, what they do to the world, what a second call means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import Duration, SpecModel

Json = Any

EffectClass = Literal["none", "read", "write", "irreversible"]
"""What an effect does to the world."""

Delivery = Literal["repeatable", "keyed", "once"]
"""What a second try means: harmless, harmless with the same key, or perhaps a second effect."""


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
