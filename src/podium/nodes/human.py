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

Who must agree may be said more exactly by `approval` (several people, stages, four eyes, escalation); `output` asks for
a value of that type, which is the result.

While it waits the run holds no worker, no task and no connection. The answer is a record, so resuming takes the same
branch without asking anyone again. Exactly what is shown is approved, and it is the result; a person who changed it
approves the change. No leaves by port `rejected`, silence by port `expired`; unhandled, either ends the run denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from podium.node.contract import Answer, Context, Done, NodeConfig, Park, Port, Question, Values
from podium.spec.approval import ApprovalSpec
from podium.spec.model import Duration, Expression, Name, TextTemplate, TypeSpec
from podium.spec.types import Type


class HumanConfig(NodeConfig):
    """What to ask, whom, and what silence means."""

    human: TextTemplate
    """The question, as the approver reads it."""

    show: Expression | None = None
    """What the question is about; exactly this is approved, and it is the result."""

    output: TypeSpec | None = None
    """The type of the value that is asked for; with it, that value is the result, and not what is shown."""

    approval: ApprovalSpec | None = None
    """Who must agree, where more is to be said than `roles`, `expires` and `on_expiry` can."""

    roles: tuple[Name, ...] = ()
    """Anyone holding one of these roles may decide; empty means any approver of the workflow."""

    expires: Duration = timedelta(hours=24)
    """How long to wait, from the moment the question was recorded."""

    on_expiry: Literal["reject", "approve"] = "reject"
    """What silence means. With `approve` it goes on, and nobody has vouched for it."""

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if self.approval is None:
            return self
        for key in ("roles", "expires", "on_expiry"):
            if key in self.model_fields_set:
                kind, message = "approval_twice", "expected `{key}` inside `approval`, or no `approval`"
                raise PydanticCustomError(kind, message, {"key": key, "loc": (key,)})
        if self.output is not None and not self.approval.rule.single:
            kind, message = "approval_output", "expected one person to be asked for a value, not several"
            raise PydanticCustomError(kind, message, {"loc": ("output",)})
        return self

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def vouches(self) -> Expression | None:
        """Return what is shown, unless something else is the result, or silence counts as a yes."""
        return self.show if self.output is None and self.on_expiry == "reject" else None

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of what is shown, or of what is asked for."""
        return self.output or fields.get("show", Type.any())


class HumanNode:
    """Asks, waits, and hands on what was approved."""

    type: ClassVar[str] = "human"
    config: ClassVar[type[NodeConfig]] = HumanConfig

    async def run(self, ctx: Context, config: HumanConfig, values: Values) -> Park:  # noqa: ARG002 - the contract
        """Record the question; the engine lets go of the run until it is answered."""
        rule = config.approval.rule if config.approval is not None else None
        return Park(
            Question(
                text=values["human"],
                show=values.get("show"),
                roles=rule.in_turn[0].roles if rule is not None else config.roles,
                expires=config.expires if rule is None else None,
                rule=rule,
                schema=config.output.schema if config.output is not None else None,
            )
        )

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
