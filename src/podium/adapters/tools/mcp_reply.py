"""What an MCP server's answer to a call means to us.

| answer | becomes |
|---|---|
| `structuredContent` | the value; it must satisfy the tool's output schema (EF020) |
| text, embedded text resources | the value: one text, pieces joined by line breaks; JSON in it stays text |
| nothing | the empty text |
| images, audio, links, binary resources | EF020: there is no place for them yet |
| `isError` | EF018 with its text: the tool ran and says no |
| a question to the user | EF020: nobody is asked on behalf of a tool |
| JSON-RPC error | EF010 when it says the arguments are wrong, else EF025 with the end of the call unknown |
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any, Literal

import mcp_types
from mcp.shared.exceptions import MCPError

from podium.effects.ports import FunctionInfo
from podium.errors import EffectError, ErrorKind
from podium.node.calls import ToolReply

Json = Any
MARK = f"podium-{token_hex(8)}"
"""Key in the data of an error that our own HTTP link made (see `http_problem`); no server can know it."""


def reply_of(info: FunctionInfo, answer: mcp_types.CallToolResult | mcp_types.InputRequiredResult) -> ToolReply:
    """Return the value.

    Raises:
        EffectError: EF018 or EF020, as in the table.
    """
    if isinstance(answer, mcp_types.InputRequiredResult):
        raise _unusable(info.name, "asks for input before it goes on")
    if answer.is_error:
        raise EffectError(
            "EF018", f"`{info.name}` failed: {_failure(answer)}", kind="failed", help="correct what it complains about"
        )
    if "structured_content" in answer.model_fields_set and answer.structured_content is not None:
        return ToolReply(value=_satisfying(info, answer.structured_content))
    if info.result.schema:
        raise _unusable(info.name, "declares an output schema and gave no structured content")
    return ToolReply(value="\n".join(_text(info.name, piece) for piece in answer.content))


def error_of(name: str, error: MCPError) -> EffectError:
    """Return what a JSON-RPC error of a call means."""
    if told_below(error):
        return _http_error(name, error.data[MARK], error.message)
    if error.code == mcp_types.INVALID_PARAMS:
        return EffectError(
            "EF010", f"`{name}` refused its arguments: {_short(error.message)}", kind="invalid_input", landed="no"
        )
    return EffectError(
        "EF025",
        f"the call of `{name}` ended in a protocol error: {_short(error.message)} ({error.code})",
        kind="failed",
        landed="no" if error.code == mcp_types.METHOD_NOT_FOUND else "unknown",
        help="look into the server's log",
    )


def told_below(error: MCPError) -> bool:
    """Say whether the error is one that our own HTTP link made."""
    data: object = error.data
    return isinstance(data, dict) and MARK in data


def http_problem(kind: ErrorKind, *, landed: Literal["no", "unknown"], retry_after_s: float | None = None) -> Json:
    """Return the error data by which the HTTP link tells `error_of` what it saw below JSON-RPC."""
    return {MARK: {"kind": kind, "landed": landed, "retry_after_s": retry_after_s}}


def _http_error(name: str, seen: dict[str, Json], message: str) -> EffectError:
    return EffectError(
        "EF017",
        f"the call of `{name}` did not get through: {_short(message)}",
        kind=seen["kind"],
        landed=seen["landed"],
        retry_after_s=seen["retry_after_s"],
        help="check that the server runs and that this machine may reach it",
    )


def _satisfying(info: FunctionInfo, value: Json) -> Json:
    problems = info.result.problems(value)
    if problems:
        raise _unusable(info.name, f"answered something else than it declares: {problems[0]}")
    return value


def _text(name: str, piece: mcp_types.ContentBlock) -> str:
    if isinstance(piece, mcp_types.TextContent):
        return piece.text
    if isinstance(piece, mcp_types.EmbeddedResource) and isinstance(piece.resource, mcp_types.TextResourceContents):
        return piece.resource.text
    raise _unusable(name, f"answered with content of type `{piece.type}`; only text and structured content can be used")


def _failure(answer: mcp_types.CallToolResult) -> str:
    text = " ".join(piece.text for piece in answer.content if isinstance(piece, mcp_types.TextContent))
    return _short(text) or "it does not say why"


def _unusable(name: str, why: str) -> EffectError:
    return EffectError(
        "EF020",
        f"`{name}` {why}",
        kind="invalid_output",
        landed="unknown",
        help="use another function of the server, or another server",
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 2_000 else text[:2_000] + "…"
