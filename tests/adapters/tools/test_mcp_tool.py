"""MCP servers over stdio and HTTP pass the suite of every tool port."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from podium.adapters.tools.mcp import McpTool
from podium.adapters.tools.mcp_stdio import StdioLink
from podium.testing.conformance.tools import ToolPortSuite

COMMAND = (sys.executable, "-m", "podium.testing.mcp_server")


class TestMcpOverStdio(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[McpTool]:
        port = McpTool("subject", lambda: StdioLink(COMMAND, {}, max_message=1_000_000))
        yield port
        await port.close()
