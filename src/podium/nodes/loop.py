"""Loop: runs its nodes again and again, until something holds.

```yaml run="ok"
podium: 1
name: polish
inputs:
  topic: {type: text, default: the tides}
nodes:
  refine:
    loop:
      draft: {llm: "Two sentences on ${inputs.topic}. The version before, if any: ${last}"}
      length: {transform: "${size(draft.out)}"}
    start: "'none yet'"
    until: length.out < 400
    max: 3
    on_max: last
    result: draft.out
result: refine.out
```

One round after the other; the nodes of the third round stand at `refine[2]/draft`. In each round `last` (or what `as:`
calls it) is the result of the round before, in the first round `start`, or null. `while` is asked before each round,
over `last` and what stands around the loop; `until` after it, over the nodes of the round. Without either the loop runs
`max` times. The result is that of the last round, `start` when there was none.

When `max` rounds are over and the loop should go on, it leaves by port `limit`: handle it with `on_limit`, or take the
last result by `on_max: last`. A round that fails, fails the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field

from podium.errors import ExpressionError, NodeError
from podium.ids import NodeId
from podium.node.contract import Context, Done, Fork, ItemResult, Json, NodeConfig, Values
from podium.spec.model import Body, Condition, Expression, Inner, NodeName, Nodes
from podium.spec.types import Type

UNTIL = "until"


class LoopConfig(NodeConfig):
    """The nodes of one round, and when there is another one."""

    loop: Annotated[Nodes, Field(min_length=1)]
    """The nodes of one round."""

    as_: Annotated[NodeName, Field(alias="as")] = "last"
    """The name under which they see the result of the round before."""

    start: Expression | None = None
    """What they see in the first round."""

    while_: Annotated[Condition | None, Field(alias="while")] = None
    """Asked before each round: another one begins while this holds."""

    until: Condition | None = None
    """Asked after each round, over its nodes: this round was the last when this holds."""

    max: Annotated[int, Field(ge=1, le=10_000)] = 10
    """The most rounds."""

    on_max: Literal["fail", "last"] = "fail"
    """When `max` rounds were not enough: fail with kind `limit`, or take the last result."""

    result: Expression | None = None
    """What a round gives; may be left out when there is one last node."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def bodies(self) -> Mapping[str, Body]:
        """Return the nodes of a round."""
        tells = {} if self.until is None else {UNTIL: Inner(self.until, (UNTIL,))}
        body = Body(
            nodes=cast("Mapping[NodeId, NodeConfig]", self.loop),
            loc=("loop",),
            result=self.result,
            result_loc=("result",),
            variable=self.as_,
            variable_loc=("as",),
            each=True,
            max_failed=0,
            tells=tells,
        )
        return {"": body}

    def late_fields(self) -> frozenset[str]:
        """Return what is asked again before each round."""
        return frozenset({"while"})

    def late_names(self) -> Mapping[str, Type]:
        """Return the result of the round before."""
        return {self.as_: Type.any()}

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return what a round gives; anything, when `start` is something else and there may be no round."""
        result = fields.get("result", Type.any())
        return result if self.while_ is None or fields.get("start") == result else Type.any()


class LoopNode:
    """Opens one round after the other."""

    type: ClassVar[str] = "loop"
    config: ClassVar[type[NodeConfig]] = LoopConfig

    async def run(self, ctx: Context, config: LoopConfig, values: Values) -> Fork | Done:
        """Begin the first round, if there is one."""
        start = values.get("start")
        return Fork([start]) if _holds(ctx, config, start) else Done(start)

    async def collect(
        self,
        ctx: Context,
        config: LoopConfig,
        values: Values,  # noqa: ARG002 - the contract
        items: Sequence[ItemResult],
    ) -> Fork | Done:
        """Begin the next round, or end with the result of the last one."""
        last = items[-1]
        if last.status == "failed":
            raise NodeError(
                "EN058",
                f"round {last.index + 1} failed: {last.code}: {last.message}",
                kind=last.kind or "failed",
                help="handle the error inside the loop, or with `on_error` of the loop",
            )
        if config.until is not None and last.told[UNTIL]:
            return Done(last.value)
        if not _holds(ctx, config, last.value):
            return Done(last.value)
        if len(items) < config.max:
            return Fork([last.value])
        endless = config.until is not None or config.while_ is not None
        if endless and config.on_max == "fail":
            raise NodeError(
                "EN059",
                f"{config.max} rounds were not enough",
                kind="limit",
                help="raise `max`, or take the last result with `on_max: last`",
            )
        return Done(last.value)


def _holds(ctx: Context, config: LoopConfig, last: Json) -> bool:
    """Whether another round may begin."""
    if config.while_ is None:
        return True
    holds = ctx.evaluate(config.while_, **{config.as_: last})
    if not isinstance(holds, bool):
        raise ExpressionError(f"expected true or false from `{config.while_}`, got `{holds}`")
    return holds
