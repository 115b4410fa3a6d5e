"""Validate: checks what was made, and sends it back to work when it does not hold.

```yaml run="ok"
podium: 1
name: short-notice
inputs:
  news: {type: text, default: The canteen closes at two on Friday.}
nodes:
  notice: {llm: "Make a short notice of this: ${inputs.news}"}
  check:
    validate:
      - {check: size(notice.out) < 400, message: "Use fewer than 400 characters, not ${size(notice.out)}."}
      - {check: "!notice.out.contains('!')", message: No exclamation marks.}
    revise: notice
    max: 3
  posted: {transform: "To all: ${notice.out}"}
result: posted.out
```

One condition, or a list of conditions with a message for each. All that fail are told at once: the node named by
`revise` runs again with these messages and its earlier result, and so does everything between it and the check, at
most `max` times. After that, or without `revise`, the node fails with kind `invalid_output`. A check that holds gives
`true`. With `revise`, nobody else sees what is being checked before the check has ended, nor when it fails; without,
say `after: [check]` where that matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, cast

from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from podium.errors import ExpressionError, NodeError
from podium.ids import NodeId
from podium.node.contract import Context, Done, NodeConfig, Revise, Values
from podium.spec.model import Condition, Expression, Name, Revision, SpecModel, TextTemplate
from podium.spec.types import Type, parse_type


class Check(SpecModel):
    """A condition and what to say when it does not hold."""

    check: Condition
    """What must hold."""

    message: TextTemplate | None = None
    """What to say when it does not; it is what a model reads that must do better."""


Checks = Annotated[tuple[Check, ...], Field(min_length=1, max_length=50)]
_ONE: TypeAdapter[Condition] = TypeAdapter(Condition)
_MANY: TypeAdapter[tuple[Check, ...]] = TypeAdapter(Checks)


def _one_or_many(value: object, info: ValidationInfo) -> Expression | tuple[Check, ...]:
    """Read either form; a union would report what is wrong with a list twice."""
    if isinstance(value, list | tuple):
        return _MANY.validate_python(value, context=info.context)
    return _ONE.validate_python(value)


def _written(checks: Expression | tuple[Check, ...]) -> object:
    if isinstance(checks, Expression):
        return str(checks)
    return [check.model_dump(exclude_defaults=True) for check in checks]


class ValidateConfig(NodeConfig):
    """What must hold, and what happens when it does not."""

    validate_: Annotated[
        Expression | tuple[Check, ...],
        PlainValidator(_one_or_many, json_schema_input_type=Expression | Checks),
        PlainSerializer(_written),
        Field(alias="validate"),
    ]
    """A condition, or a list of `{check, message}`."""

    message: TextTemplate | None = None
    """What to say when a single condition does not hold."""

    revise: Name | None = None
    """The node that does its work again with the message."""

    max: Annotated[int, Field(ge=1, le=20)] = 2
    """How often it may be sent back."""

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse settings that would have no effect; their author expects something of them."""
        if self.message is not None and not isinstance(self.validate_, Expression):
            kind, message = "message_idle", "expected a `message` in each check of a list, not beside the list"
            raise PydanticCustomError(kind, message, {"loc": ("message",)})
        if "max" in self.model_fields_set and self.revise is None:
            kind, message = "max_idle", "expected `max` with `revise` only"
            raise PydanticCustomError(kind, message, {"loc": ("max",)})
        return self

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def revision(self) -> Revision | None:
        """Return whom it sends back to work."""
        return Revision(NodeId(self.revise), self.max) if self.revise else None

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
        """Return boolean: a check that holds gives `true`."""
        return parse_type("boolean")


class ValidateNode:
    """Lets pass what holds."""

    type: ClassVar[str] = "validate"
    config: ClassVar[type[NodeConfig]] = ValidateConfig

    async def run(self, ctx: Context, config: ValidateConfig, values: Values) -> Done | Revise:  # noqa: ARG002 - the contract
        """Return true, or send back what does not hold."""
        problems = _problems(config, values)
        if not problems:
            return Done(out=True)
        reason = "\n".join(problems)
        if config.revise:
            return Revise(reason)
        raise NodeError("EN053", reason, kind="invalid_output", help="add `revise:` to have it done again")


def _problems(config: ValidateConfig, values: Values) -> list[str]:
    """Return one message per condition that does not hold."""
    checks = config.validate_
    if isinstance(checks, Expression):
        return _problem(checks, values["validate"], values.get("message"))
    found = cast("list[Values]", values["validate"])
    return [
        problem
        for check, value in zip(checks, found, strict=True)
        for problem in _problem(check.check, value["check"], value.get("message"))
    ]


def _problem(check: Expression, holds: object, message: str | None) -> list[str]:
    if not isinstance(holds, bool):
        raise ExpressionError(f"expected true or false from `{check}`, got `{holds}`")
    return [] if holds else [message or f"`{check}` does not hold"]
