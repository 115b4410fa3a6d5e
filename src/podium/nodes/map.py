"""Map: runs its own nodes once for each item of a list, several at a time.

```yaml run="ok"
podium: 1
name: one-line-each
inputs:
  topics: {type: [text], default: [tides, bees]}
nodes:
  lines:
    map: inputs.topics
    as: topic
    do:
      write: {llm: "One line on ${topic}."}
      check: {validate: size(write.out) < 400, revise: write}
    result: write.out
    on_item_error: {max_failed: 1}
result: lines.out
```

The result is the list of the items' results, in the order of the items, whichever was ready first. An item whose
`result` was skipped (by a `when` inside) gives nothing, so a map can also filter. What happens when items fail:

- `on_item_error: fail` (the default): the map fails with the error of the first failed item.
- `on_item_error: collect`: failed items are left out; the run ends `done_with_errors`.
- `on_item_error: {max_failed: 3}`: as `collect` up to that many, then as `fail`.

Which items failed and why stands in the node's reason and in the records of the items. An empty list gives an empty
list, by port `empty` where `on_empty` names a node.

With `enough: 2` the map is done as soon as two items are; the others are withdrawn, and when fewer than that remain the
map fails. With `more: {signal: name}` each signal of that name adds an item while others are open, which sees the
signal's value as its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, cast

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from podium.errors import ExpressionError, NodeError
from podium.ids import NodeId
from podium.node.contract import Context, Done, Fork, ItemResult, NodeConfig, Port, Values
from podium.spec.model import Body, Expression, Items, Name, NodeName, Nodes, SpecModel
from podium.spec.types import Type

MOST_ITEMS = 100_000
_NAMED_FAILURES = 3


class ItemErrors(SpecModel):
    """How many items may fail before the map does."""

    max_failed: Annotated[int, Field(ge=0, le=MOST_ITEMS)]
    """Up to this many are left out of the result."""


class More(SpecModel):
    """How items are added while the map is open."""

    signal: Name
    """Each signal of this name is one more item."""


def _policy(value: object) -> object:
    match value:
        case "fail":
            return {"max_failed": 0}
        case "collect":
            return {"max_failed": MOST_ITEMS}
        case str():
            kind, message = "item_errors", "expected `fail`, `collect` or `{max_failed: 3}`, got `{got}`"
            raise PydanticCustomError(kind, message, {"got": value})
        case _:
            return value


class MapConfig(NodeConfig):
    """The items, what to do with each, and how many at a time."""

    map: Items
    """The list to go through."""

    as_: Annotated[NodeName, Field(alias="as")] = "item"
    """The name under which the nodes inside see their item."""

    do: Annotated[Nodes, Field(min_length=1)]
    """The nodes that run for each item."""

    result: Expression | None = None
    """What one item gives; may be left out when there is one last node."""

    concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    """How many items are at work at once."""

    on_item_error: Annotated[
        ItemErrors, BeforeValidator(_policy, json_schema_input_type=Literal["fail", "collect"] | ItemErrors)
    ] = ItemErrors(max_failed=0)
    """What to do when items fail: `fail`, `collect`, or `{max_failed: n}`."""

    enough: Annotated[int, Field(ge=1, le=MOST_ITEMS)] | None = None
    """So many items will do; the others are withdrawn."""

    more: More | None = None
    """`{signal: name}`: each signal of that name adds an item while others are open."""

    max_items: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 10_000
    """The longest list that is accepted."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def bodies(self) -> Mapping[str, Body]:
        """Return the nodes inside."""
        body = Body(
            nodes=cast("Mapping[NodeId, NodeConfig]", self.do),
            loc=("do",),
            result=self.result,
            result_loc=("result",),
            variable=self.as_,
            variable_loc=("as",),
            each=True,
            concurrency=self.concurrency,
            max_failed=self.on_item_error.max_failed,
            enough=self.enough or 0,
            signal=self.more.signal if self.more else "",
        )
        return {"": body}

    def variable_type(self, part: str, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - there is one part
        """Return the type of an item; what a signal brings may be anything."""
        if self.more is not None:
            return Type.any()
        return fields.get("map", Type.any()).item() or Type.any()

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the list of what one item gives."""
        return Type.list_of(fields.get("result", Type.any()))


class MapNode:
    """Opens the items, and makes one list of what they gave."""

    type: ClassVar[str] = "map"
    config: ClassVar[type[NodeConfig]] = MapConfig

    async def run(self, ctx: Context, config: MapConfig, values: Values) -> Fork | Done:
        """Open one body per item, within `max_items`."""
        items = values["map"]
        if not isinstance(items, list):
            raise ExpressionError(f"expected a list from `{config.map}`, got `{json.dumps(items)[:80]}`")
        items = cast("list[object]", items)
        if len(items) > config.max_items:
            raise NodeError(
                "EN054",
                f"{len(items)} items are more than `max_items`, {config.max_items}",
                kind="limit",
                help=f"raise `max_items` (at most {MOST_ITEMS}), or make the list shorter",
            )
        if not items and config.on_empty:
            return Done([], port=Port("empty"))
        return Fork(items) if items else await self.collect(ctx, config, values, ())

    async def collect(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: MapConfig,
        values: Values,  # noqa: ARG002 - the contract
        items: Sequence[ItemResult],
    ) -> Done:
        """Return the results in the order of the items."""
        failed = [item for item in items if item.status == "failed"]
        if len(failed) > config.on_item_error.max_failed:
            raise NodeError(
                "EN055",
                f"{_which_failed(failed)}; {config.on_item_error.max_failed} may fail",
                kind=failed[0].kind or "failed",
                help="look at the first failed item, or allow more failures with `on_item_error`",
            )
        if config.enough is not None and len(items) - len(failed) < config.enough:
            raise NodeError(
                "EN064",
                f"{len(items) - len(failed)} of {len(items)} items went well, and `enough` is {config.enough}",
                kind=failed[0].kind or "failed" if failed else "failed",
                help="give it more items, or let fewer be enough",
            )
        results = [item.value for item in items if item.status == "ok"]
        return Done(results, errors=len(failed), reason=_which_failed(failed) if failed else "")


def _which_failed(failed: Sequence[ItemResult]) -> str:
    """Return one line that names the first failed items."""
    named = "; ".join(f"[{item.index}] {item.code}: {item.message}" for item in failed[:_NAMED_FAILURES])
    more = len(failed) - _NAMED_FAILURES
    count = "1 item failed" if len(failed) == 1 else f"{len(failed)} items failed"
    return f"{count}: {named}" + (f"; and {more} more" if more > 0 else "")
