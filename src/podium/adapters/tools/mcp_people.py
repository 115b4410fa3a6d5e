"""An MCP server that is called in the name of persons: one connection for each chain of those who act.

A server may bind a session to whoever opened it, so no two chains share one. Connections that nobody uses are closed
when there are more than `MOST_CONNECTIONS`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from podium.adapters.tools.mcp import McpTool
from podium.effects.ports import FunctionInfo, Progress, ToolPort
from podium.ids import EffectKey
from podium.node.calls import ToolReply

Json = Any
Chain = tuple[str, ...]

MOST_CONNECTIONS = 50


@dataclass(slots=True)
class _Connection:
    tool: McpTool
    users: int = 0


class McpForPeople:
    """The `ToolPort` of one server; without a chain nobody acts, and it is refused. Implements `TellsIdentity`."""

    def __init__(self, target: str, connect: Callable[[Chain], McpTool], *, told: bool) -> None:
        self._target, self._connect, self._told = target, connect, told
        self._connections: OrderedDict[Chain, _Connection] = OrderedDict()

    @property
    def target(self) -> str:
        return self._target

    async def functions(self) -> Mapping[str, FunctionInfo]:
        return await self.acting(()).functions()

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        return await self.acting(()).call(function, arguments, key=key, timeout_s=timeout_s, progress=progress)

    def acting(self, chain: Chain) -> ToolPort:
        """Return the same server, called in these names."""
        return _Acting(self, chain)

    @asynccontextmanager
    async def used(self, chain: Chain) -> AsyncGenerator[ToolPort]:
        """Give the connection of a chain; it is not closed while the block runs."""
        connection = self._connections.setdefault(chain, _Connection(self._connect(chain)))
        self._connections.move_to_end(chain)
        connection.users += 1
        try:
            yield connection.tool.acting(chain) if self._told else connection.tool
        finally:
            connection.users -= 1
            await self._close_idle()

    async def close(self) -> None:
        connections, self._connections = self._connections, OrderedDict()
        for connection in connections.values():
            await connection.tool.close()

    async def _close_idle(self) -> None:
        idle = [chain for chain, connection in self._connections.items() if not connection.users]
        for chain in idle[: max(0, len(self._connections) - MOST_CONNECTIONS)]:
            await self._connections.pop(chain).tool.close()


class _Acting:
    """A server, called in these names. Implements `ToolPort`."""

    def __init__(self, people: McpForPeople, chain: Chain) -> None:
        self._people, self._chain = people, chain

    @property
    def target(self) -> str:
        return self._people.target

    async def functions(self) -> Mapping[str, FunctionInfo]:
        async with self._people.used(self._chain) as tool:
            return await tool.functions()

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        async with self._people.used(self._chain) as tool:
            return await tool.call(function, arguments, key=key, timeout_s=timeout_s, progress=progress)

    async def close(self) -> None:
        await self._people.close()
