"""Subflow: runs another workflow as one node.

```yaml run="ok"
podium: 1
name: greet-everybody
inputs:
  people: {type: [text], default: [Ada, Grace]}
flows:
  greet:
    podium: 1
    name: greet
    inputs: {person: {type: text}}
    nodes:
      line: {transform: "Hello, ${inputs.person}."}
    result: line.out
nodes:
  all:
    map: inputs.people
    do:
      one: {subflow: greet, with: {person: "${item}"}}
result: all.out
```

The other workflow is defined under `flows:`, or a file is named, `subflow: ./greet.yaml`; what the name means is fixed
when the workflow is published, so a run uses one version for ever, and `version:` says which one that must be. It sees
nothing but its own inputs, and uses the tools that it grants itself. Its nodes stand at `all[0]/one/line`.

With `detached: true` it becomes a run of its own: the node is done as soon as that run exists, and gives `{run: id}`.
It has its own budget and timeout, goes on when this run has ended, and needs a worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, cast

from pydantic import Field

from podium.errors import NodeError
from podium.node.calls import RunCall
from podium.node.contract import Context, Done, Fork, ItemResult, Json, NodeConfig, Values
from podium.spec.model import Template
from podium.spec.types import Type


class SubflowConfig(NodeConfig):
    """Which workflow, and what it is given."""

    subflow: Annotated[str, Field(min_length=1, max_length=200)]
    """A name under `flows:`, or a file such as `./greet.yaml`."""

    with_: Annotated[dict[str, Template], Field(alias="with", default_factory=dict)]
    """Its inputs."""

    version: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")] | None = None
    """The version that it must have, as the beginning of its hash."""

    detached: bool = False
    """Whether it becomes a run of its own that nobody waits for."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def flow(self) -> str:
        """Return what it runs."""
        return self.subflow

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return what the other workflow gives."""
        if self.detached:
            return Type.object_of({"run": Type({"type": "string"})})
        return fields.get("result", Type.any())


class SubflowNode:
    """Opens the other workflow in place, or starts it as a run."""

    type: ClassVar[str] = "subflow"
    config: ClassVar[type[NodeConfig]] = SubflowConfig

    async def run(self, ctx: Context, config: SubflowConfig, values: Values) -> Fork | Done:
        """Hand its inputs over."""
        given = cast("dict[str, Json]", values.get("with") or {})
        if config.detached:
            reply = await ctx.call_run(RunCall(action="start", workflow=config.subflow, value=given))
            return Done({"run": reply.run})
        return Fork([given])

    async def collect(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: SubflowConfig,
        values: Values,  # noqa: ARG002 - the contract
        items: Sequence[ItemResult],
    ) -> Done:
        """Return its result, or fail as it did."""
        (only,) = items
        if only.status == "failed":
            raise NodeError(
                only.code or "EN061",
                f"`{config.subflow}` failed: {only.message}",
                kind=only.kind or "failed",
                help="handle it with `on_error`, or inside the other workflow",
            )
        return Done(only.value)
