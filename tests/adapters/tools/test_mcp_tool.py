"""MCP servers over stdio and HTTP pass the suite of every tool port."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest
import uvicorn

from podium.adapters.tools.mcp import McpTool
from podium.adapters.tools.mcp_http import HttpLink
from podium.adapters.tools.mcp_stdio import StdioLink
from podium.testing.conformance.tools import ToolPortSuite
from podium.testing.mcp_server import subject_server

COMMAND = (sys.executable, "-m", "podium.testing.mcp_server")


class TestMcpOverStdio(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[McpTool]:
        port = McpTool("subject", lambda: StdioLink(COMMAND, {}, max_message=1_000_000))
        yield port
        await port.close()


class TestMcpOverHttp(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[McpTool]:
        app = subject_server().streamable_http_app()
        config = uvicorn.Config(app, log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        listening = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listening]))
            port = McpTool("subject", lambda: HttpLink(url, max_message=1_000_000))
            yield port
            await port.close()
            server.should_exit = True
        listening.close()
