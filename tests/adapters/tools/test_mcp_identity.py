"""What a server over HTTP is told of who calls: a token of its own from the grant, and names only where it says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import pytest
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from starlette.types import ASGIApp, Receive, Scope, Send

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.catalogue import InstalledTools
from podium.effects.effect import Effect, Known
from podium.effects.flights import Flights
from podium.effects.ports import NoSandboxes
from podium.effects.stages.call import Call
from podium.effects.stages.route import Route
from podium.ids import EffectKey, NodePath, RunId
from podium.node.calls import ToolCall, ToolReply
from podium.spec.model import ToolSpec
from podium.testing.clock import FakeClock
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

CHAIN = ("person:ada", "workflow:refunds@3fa9c01b22d4")


def asked_server() -> MCPServer[Any]:
    server = MCPServer("asked")

    @server.tool(structured_output=False)
    async def who(context: Context[Any]) -> str:
        """Return in whose names the call came."""
        meta = cast("Mapping[str, Any]", context.request_context.meta or {})
        return " ".join(meta.get("podium/acting-for", ["nobody"]))

    return server


class Heard:
    """A server that remembers the tokens it was shown."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.url = ""
        self._app: ASGIApp = asked_server().streamable_http_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers: dict[bytes, bytes] = dict(scope["headers"])
            self.tokens.add(headers.get(b"authorization", b"").decode())
        await self._app(scope, receive, send)


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    app = Heard()
    config = uvicorn.Config(app, log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    app.url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listening]))
        yield app
        server.should_exit = True
    listening.close()


class Silent:
    """A journal that keeps nothing."""

    async def append(self, entries: object) -> None:
        """Forget."""

    def defer(self, entries: object) -> None:
        """Forget."""


async def asked(heard: Heard, **keys: Any) -> str:
    """Call the server through the end of the door."""
    spec = ToolSpec.model_validate({"mcp": heard.url, "effect": "read", "delivery": "repeatable", **keys})
    tools = InstalledTools(Vault(environ={"PODIUM_SECRET_TOKEN": "s3cr3t-value"}))
    clock, run = FakeClock(), RunId("r000000000000")
    effect = Effect(
        run=run,
        root=run,
        path=NodePath("ask"),
        attempt=1,
        call=ToolCall(tool="asked", function="who", arguments={}),
        grants={"asked": spec},
        known=Known(send_before=clock.now() + 5_000),
        journal=Silent(),
        progress=lambda _text: None,
        chain=CHAIN,
    )
    effect.id = EffectKey("a" * 32)
    try:
        route = Route(models=ScriptedModel(), tools=tools, sandboxes=NoSandboxes())
        reply = await route(effect, Call(runs=ScriptedRuns(), clock=clock, flights=Flights(clock)))
    finally:
        await tools.close()
    assert isinstance(reply, ToolReply)
    return reply.value


async def test_a_server_is_shown_the_token_of_its_grant(heard: Heard) -> None:
    assert await asked(heard, headers={"Authorization": "Bearer ${secrets.token}"}) == "nobody"

    assert heard.tokens == {"Bearer s3cr3t-value"}


async def test_a_server_is_told_nothing_where_the_grant_says_nothing(heard: Heard) -> None:
    assert await asked(heard) == "nobody"

    assert heard.tokens == {""}


async def test_a_server_hears_in_whose_names_it_is_called_where_the_grant_says_so(heard: Heard) -> None:
    assert await asked(heard, identity="send") == " ".join(CHAIN)
