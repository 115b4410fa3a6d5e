"""HTTP servers that refuse, redirect, break and flood: each gives one typed error for one call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from podium.adapters.tools.mcp import McpTool
from podium.adapters.tools.mcp_http import HttpLink, url_name
from podium.testing.conformance.tools import AMPLE_S, call, refusal

pytestmark = pytest.mark.anyio

TOOLS = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
HANDSHAKE: dict[str, Any] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "hostile", "version": "0"},
}


def response(status: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def result(ident: object, value: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": ident, "result": value}).encode()
    return response("200 OK", body, **{"content-type": "application/json", "mcp-session-id": "s1"})


def text(ident: object, value: str) -> bytes:
    return result(ident, {"content": [{"type": "text", "text": value}]})


class HttpServer:
    """Answers the handshake and the list itself and each call as the test says; b"" breaks the connection."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[Callable[[object], bytes] | bytes] = []
        self.handshakes = 0
        self.paths: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                self.paths.append(lines[0].split()[1])
                length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
                reply = self.reply(await reader.readexactly(length))
                if not reply:
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def reply(self, body: bytes) -> bytes:
        message: dict[str, Any] = json.loads(body) if body else {}
        match message.get("method"):
            case None:
                return response("405 Method Not Allowed")
            case "initialize":
                self.handshakes += 1
                return result(message["id"], HANDSHAKE)
            case "tools/list":
                return result(message["id"], TOOLS)
            case "tools/call":
                answer = self.answers.pop(0)
                return answer if isinstance(answer, bytes) else answer(message["id"])
            case _ if "id" in message:
                return response("400 Bad Request")
            case _:
                return response("202 Accepted")


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    server = HttpServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1_000_000)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/mcp"
    yield server
    listening.close()


@pytest.fixture
async def port(server: HttpServer) -> AsyncIterator[McpTool]:
    port = McpTool("hostile", lambda: HttpLink(server.url, max_message=100_000))
    yield port
    await port.close()


@pytest.mark.parametrize(
    ("answer", "expected", "found"),
    [
        (response("401 Unauthorized"), ("refused", "no"), "the server wants a login (401)"),
        (response("403 Forbidden"), ("refused", "no"), "the server does not allow it (403)"),
        (response("503 Busy"), ("unavailable", "unknown"), "the server is not available (503)"),
        (response("307 Go", location="http://127.0.0.1:9/"), ("unavailable", "no"), "redirects (307)"),
        (b"", ("unavailable", "unknown"), "the connection broke"),
    ],
    ids=["401", "403", "503", "redirect", "reset"],
)
async def test_what_fails_below_the_protocol_says_whether_it_may_have_happened(
    server: HttpServer, port: McpTool, answer: bytes, expected: tuple[str, str], found: str
) -> None:
    server.answers = [answer, lambda ident: text(ident, "fine")]

    error = await refusal(port, "echo")

    assert (error.code, (error.kind, error.landed)) == ("EF017", expected)
    assert found in error.message
    assert await call(port, "echo") == "fine"
    assert server.handshakes == 1


async def test_the_server_says_how_long_to_wait(server: HttpServer, port: McpTool) -> None:
    server.answers = [lambda _: response("429 Too Many Requests", b"", **{"retry-after": "7"})]

    error = await refusal(port, "echo")

    assert (error.code, error.kind, error.landed, error.retry_after_s) == ("EF017", "rate_limited", "no", 7.0)


async def test_a_server_that_forgot_the_session_gets_a_new_one(server: HttpServer, port: McpTool) -> None:
    server.answers = [response("404 Not Found"), lambda ident: text(ident, "fine")]

    error = await refusal(port, "echo")

    assert (error.code, error.kind, error.landed) == ("EF017", "unavailable", "no")
    assert await call(port, "echo") == "fine"
    assert server.handshakes == 2


async def test_an_answer_beyond_the_bound_is_not_read_to_the_end(server: HttpServer, port: McpTool) -> None:
    server.answers = [lambda ident: text(ident, "x" * 500_000), lambda ident: text(ident, "fine")]

    error = await refusal(port, "echo")

    assert (error.code, error.kind, error.landed) == ("EF019", "invalid_output", "unknown")
    assert await call(port, "echo") == "fine"


async def test_an_event_beyond_the_bound_ends_the_stream(server: HttpServer, port: McpTool) -> None:
    event = b"data: " + b"x" * 500_000 + b"\n\n"
    server.answers = [response("200 OK", event, **{"content-type": "text/event-stream"})]

    error = await refusal(port, "echo")

    assert (error.code, error.kind, error.landed) == ("EF019", "invalid_output", "unknown")


async def test_many_small_events_are_no_large_one(server: HttpServer, port: McpTool) -> None:
    note = b'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\n'

    def stream(ident: object) -> bytes:
        answer = {"jsonrpc": "2.0", "id": ident, "result": {"content": [{"type": "text", "text": "fine"}]}}
        events = note * 2_000 + b"data: " + json.dumps(answer).encode() + b"\n\n"
        return response("200 OK", events, **{"content-type": "text/event-stream"})

    server.answers = [stream]

    assert await call(port, "echo") == "fine"


async def test_a_body_that_is_no_json(server: HttpServer, port: McpTool) -> None:
    server.answers = [response("200 OK", b"<html>", **{"content-type": "application/json"})]

    error = await refusal(port, "echo")

    assert (error.code, error.kind, error.landed) == ("EF025", "failed", "unknown")


async def test_nobody_listens() -> None:
    port = McpTool("gone", lambda: HttpLink("http://127.0.0.1:9/mcp", max_message=1000))

    error = await refusal(port, "echo", AMPLE_S)

    assert (error.code, error.kind, error.landed) == ("EF015", "unavailable", "no")
    assert error.message.startswith("MCP server `http://127.0.0.1:9/mcp` refused the connection: cannot connect")
    await port.close()


async def test_only_the_configured_path_is_asked(server: HttpServer, port: McpTool) -> None:
    server.answers = [lambda ident: text(ident, "fine")]

    await call(port, "echo")

    assert set(server.paths) == {"/mcp"}


def test_the_name_of_a_server_holds_no_credentials() -> None:
    assert url_name("https://ada:secret@tools.example.org/mcp?token=t#x") == "https://tools.example.org/mcp"
