"""Wait: the run rests for a time, until a date, or until something from outside comes.

```yaml run="ok"
podium: 1
name: think-first
inputs:
  opens: {type: text, default: "2026-03-02T08:00:00+01:00"}
nodes:
  breath: {wait: 100ms}
  opening: {wait: {until: inputs.opens}, after: [breath]}
  go: {transform: Rested., after: [opening]}
result: go.out
```

```yaml
payment: {wait: {signal: paid, expires: 3d}, on_expired: remind}
order:   {tool: shop.order, with: {answer_to: "${callback.delivery}"}}
delivery: {wait: {callback: true, expires: 14d}, after: [order]}
```

- A time, `wait: 10s`, counts from when the node begins. `until` is an expression that gives a date and time with its
  offset, as in RFC 3339; one that has passed is due at once. Either gives null.
- `podium signal RUN paid --value '{"amount": 12}'` goes on with that value as the result. A signal that came before
  the run got here is not lost, and each is taken by one wait.
- A `callback` is a signal that only the holder of a token can send: nodes before it find the token in
  `callback.<this node>` and pass it on, `podium signal --callback TOKEN --value 12` sends it.

Nobody sending it within `expires` leaves by port `expired`. While it waits the run holds no worker, no task and no
connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Self, cast

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from podium.clock import Millis
from podium.errors import NodeError
from podium.node.contract import Answer, Context, Done, NodeConfig, Park, Port, Question, Values
from podium.spec.model import Duration, Expression, Name, SpecModel
from podium.spec.types import Type


class Moment(Expression):
    """An expression that must give a date and time as text."""

    __slots__ = ()
    wants = Type({"type": "string"})


class WaitFor(SpecModel):
    """A time, a date, or something from outside."""

    time: Duration | None = None
    """How long to rest."""

    until: Moment | None = None
    """When to go on: a date and time with its offset, such as `2026-03-02T08:00:00+01:00`."""

    signal: Name | None = None
    """The name of the signal to wait for."""

    callback: bool = False
    """Whether to wait for whoever holds the token of this node."""

    expires: Duration | None = None
    """How long to wait for the signal or the callback; without it, for ever."""

    @property
    def outside(self) -> bool:
        """Whether it waits for somebody, and not for a time."""
        return self.signal is not None or self.callback

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = (self.time is not None, self.until is not None, self.signal is not None, self.callback)
        if sum(given) != 1 or (self.expires is not None and not self.outside):
            kind = "wait"
            message = (
                "expected a time such as `10s`, `{until: date}`, `{signal: name}` or `{callback: true}`, "
                "the last two with how long it `expires`"
            )
            raise PydanticCustomError(kind, message)
        return self


def _short_form(value: object) -> object:
    return {"time": value} if isinstance(value, str | timedelta) else value


class WaitConfig(NodeConfig):
    """What to wait for."""

    wait: Annotated[WaitFor, BeforeValidator(_short_form, json_schema_input_type=Duration | WaitFor)]
    """A time such as `10s`, `{until: date}`, `{signal: name}` or `{callback: true}`."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def callback(self) -> bool:
        """Tell whether it has a token."""
        return self.wait.callback

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - it does not depend on them
        """Return null for a time, anything for what is sent."""
        return Type.any() if self.wait.outside else Type({"type": "null"})


class WaitNode:
    """Parks until the time has come or the signal is there."""

    type: ClassVar[str] = "wait"
    config: ClassVar[type[NodeConfig]] = WaitConfig

    async def run(self, ctx: Context, config: WaitConfig, values: Values) -> Park:
        """Record what is waited for."""
        wait = config.wait
        if wait.outside:
            question = Question(kind="signal", signal=wait.signal or "", callback=wait.callback, expires=wait.expires)
        elif wait.until is not None:
            question = Question(kind="timer", expires=_time_left(wait.until, values["wait"]["until"], ctx.now()))
        else:
            question = Question(kind="timer", expires=wait.time)
        return Park(question)

    async def resume(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: WaitConfig,
        values: Values,  # noqa: ARG002 - the contract
        answer: Answer,
    ) -> Done:
        """Return what was sent; a timer that is due gives null."""
        if answer.verdict != "expired" or not config.wait.outside:
            return Done(answer.value)
        what = "callback" if config.wait.callback else f"signal `{config.wait.signal}`"
        return Done(port=Port("expired"), reason=f"no {what} came in time")


def _time_left(expression: Moment, text: object, now: Millis) -> timedelta:
    """Return how long it is until a moment, zero for one that has passed."""
    try:
        moment = datetime.fromisoformat(cast("str", text))
        wait_s = moment.timestamp() - now / 1000
    except (TypeError, ValueError, OverflowError):
        moment, wait_s = None, 0.0
    if moment is None or moment.tzinfo is None:
        raise NodeError(
            "EN063",
            f"expected a date and time with an offset from `{expression}`, got `{str(text)[:80]}`",
            kind="invalid_input",
            help="write it as in `2026-03-02T08:00:00+01:00`, or with `Z` for UTC",
        )
    return timedelta(seconds=max(0.0, wait_s))
