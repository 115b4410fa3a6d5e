"""MCP servers as tools, over stdio or streamable HTTP.

1. Connected when first used, one session at a time; when it has ended the next call opens another. The adapter itself
   never sends a call twice.
2. Everything has a bound: connecting (`connect_s`), listing (`list_s`), a call (its own timeout), a message
   (`max_message`), the list of tools. Signs of life of the server are passed on; whoever calls judges silence.
3. Arguments are checked against the server's schema before anything is sent (EF010, certainly nothing happened).
4. A session in which a call ran into its timeout takes no more calls and is ended when its last call is: that is what
   stops the work of a server that does not listen. A cancelled call is only announced to the server.
5. After sending, no answer means that it may have happened: timeout (EF016), lost connection (EF017), an answer that
   is too large (EF019) or cannot be used (EF020).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, Literal

import mcp_types
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from podium.adapters.tools.mcp_listing import Listing, read_listing
from podium.adapters.tools.mcp_reply import error_of, reply_of, told_below
from podium.adapters.tools.mcp_session import Link, Session
from podium.effects.ports import FunctionInfo, Progress, ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply

Json = Any
CONNECT_S = 60.0
LIST_S = 30.0
MAX_MESSAGE = 10_000_000
"""Bytes of one message, results included."""


class McpTool:
    """The `ToolPort` of one server."""

    def __init__(
        self,
        target: str,
        link: Callable[[], Link | Awaitable[Link]],
        *,
        connect_s: float = CONNECT_S,
        list_s: float = LIST_S,
        login: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._target = target
        self._link = link
        self._login = login
        self._connect_s = connect_s
        self._list_s = list_s
        self._opening = asyncio.Lock()
        self._session: Session | None = None
        self._listing: Listing | None = None
        self._sessions: set[Session] = set()  # all that are not over, also those that take no more calls
        self._closed = False

    @property
    def target(self) -> str:
        return self._target

    async def functions(self) -> Mapping[str, FunctionInfo]:
        session = await self._connected()
        return (await self._listed(session)).functions

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Json],
        *,
        key: EffectKey,
        timeout_s: float,
        progress: Progress,
        chain: tuple[str, ...] = (),
    ) -> ToolReply:
        landed: Literal["no", "unknown"] = "no"
        session: Session | None = None
        try:
            async with asyncio.timeout(timeout_s):
                session = await self._connected()
                info = await self._callable(session, function, arguments)
                landed = "unknown"
                return await self._exchange(session, info, arguments, key=key, progress=progress, chain=chain)
        except TimeoutError:
            if session is not None:
                self._retire(session)
            raise EffectError(
                "EF016",
                f"`{self._target}` did not answer the call of `{function}` within {timeout_s:g} s",
                kind="timeout",
                landed=landed,
                help="raise `timeout` of the tool or of the node, or look into the server's log",
            ) from None
        finally:
            self._end_idle()

    def acting(self, chain: tuple[str, ...]) -> ToolPort:
        """Return the same server, told with each call in whose names it is made."""
        return _Acting(self, chain)

    async def close(self) -> None:
        self._closed = True
        self._session = None
        for session in self._sessions:
            session.stop()
        for session in tuple(self._sessions):
            await session.closed()
        self._sessions.clear()

    async def _connected(self) -> Session:
        """Return a session that takes calls, opening one when there is none; who cannot log in sends nothing."""
        if self._login is not None:
            await self._login()
        async with self._opening:
            if self._closed:
                raise EffectError("EF015", f"the connection to `{self._target}` is closed", kind="unavailable")
            if self._session is None or not self._session.alive:
                if self._session is not None:
                    self._retire(self._session)
                link = self._link()
                session = Session(await link if isawaitable(link) else link)
                self._sessions.add(session)
                await session.open(self._connect_s)
                self._session, self._listing = session, None
            return self._session

    async def _listed(self, session: Session, *, fresh: bool = False) -> Listing:
        if self._listing is None or session.stale or fresh:
            session.stale = False
            try:
                async with asyncio.timeout(self._list_s):
                    self._listing = await read_listing(self._target, session.request_page)
            except TimeoutError:
                self._retire(session)
                raise self._no_list("timeout", f"did not list its tools within {self._list_s:g} s") from None
            except ValidationError:
                raise self._no_list("invalid_output", "lists its tools in a form that is not MCP") from None
            except MCPError as error:
                await session.closed(1.0) if not session.alive else None
                raise self._no_list("unavailable", session.link.fault or f"lists no tools: {error.message}") from None
        return self._listing

    def _no_list(self, kind: Literal["timeout", "invalid_output", "unavailable"], why: str) -> EffectError:
        return EffectError("EF015", f"MCP server `{self._target}` {why}", kind=kind, help="look into the server's log")

    async def _callable(self, session: Session, function: str, arguments: Mapping[str, Json]) -> FunctionInfo:
        """Return the function when it is there and the arguments fit; an old list is read again before saying no."""
        old = self._listing is not None
        found = self._fitting(await self._listed(session), function, arguments)
        if isinstance(found, EffectError) and old:
            found = self._fitting(await self._listed(session, fresh=True), function, arguments)
        if isinstance(found, EffectError):
            raise found
        return found

    def _fitting(self, listing: Listing, function: str, arguments: Mapping[str, Json]) -> FunctionInfo | EffectError:
        info = listing.functions.get(function)
        if info is None:
            return self._missing(function, listing)
        if wrong := listing.wrong(function, arguments):
            return EffectError(
                "EF010",
                f"`{function}` was not called: {wrong}",
                kind="invalid_input",
                help=f"it takes {_names(info.parameters.get('properties', {}))}",
            )
        return info

    def _missing(self, function: str, listing: Listing) -> EffectError:
        if function in listing.unusable:
            return EffectError(
                "EF020",
                f"`{function}` of `{self._target}` cannot be called: {listing.unusable[function]}",
                kind="invalid_output",
            )
        return EffectError(
            "EF011",
            f"`{self._target}` has no function `{function}`",
            kind="invalid_input",
            help=f"it has {_names(listing.functions)}",
        )

    async def _exchange(
        self,
        session: Session,
        info: FunctionInfo,
        arguments: Mapping[str, Json],
        *,
        key: EffectKey,
        progress: Progress,
        chain: tuple[str, ...],
    ) -> ToolReply:
        try:
            answer = await session.request_call(info.name, arguments, key=key, chain=chain, alive=lambda: progress(""))
        except MCPError as error:
            if not told_below(error) and (
                error.code == mcp_types.CONNECTION_CLOSED or not session.alive or session.link.too_long
            ):
                raise await self._lost(session, info.name, error) from None
            await self._check_still_there(session, info.name)
            raise error_of(info.name, error) from None
        except ValidationError:
            raise EffectError(
                "EF020",
                f"`{info.name}` answered in a form that is not MCP",
                kind="invalid_output",
                landed="unknown",
                help="look for a newer version of the server",
            ) from None
        if isinstance(answer, mcp_types.CallToolResult) and answer.is_error:
            await self._check_still_there(session, info.name)
        return reply_of(info, answer)

    async def _check_still_there(self, session: Session, function: str) -> None:
        """Raise EF011 when a call failed because the server does not have the function any more."""
        try:
            listing = await self._listed(session, fresh=True)
        except EffectError:
            return  # then the call's own error is what there is to say
        if function not in listing.functions:
            raise self._missing(function, listing)

    async def _lost(self, session: Session, function: str, error: MCPError) -> EffectError:
        self._retire(session)
        if not session.alive:
            await session.closed(1.0)  # its exit status and last words
        words = session.link.last_words()
        why = session.link.fault or f"ended the connection ({error.message})"
        if session.link.too_long:
            return EffectError(
                "EF019",
                f"`{self._target}` {why} while `{function}` was waiting for its answer",
                kind="invalid_output",
                landed="unknown",
                help="ask the function for less, such as a lower limit or fewer fields",
            )
        return EffectError(
            "EF017",
            f"`{self._target}` {why} while `{function}` was waiting for its answer",
            kind="unavailable",
            landed="unknown",
            help=f"it last wrote: {words[-500:]}" if words else "look into the server's log",
        )

    def _retire(self, session: Session) -> None:
        if self._session is session:
            self._session, self._listing = None, None
        session.retired = True

    def _end_idle(self) -> None:
        """End the retired sessions in which nobody waits any more, and forget those that are over."""
        for session in self._sessions:
            if session.retired and session.calls == 0:
                session.stop()
        self._sessions = {session for session in self._sessions if not session.over}


class _Acting:
    """A server, told in whose names it is called. Implements `ToolPort`."""

    def __init__(self, tool: McpTool, chain: tuple[str, ...]) -> None:
        self._tool = tool
        self._chain = chain

    @property
    def target(self) -> str:
        return self._tool.target

    async def functions(self) -> Mapping[str, FunctionInfo]:
        return await self._tool.functions()

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        return await self._tool.call(
            function, arguments, key=key, timeout_s=timeout_s, progress=progress, chain=self._chain
        )

    async def close(self) -> None:
        await self._tool.close()


def _names(names: Mapping[str, object]) -> str:
    shown = [f"`{name}`" for name in list(names)[:20]]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "") if shown else "nothing"
