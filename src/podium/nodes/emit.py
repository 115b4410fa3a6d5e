"""Emit: says something that is worth knowing outside the run, or tells another wait.

```yaml run="ok"
podium: 1
name: ship-it
inputs:
  order: {type: text, default: A-1007}
nodes:
  packed: {emit: packed, as: event, value: {order: "${inputs.order}"}}
  pick_up: {wait: {signal: packed}}
  shipped: {emit: shipped, value: {order: "${pick_up.out.order}"}}
  told: {emit: on_its_way, as: notification, value: "${inputs.order} is on its way.", after: [shipped]}
result: shipped.out
```

It is recorded with the result of the node, in the same step, and once, however often the run was interrupted:

- a `fact` (the default) is for the books: what happened, under a name, with a value;
- a `notification` is for people who watch the run;
- an `event` goes to the `wait: {signal: name}` of this run, one that waits now or the next one that will. With `to`,
  an expression that gives a run id, it is sent to that run instead.

The result is the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, cast

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from podium.node.calls import RunCall
from podium.node.contract import Context, Done, Fact, NodeConfig, Values
from podium.spec.model import Expression, Name, Template
from podium.spec.types import Type


class RunExpression(Expression):
    """An expression that must give a run id."""

    __slots__ = ()
    wants = Type({"type": "string"})


class EmitConfig(NodeConfig):
    """What is said, as what, and to whom."""

    emit: Name
    """The name of what happened; for an event, that of the signal."""

    as_: Annotated[Literal["fact", "event", "notification"], Field(alias="as")] = "fact"
    """`fact` for the books, `event` for a wait, `notification` for people."""

    value: Template | None = None
    """What there is to say about it."""

    to: RunExpression | None = None
    """For an event: the run that it is sent to; without it, this one."""

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        if self.to is not None and self.as_ != "event":
            kind, message = "emit_to", "expected `to` with `as: event` only, got `as: {got}`"
            raise PydanticCustomError(kind, message, {"got": self.as_, "loc": ("to",)})
        return self

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of the value."""
        return fields.get("value", Type({"type": "null"}))


class EmitNode:
    """Hands what is to be said to the record, or to another run."""

    type: ClassVar[str] = "emit"
    config: ClassVar[type[NodeConfig]] = EmitConfig

    async def run(self, ctx: Context, config: EmitConfig, values: Values) -> Done:
        """Record it, or send it."""
        value = values.get("value")
        if config.to is None:
            return Done(value, fact=Fact(kind=config.as_, name=config.emit, value=value))
        await ctx.call_run(RunCall(action="signal", run=cast("str", values["to"]), name=config.emit, value=value))
        return Done(value)
