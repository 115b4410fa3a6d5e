"""Sections `[budgets.NAME]` and `[prices."MODEL"]` of `podium.toml`.

```toml
[budgets.support]
match = {workflow = ["refunds", "triage*"]}
period = "month"
usd = 50
warn_at = 0.9

[prices."openai/*"]
input = 1.25
output = 10
```
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel
from podium.spec.budget import Energy, SharedLimits


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Patterns = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
    Field(max_length=100),
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
]
"""One name or several; `*` stands for any part of a name."""


class MatchSettings(SpecModel):
    """Which calls count; a part that is left out fits every call."""

    workflow: Patterns = ()
    """The workflow of the run, or the sub-workflow that the call stands in."""

    team: Patterns = ()
    """A group under `[people]` that whoever started the run belongs to."""

    tenant: Patterns = ()
    """The tenant of the run."""

    principal: Patterns = ()
    """Who started the run."""

    tool: Patterns = ()
    """Only calls of these functions: `files.write`, `mail.*`."""

    model: Patterns = ()
    """Only calls of these models: `openai/*`."""


class BudgetSettings(SharedLimits):
    """What all runs together may use that fit `match`, in each period."""

    match: MatchSettings = Field(default_factory=MatchSettings)
    """Which calls count."""

    period: Literal["run", "day", "month", "total"] = "month"
    """When counting begins anew: for each run, at midnight or on the first of the month (UTC), or never."""

    warn_at: Annotated[float, Field(gt=0, le=1)] = 0.8
    """The part of a limit from which on the budget is shown as nearly used up."""

    on_limit: Literal["deny", "ask"] = "deny"
    """What happens to a call for which there is no room: refused, or a person is asked."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if not (self.limits or self.per_call):
            kind, message = "budget_empty", "expected a limit: `usd`, `tokens`, `calls`, `energy` or `per_call`"
            raise PydanticCustomError(kind, message)
        return self


class PriceSettings(SpecModel):
    """What the tokens of a model cost."""

    input: Annotated[float, Field(ge=0)]
    """US dollars for a million tokens of the prompt."""

    output: Annotated[float, Field(ge=0)]
    """US dollars for a million tokens of the answer."""

    energy: Energy | None = None
    """Energy for a thousand tokens, such as `0.4Wh`; unknown when it is left out."""
