"""A real MCP server with the functions of `podium.testing.conformance.subject`, for tests of MCP clients.

    python -m podium.testing.mcp_server          # on stdin and stdout

`subject_server()` is the same server as an object, to be served over HTTP within a test.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from podium.testing.conformance.subject import Seen, Sum

KEY_META = "podium/idempotency-key"
_READ = ToolAnnotations(read_only_hint=True)


def subject_server() -> MCPServer[Any]:
    """Return a server with counters of its own."""
    server = MCPServer("podium-subject")
    counts = Counter[str]()

    @server.tool(annotations=_READ, structured_output=False)
    async def echo(text: str) -> str:
        """Return the text."""
        counts["received"] += 1
        return text

    @server.tool(annotations=_READ)
    async def add(a: int, b: int = 1) -> Sum:
        """Return `{sum}` of two integers."""
        counts["received"] += 1
        return {"sum": a + b}

    @server.tool(annotations=_READ)
    async def seen() -> Seen:
        """Return what reached this side."""
        return {"received": counts["received"], "waiting": counts["waiting"]}

    @server.tool(structured_output=False)
    async def which_key(context: Context[Any]) -> str:
        """Return the idempotency key that came with the call."""
        meta = cast("Mapping[str, str]", context.request_context.meta or {})
        return meta.get(KEY_META, "")

    @server.tool(annotations=ToolAnnotations(read_only_hint=False), structured_output=False)
    async def forever(context: Context[Any]) -> str:
        """Give one sign of life and never return."""
        counts["waiting"] += 1
        try:
            await context.report_progress(0)
            await asyncio.Event().wait()
        finally:
            counts["waiting"] -= 1
        return ""

    @server.tool(structured_output=False)
    async def fail(reason: str) -> str:
        """Fail."""
        raise ToolError(reason)

    for function in (echo, add, seen, which_key, forever, fail):
        assert function  # registered by its decorator
    return server


if __name__ == "__main__":
    subject_server().run()
