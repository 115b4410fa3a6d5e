"""Human: the run waits here until a person decides.

```yaml run="ok"
podium: 1
name: ask-first
inputs:
  notes: {type: text, default: Faster search.}
nodes:
  approve:
    human: Publish these release notes?
    show: inputs.notes
    roles: [release_manager]
    expires: 24h
    on_expiry: reject
  published: {transform: "Published: ${approve.out}"}
result: published.out
```

While it waits the run holds no worker, no task and no connection. The answer is a record, so resuming takes the same
branch without asking anyone again. Exactly what is shown is approved, and it is the result; a person who changed it
approves the change. No leaves by port `rejected`, silence by port `expired`; unhandled, either ends the run denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal

from podium.node.contract import Answer, Context, Done, NodeConfig, Park, Port, Question, Values
from podium.spec.model import Duration, Expression, Name, TextTemplate
from podium.spec.types import Type


class HumanConfig(NodeConfig):
    """What to ask, whom, and what silence means."""

    human: TextTemplate
    """The question, as the approver reads it."""

    show: Expression | None = None
    """What the question is about; exactly this is approved, and it is the result."""

    roles: tuple[Name, ...] = ()
    """Anyone holding one of these roles may decide; empty means any approver of the workflow."""

    expires: Duration = timedelta(hours=24)
    """How long to wait, from the moment the question was recorded."""

    on_expiry: Literal["reject", "approve"] = "reject"
    """What silence means. `approve` needs the policy permission `approval:auto`."""

    def vouches(self) -> Expression | None:
        """Return what is shown."""
        return self.show

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of what is shown."""
        return fields.get("show", Type.any())


class HumanNode:
    """Asks, waits, and hands on what was approved."""

    type: ClassVar[str] = "human"
    config: ClassVar[type[NodeConfig]] = HumanConfig

    async def run(self, ctx: Context, config: HumanConfig, values: Values) -> Park:  # noqa: ARG002 - the contract
        """Record the question; the engine lets go of the run until it is answered."""
        return Park(Question(text=values["human"], show=values.get("show"), roles=config.roles, expires=config.expires))

    async def resume(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: HumanConfig,
        values: Values,
        answer: Answer,
    ) -> Done:
        """Return what was approved on port `out`, else leave by `rejected` or `expired`."""
        shown = values.get("show")
        match answer.verdict:
            case "approved":
                return Done(shown if answer.value is None else answer.value)
            case "expired" if config.on_expiry == "approve":
                return Done(shown)
            case "expired":
                return Done(shown, port=Port("expired"), reason="nobody answered in time")
            case _:
                said = f"rejected by {answer.by}" if answer.by else "rejected"
                return Done(shown, port=Port("rejected"), reason=f"{said}: {answer.reason}" if answer.reason else said)
