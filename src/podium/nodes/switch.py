"""Switch: cases decide which nodes start.

```yaml run="ok"
podium: 1
name: answer-by-size
inputs:
  pages: {type: integer, default: 12}
nodes:
  size:
    switch:
      - {when: inputs.pages > 100, then: refuse}
      - {when: inputs.pages > 10, then: [outline, warn]}
    else: read
  refuse: {transform: Too long to read.}
  outline: {transform: Reading the headings only.}
  warn: {transform: This takes a while.}
  read: {transform: Reading all of it.}
  answer: {join: [refuse, outline, read], reduce: first}
result: answer.out
```

Cases are tried in their order and evaluated only until one holds, so a case may rely on those before it. With
`matches: all` every case is evaluated, and the nodes of all that hold start. The nodes of the other cases are skipped,
and so is what hangs on them alone; branches meet again in a `join` or in any plain node. The switch leaves by port
`case_1`, `case_2`, … or `else`. When no case holds and there is no `else`, it starts nothing and leaves by port
`empty`, which `on_empty` may handle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal, cast

from pydantic import BeforeValidator, Field

from podium.errors import ExpressionError
from podium.ids import NodeId
from podium.node.contract import Context, Done, NodeConfig, Port, Values
from podium.spec.model import Condition, Name, SpecModel


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Targets = Annotated[
    tuple[Name, ...], Field(min_length=1), BeforeValidator(_as_list, json_schema_input_type=Name | tuple[Name, ...])
]
"""A node, or several."""


class Case(SpecModel):
    """A condition, and what it starts."""

    when: Condition
    """When this holds and, unless all cases count, nothing before it did."""

    then: Targets
    """The node or nodes to start."""


class SwitchConfig(NodeConfig):
    """The cases, in the order in which they are tried."""

    switch: Annotated[tuple[Case, ...], Field(min_length=1, max_length=100)]
    """Cases; the first that holds is taken, or all that hold."""

    matches: Literal["first", "all"] = "first"
    """Whether the first case that holds is taken, or all of them."""

    else_: Annotated[Targets | None, Field(alias="else")] = None
    """What to start when no case holds."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def starts(self) -> Mapping[str, tuple[NodeId, ...]]:
        """Return what each case starts."""
        ports = {f"case_{number}": case.then for number, case in enumerate(self.switch, 1)}
        if self.else_:
            ports["else"] = self.else_
        return cast("Mapping[str, tuple[NodeId, ...]]", ports)

    def late_fields(self) -> frozenset[str]:
        """Return the cases: a later one may make no sense when an earlier one holds."""
        return frozenset({"switch"})


class SwitchNode:
    """Takes the first case that holds, or all."""

    type: ClassVar[str] = "switch"
    config: ClassVar[type[NodeConfig]] = SwitchConfig

    async def run(self, ctx: Context, config: SwitchConfig, values: Values) -> Done:  # noqa: ARG002 - the contract
        """Return the ports of the cases."""
        found = _holding(ctx, config)
        if config.matches == "first":
            found = itertools.islice(found, 1)
        ports = {Port(f"case_{number}"): str(case.when) for number, case in found}
        if ports:
            first, *others = ports
            held = " and ".join(f"`{when}`" for when in ports.values())
            return Done(port=first, also=tuple(others), reason=f"{held} hold{'' if others else 's'}")
        if config.else_:
            return Done(port=Port("else"), reason="no case holds")
        return Done(port=Port("empty"), reason="no case holds and there is no `else`")


def _holding(ctx: Context, config: SwitchConfig) -> Iterator[tuple[int, Case]]:
    """Yield the cases that hold, with their numbers; what is not asked for is not evaluated."""
    for number, case in enumerate(config.switch, 1):
        holds = ctx.evaluate(case.when)
        if not isinstance(holds, bool):
            raise ExpressionError(f"expected true or false from `{case.when}`, got `{holds}`")
        if holds:
            yield number, case
