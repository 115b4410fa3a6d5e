"""One MCP connection and the task that owns it.

The SDK's client must be entered and left by one task, but calls come from many and each may be cancelled. So a
session has a task of its own that only enters the client, waits until the connection is over, and leaves it; calls
use the client from their own tasks. A session is used once: when it has ended, the port opens another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any, Protocol, cast

import mcp_types
from mcp.client import Client
from mcp.client._transport import TransportStreams
from mcp.client.session import IncomingMessage
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter

from podium.errors import EffectError

Json = Any
KEY_META = "podium/idempotency-key"
"""Where the idempotency key stands in `_meta` of a call."""

CHAIN_META = "podium/acting-for"
"""Where those stand in whose names a call is made: the person first, then workflows, then agents."""

_WHO = mcp_types.Implementation(name="podium", version=version("podium"))
_CLOSING_S = 15.0  # longer than a link takes to end a server that resists

_ANSWER = TypeAdapter[mcp_types.CallToolResult | mcp_types.InputRequiredResult](
    mcp_types.CallToolResult | mcp_types.InputRequiredResult
)

# The SDK logs what servers send; without a handler Python would print that to our terminal.
for _name in ("mcp", "client"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Link(Protocol):
    """A way to one server, for one session."""

    target: str
    fault: str
    too_long: bool
    forgotten: bool

    def connect(self, ended: Callable[[], None]) -> AbstractAsyncContextManager[TransportStreams]:
        """Connect and give the SDK's two streams; call `ended` when the server can answer no more."""
        ...

    def last_words(self) -> str:
        """Return what the server last said outside the protocol, "" for nothing."""
        ...


class Session:
    """A connection that is opened once and ends once.

    Attributes:
        link: The way to the server; says why the session ended.
        stale: Whether the server has announced that its list of tools changed.
        calls: How many calls are waiting for an answer.
        retired: Whether it takes no more calls and is to be stopped when `calls` is 0.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.stale = False
        self.calls = 0
        self.retired = False
        self._ended = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._owner: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether a call may be sent."""
        return not (self._ended.is_set() or self.link.forgotten)

    @property
    def over(self) -> bool:
        """Whether the owner has left the connection, or never entered it."""
        return self._owner is None or self._owner.done()

    async def open(self, timeout_s: float) -> None:
        """Connect and shake hands.

        Raises:
            EffectError: EF012 or EF015; the server is ended again.
        """
        # Not a TaskGroup: the session outlives the call that opens it. `closed` waits for it.
        self._owner = asyncio.create_task(self._own(), name=f"mcp {self.link.target}")
        try:
            await asyncio.wait({self._ready}, timeout=timeout_s)
            if self._ready.done() and not self._ready.cancelled() and self._ready.exception() is None:
                return
        except asyncio.CancelledError:
            self._owner.cancel()
            raise
        timed_out = not self._ready.done()
        self._owner.cancel()
        await self.closed()
        error = None if self._ready.cancelled() or not self._ready.done() else self._ready.exception()
        if isinstance(error, EffectError):
            raise error
        raise self._not_opened(error, timeout_s if timed_out else None) from error

    async def request_call(
        self,
        name: str,
        arguments: Mapping[str, Json],
        *,
        key: str,
        chain: tuple[str, ...] = (),
        alive: Callable[[], None],
    ) -> mcp_types.CallToolResult | mcp_types.InputRequiredResult:
        """Send one call and wait for its answer; cancelling tells the server. Raises what the SDK raises."""

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
            alive()

        told = {CHAIN_META: list(chain)} if chain else {}
        meta = cast("mcp_types.RequestParamsMeta", {KEY_META: key, **told})
        params = mcp_types.CallToolRequestParams(name=name, arguments=dict(arguments), _meta=meta)
        self.calls += 1
        try:
            # Not `Client.call_tool`: it sends some calls twice and answers questions of the server.
            return await self._client.session.send_request(
                mcp_types.CallToolRequest(params=params), _ANSWER, progress_callback=on_progress
            )
        finally:
            self.calls -= 1

    async def request_page(self, cursor: str | None) -> mcp_types.ListToolsResult:
        """Return one page of the list of tools. Raises what the SDK raises."""
        params = mcp_types.PaginatedRequestParams(cursor=cursor)
        return await self._client.session.list_tools(params=params)

    def stop(self) -> None:
        """Let the owner close the connection; returns at once."""
        self._ended.set()

    async def closed(self, within_s: float = _CLOSING_S) -> None:
        """Wait until the owner has left the connection (a stopped session), at most `within_s`."""
        if self._owner is not None:
            await asyncio.wait({self._owner}, timeout=within_s)

    @property
    def _client(self) -> Client:
        return self._ready.result()

    async def _own(self) -> None:
        try:
            async with self._new_client() as client:
                if not self._ready.done():
                    self._ready.set_result(client)
                await self._ended.wait()
        except Exception as error:  # noqa: BLE001 - the edge of the SDK and of a foreign server; told to whoever waits
            self._fail(error)
        finally:
            self._ended.set()
            if not self._ready.done():
                self._ready.cancel()

    def _new_client(self) -> Client:
        return Client(
            self.link.connect(self.stop),
            cache=None,
            message_handler=self._on_message,
            client_info=_WHO,
        )

    def _fail(self, error: Exception) -> None:
        first = _first(error)
        if not self._ready.done():
            self._ready.set_exception(first)
            self._ready.exception()  # seen; `open` may have given up waiting
        elif not self.link.fault:
            self.link.fault = f"broke the connection ({first})"

    async def _on_message(self, message: IncomingMessage) -> None:
        if isinstance(message, mcp_types.ToolListChangedNotification):
            self.stale = True

    def _not_opened(self, error: BaseException | None, timeout_s: float | None) -> EffectError:
        target, words = self.link.target, self.link.last_words()
        if timeout_s is not None:
            kind, why = "timeout", f"did not answer within {timeout_s:g} s"
        elif isinstance(error, MCPError) and not self.link.fault:
            kind, why = "unavailable", f"refused the connection: {error.message}"
        else:
            kind, why = "unavailable", self.link.fault or str(error)
        return EffectError(
            "EF015",
            f"MCP server `{target}` {why}",
            kind=kind,
            help=f"it last wrote: {words[-500:]}" if words else "start it by hand to see what it says",
        )


def _first(error: BaseException) -> Exception:
    """Return the first plain exception inside nested groups."""
    first = error
    while isinstance(first, BaseExceptionGroup):
        first = cast("BaseExceptionGroup[BaseException]", first).exceptions[0]
    return first if isinstance(first, Exception) else RuntimeError(repr(first))
