"""How two model protocols look on the wire, from the server's side: OpenAI chat completions and Anthropic messages.

Only what a stub needs: requests are read leniently, answers are streams of server-sent events, errors have each
protocol's own form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, cast

from podium.node.calls import Message, ModelCall, Usage
from podium.testing.scripted import Said, counted

Json = Any
_PIECE = re.compile(r"\S+\s*|\s+")


class Wire(Protocol):
    """One protocol."""

    def read(self, body: Mapping[str, Json]) -> ModelCall:
        """Return the call that a request body means."""
        ...

    def events(self, call: ModelCall, said: Said, model: str) -> Sequence[bytes]:
        """Return the server-sent events of an answer."""
        ...

    def error(self, status: int, message: str) -> Json:
        """Return the body of an error answer."""
        ...


def pieces(text: str) -> list[str]:
    """Return the text word by word; joined they are the text."""
    return _PIECE.findall(text)


class OpenAIWire:
    """`POST /v1/chat/completions` with `stream: true`."""

    def read(self, body: Mapping[str, Json]) -> ModelCall:
        return ModelCall(
            messages=tuple(_message(message) for message in body["messages"]),
            schema=_at(body, "response_format", "json_schema", "schema"),
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or 1024,
        )

    def events(self, call: ModelCall, said: Said, model: str) -> Sequence[bytes]:
        return [*(_data(chunk) for chunk in self._chunks(call, said, model)), b"data: [DONE]\n\n"]

    def _chunks(self, call: ModelCall, said: Said, model: str) -> Iterator[Json]:
        def chunk(delta: Json, finish: str | None = None) -> Json:
            return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

        head = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": model}
        finish: dict[str, str] = {"stop": "stop", "length": "length", "refused": "content_filter"}
        yield chunk({"role": "assistant", "content": ""})
        for piece in pieces(said.text):
            yield chunk({"content": piece})
        yield chunk({}, finish[said.finish])
        usage = said.usage or counted(call, said.text)
        yield {
            **head,
            "choices": [],
            "usage": {
                "prompt_tokens": usage.input_tokens,
                "completion_tokens": usage.output_tokens,
                "total_tokens": usage.input_tokens + usage.output_tokens,
                "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
            },
        }

    def error(self, status: int, message: str) -> Json:
        kinds = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
        return {"error": {"message": message, "type": "error", "code": kinds.get(status)}}


class AnthropicWire:
    """`POST /v1/messages` with `stream: true`."""

    def read(self, body: Mapping[str, Json]) -> ModelCall:
        system = body.get("system") or ""
        messages = [_message(message) for message in body["messages"]]
        if system:
            messages.insert(0, _message({"role": "system", "content": system}))
        return ModelCall(
            messages=tuple(messages),
            schema=_at(body, "output_config", "format", "schema"),
            max_tokens=body["max_tokens"],
        )

    def events(self, call: ModelCall, said: Said, model: str) -> Sequence[bytes]:
        return [
            _event(event["type"], event) for event in self._events(said, said.usage or counted(call, said.text), model)
        ]

    def _events(self, said: Said, usage: Usage, model: str) -> Iterator[Json]:
        stop = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}[said.finish]
        tokens = {
            "input_tokens": usage.input_tokens - usage.cached_tokens,
            "cache_read_input_tokens": usage.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        empty: dict[str, Json] = {"id": "msg-1", "type": "message", "role": "assistant", "content": [], "model": model}
        yield {
            "type": "message_start",
            "message": {**empty, "stop_reason": None, "stop_sequence": None, "usage": tokens},
        }
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for piece in pieces(said.text):
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        yield {"type": "content_block_stop", "index": 0}
        yield {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": usage.output_tokens},
        }
        yield {"type": "message_stop"}

    def error(self, status: int, message: str) -> Json:
        kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
        return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": message}}


def _at(value: Json, *keys: str) -> Json:
    """Return what stands under the keys, None when one of them is missing."""
    for key in keys:
        value = cast("dict[str, Json]", value).get(key) if isinstance(value, dict) else None
    return value


def _message(message: Mapping[str, Json]) -> Message:
    content = message["content"]
    text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    roles: dict[str, Literal["system", "user", "assistant"]] = {"assistant": "assistant", "user": "user"}
    return Message(role=roles.get(message["role"], "system"), text=text)


def _data(value: Json) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _event(name: str, value: Json) -> bytes:
    return b"event: " + name.encode() + b"\n" + _data(value)
