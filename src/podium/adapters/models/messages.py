"""Our neutral messages in a provider's form, and a provider's answer as our value.

Providers make objects only, so a schema of anything else travels as the field `answer` of an object.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)

from podium.effects.answer import invalid_answer, read_answer
from podium.errors import EffectError
from podium.node.calls import Message, ModelCall

Json = Any


def their_messages(call: ModelCall, *, prompted: bool) -> list[ModelMessage]:
    """Return the conversation in pydantic-ai's form; `prompted` puts the schema into its last message."""
    messages = list(call.messages)
    if prompted and call.schema is not None:
        last = messages.pop()
        messages.append(Message(role=last.role, text=f"{last.text}\n\n{_instruction(call.schema)}"))
    return [_their_message(message) for message in messages]


def _their_message(message: Message) -> ModelMessage:
    match message.role:
        case "system":
            return ModelRequest(parts=[SystemPromptPart(content=message.text)])
        case "user":
            return ModelRequest(parts=[UserPromptPart(content=message.text)])
        case "assistant":
            return ModelResponse(parts=[TextPart(content=message.text)])


def _instruction(schema: dict[str, Json]) -> str:
    return "Answer with one JSON value and no other words. It must satisfy this JSON Schema:\n" + json.dumps(
        object_schema(schema), ensure_ascii=False
    )


def _is_object(schema: dict[str, Json]) -> bool:
    return schema.get("type") == "object" and "properties" in schema


def object_schema(schema: dict[str, Json]) -> dict[str, Json]:
    """Return a schema of an object: providers take no other. Anything else stands in its field `answer`."""
    if _is_object(schema):
        return schema
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    wrapped: dict[str, Json] = {
        "type": "object",
        "properties": {"answer": inner},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return {**wrapped, "$defs": schema["$defs"]} if "$defs" in schema else wrapped


def value_of(call: ModelCall, text: str, finish: Literal["stop", "length"], *, native: bool) -> Json:
    """Return the value of an answer, None when the call wants text.

    Raises:
        EffectError: EF007 when it is empty or does not fit.
    """
    if call.schema is None:
        if not text.strip():
            raise invalid_answer("the answer is empty")
        return None
    if _is_object(call.schema):
        return read_answer(text, call.schema, finish=finish)
    try:
        return read_answer(text, object_schema(call.schema), finish=finish)["answer"]
    except EffectError:
        if native:
            raise
        # Asked in words only, a model may leave the wrapper out.
        return read_answer(text, call.schema, finish=finish)
