"""Wait: the run rests for a time, or until a signal comes.

```yaml run="ok"
podium: 1
name: think-first
nodes:
  breath: {wait: 100ms}
  go: {transform: Rested., after: [breath]}
result: go.out
```

```yaml
payment: {wait: {signal: paid, expires: 3d}, on_expired: remind}
```

`podium signal RUN paid --value '{"amount": 12}'` goes on with that value as the result. A signal that came before the
run got here is not lost. Nobody sending it within `expires` leaves by port `expired`. While it waits the run holds no
worker, no task and no connection.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from podium.node.contract import Answer, Context, Done, NodeConfig, Park, Port, Question, Values
from podium.spec.model import Duration, Name, SpecModel


class WaitFor(SpecModel):
    """A time, or a signal."""

    time: Duration | None = None
    """How long to rest."""

    signal: Name | None = None
    """The name of the signal to wait for."""

    expires: Duration | None = None
    """How long to wait for the signal; without it, for ever."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.time is None) == (self.signal is None) or (self.expires and not self.signal):
            kind, message = "wait", "expected a time such as `10s`, or `{signal: name}` and how long it `expires`"
            raise PydanticCustomError(kind, message)
        return self


def _short_form(value: object) -> object:
    return {"time": value} if isinstance(value, str | timedelta) else value


class WaitConfig(NodeConfig):
    """What to wait for."""

    wait: Annotated[WaitFor, BeforeValidator(_short_form, json_schema_input_type=Duration | WaitFor)]
    """A time such as `10s`, or `{signal: name}`."""


class WaitNode:
    """Parks until the time has passed or the signal is there."""

    type: ClassVar[str] = "wait"
    config: ClassVar[type[NodeConfig]] = WaitConfig

    async def run(self, ctx: Context, config: WaitConfig, values: Values) -> Park:  # noqa: ARG002 - the contract
        """Record what is waited for."""
        if config.wait.signal is not None:
            return Park(Question(kind="signal", signal=config.wait.signal, expires=config.wait.expires))
        return Park(Question(kind="timer", expires=config.wait.time))

    async def resume(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: WaitConfig,
        values: Values,  # noqa: ARG002 - the contract
        answer: Answer,
    ) -> Done:
        """Return the signal's value; a timer that is due gives null."""
        if answer.verdict == "expired" and config.wait.signal is not None:
            return Done(port=Port("expired"), reason=f"no signal `{config.wait.signal}` came in time")
        return Done(answer.value)
