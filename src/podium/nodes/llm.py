"""Llm: asks a language model once, and again when the answer cannot be used.

```yaml run="ok"
podium: 1
name: triage-ticket
inputs:
  ticket: {type: text, default: The printer on floor 3 is out of toner.}
nodes:
  triage:
    llm: "How urgent is this, and who should look at it? ${inputs.ticket}"
    system: You sort the tickets of an office.
    output: {urgency: {enum: [low, high]}, team: text}
    route: {prefer: cheap}
result: triage.out
```

Without `output` the result is the answer's text, with it the value that the answer gives. What is not accepted:

1. It does not satisfy `output`, or is empty. The model is asked again with the findings, at most `repair` times; each
   time is a call of its own, with its own record. Then the node fails with kind `invalid_output`.
2. It was cut off at `max_tokens`. Half a text is never passed on as a whole one: kind `limit`.
3. The model declined: kind `refused`. It is not asked again.

Sent back to work by a `validate` node, the model sees its earlier answer and what was wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from podium.errors import EffectError, NodeError
from podium.node.calls import Message, ModelCall, ModelReply
from podium.node.contract import Context, Done, Feedback, NodeConfig, Values
from podium.spec.model import SpecModel, TextTemplate, TypeSpec
from podium.spec.types import Type, parse_type


class Route(SpecModel):
    """What matters when a model is chosen."""

    prefer: Literal["cheap", "fast", "quality", "green"] | None = None
    """What to favour among the models that are good enough."""

    quality: Literal["low", "medium", "high"] | None = None
    """The least quality that will do."""


class LlmConfig(NodeConfig):
    """What to ask, what shape the answer has, and how long it may be."""

    llm: TextTemplate
    """The prompt."""

    system: TextTemplate | None = None
    """Standing instructions: role, tone, what to leave out."""

    output: TypeSpec | None = None
    """The type of the answer; without it the answer is text."""

    max_tokens: Annotated[int, Field(ge=1, le=200_000)] = 1024
    """The longest answer, in tokens."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How much chance there is in the answer; 0 is the most repeatable."""

    route: Route = Route()
    """Which model to choose."""

    repair: Annotated[int, Field(ge=0, le=5)] = 2
    """How often to ask again after an answer that cannot be used."""

    def hears(self) -> tuple[str, ...]:
        """Return the model."""
        return ("model",)

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
        """Return `output`, or text."""
        return self.output or parse_type("text")

    def call(self, messages: tuple[Message, ...], turn: int) -> ModelCall:
        """Return the request for one turn of the conversation."""
        return ModelCall(
            messages=messages,
            schema=self.output.schema if self.output else None,
            max_tokens=self.max_tokens,
            temperature_milli=round(self.temperature * 1000),
            prefer=self.route.prefer or "",
            quality=self.route.quality or "",
            turn=turn,
        )


class Unusable(NamedTuple):
    """Why an answer cannot be used, and its text where it is known."""

    problem: str
    text: str


class LlmNode:
    """Asks a model and hands on what it answered."""

    type: ClassVar[str] = "llm"
    config: ClassVar[type[NodeConfig]] = LlmConfig

    async def run(self, ctx: Context, config: LlmConfig, values: Values) -> Done:
        """Ask; ask again with what was wrong, within `repair`."""
        messages = _conversation(values, ctx.feedback)
        unusable = Unusable("", "")
        for turn in range(config.repair + 1):
            answer = await _ask(ctx, config, config.call(messages, turn))
            if isinstance(answer, Done):
                return answer
            unusable = answer
            messages = _with_problem(messages, unusable)
        raise NodeError(
            "EN052",
            f"no usable answer from the model after {config.repair + 1} tries: {unusable.problem}",
            kind="invalid_output",
            help="ask for less at once, give an example in the prompt, or choose a stronger model",
        )


async def _ask(ctx: Context, config: LlmConfig, call: ModelCall) -> Done | Unusable:
    try:
        reply = await ctx.call_model(call)
    except EffectError as error:
        if error.kind != "invalid_output":
            raise
        return Unusable(error.message, "")
    _refuse_half_answers(config, reply)
    if config.output is None:
        return Done(reply.text)
    problems = config.output.problems(reply.value)
    return Unusable("; ".join(problems), reply.text) if problems else Done(reply.value)


def _refuse_half_answers(config: LlmConfig, reply: ModelReply) -> None:
    if reply.finish == "refused":
        raise NodeError("EN050", f"`{reply.model}` declined to answer", kind="refused", help="change the prompt")
    if reply.finish == "length":
        raise NodeError(
            "EN051",
            f"the answer of `{reply.model}` was cut off at {config.max_tokens} tokens",
            kind="limit",
            help="raise `max_tokens`, or ask for a shorter answer",
        )


def _conversation(values: Values, feedback: Feedback | None) -> tuple[Message, ...]:
    system = values.get("system")
    messages = (Message(role="system", text=system),) if system else ()
    messages = (*messages, Message(role="user", text=values["llm"]))
    if feedback is None:
        return messages
    previous = feedback.previous
    said = previous if isinstance(previous, str) else json.dumps(previous, ensure_ascii=False)
    return (
        *messages,
        Message(role="assistant", text=said),
        Message(role="user", text=f"This was not accepted: {feedback.reason}\nAnswer again, and correct that."),
    )


def _with_problem(messages: tuple[Message, ...], unusable: Unusable) -> tuple[Message, ...]:
    """Add what was wrong. Roles alternate, since many chat templates refuse anything else."""
    ask = f"Your answer could not be used: {unusable.problem}\nAnswer again, and correct that."
    if unusable.text:
        return (*messages, Message(role="assistant", text=unusable.text), Message(role="user", text=ask))
    last = messages[-1]
    return (*messages[:-1], Message(role="user", text=f"{last.text}\n\n{ask}"))
