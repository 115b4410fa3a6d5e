"""An MCP server over streamable HTTP.

The SDK's transport on top of a connection that is narrower than its own:

1. Requests go to the configured URL and nowhere else: redirects are not followed, proxies and credentials of the
   environment are not used.
2. An answer, or one event of a stream, is at most `max_message` bytes.
3. A token of the grant (`Bearer`) is looked up for every request, as it may have been renewed since the last one.
4. What fails below JSON-RPC (no connection, 401, 429 with Retry-After, 503, a reset) becomes a JSON-RPC error of that
   one request, which says whether it may have been carried out. The SDK alone would drop the whole session, and the
   other calls in it with it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Literal, Protocol

import httpx2
import mcp_types
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import MCP_SESSION_ID, streamable_http_client
from typing_extensions import override  # in typing from Python 3.12

from podium.adapters.tools.mcp_reply import http_problem
from podium.errors import EffectError, ErrorKind

TIMEOUT = httpx2.Timeout(30.0, read=None)  # how long an answer may take is the call's own bound
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
_STATUS: dict[int, tuple[ErrorKind, Literal["no", "unknown"], str]] = {
    401: ("refused", "no", "the server wants a login (401)"),
    403: ("refused", "no", "the server does not allow it (403)"),
    429: ("rate_limited", "no", "the server asks to come back later (429)"),
    502: ("unavailable", "unknown", "the server behind the proxy did not answer (502)"),
    503: ("unavailable", "unknown", "the server is not available (503)"),
    504: ("unavailable", "unknown", "the server behind the proxy did not answer in time (504)"),
}


class Bearer(Protocol):
    """The token that requests show."""

    async def token(self) -> str:
        """Return it.

        Raises:
            EffectError: when there is none.
        """
        ...

    def drop(self) -> None:
        """Forget it: the server does not take it."""
        ...


class HttpLink:
    """One session at one URL. Attributes as `StdioLink`."""

    def __init__(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_message: int, bearer: Bearer | None = None
    ) -> None:
        self.bearer = bearer
        self.target = url_name(url)
        self.fault = ""
        self.too_long = False
        self.forgotten = False
        self._url = url
        self._headers = dict(headers or {})
        self._max_message = max_message

    def last_words(self) -> str:
        """Return "": over HTTP a server says nothing beside the protocol."""
        return ""

    @asynccontextmanager
    async def connect(self, ended: Callable[[], None]) -> AsyncGenerator[TransportStreams]:
        """Give the SDK's two streams."""
        del ended  # between two requests nobody can tell
        secure = self._url.startswith("https:")
        # Reading the system's certificates takes a while and blocks.
        trust = await asyncio.to_thread(ssl.create_default_context) if secure else _no_trust()
        narrow = _Narrow(httpx2.AsyncHTTPTransport(verify=trust, trust_env=False), self)
        async with (
            httpx2.AsyncClient(transport=narrow, timeout=TIMEOUT, trust_env=False, headers=self._headers) as client,
            streamable_http_client(self._url, http_client=client, max_sse_event_size=None) as streams,
        ):
            yield streams

    def note_too_long(self) -> httpx2.StreamError:
        """Remember that a message went beyond the bound; return what ends its stream."""
        self.fault, self.too_long = f"sent a message of more than {self._max_message} bytes", True
        return httpx2.StreamError(self.fault)

    def is_too_long(self, size: int) -> bool:
        """Say whether so many bytes are beyond the bound."""
        return size > self._max_message


class _Narrow(httpx2.AsyncBaseTransport):
    """Sends a request and bounds its answer; a failure becomes an answer that tells of it."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport, link: HttpLink) -> None:
        self._inner = inner
        self._link = link

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        bearer = self._link.bearer
        if bearer is not None:
            try:
                request.headers["authorization"] = f"Bearer {await bearer.token()}"
            except EffectError as error:
                return _told(error.message, error.kind, "no")
        try:
            response = await self._inner.handle_async_request(request)
        except _NOT_SENT as error:
            return _told(f"cannot connect: {error}", "unavailable", "no")
        except httpx2.TransportError as error:
            return _told(f"the connection broke: {error or type(error).__name__}", "unavailable", "unknown")
        if (told := self._problem(request, response)) is not None:
            await response.aclose()
            return told
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        events = response.headers.get("content-type", "").startswith("text/event-stream")
        response.stream = _Bounded(response.stream, self._link, events=events)
        return response

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()

    def _problem(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response | None:
        status = response.status_code
        if status == 401 and self._link.bearer is not None:
            self._link.bearer.drop()
        if status in _STATUS:
            kind, landed, why = _STATUS[status]
            return _told(why, kind, landed, retry_after_s=_seconds(response.headers.get("retry-after")))
        if 300 <= status < 400:
            return _told(f"the server redirects ({status}), which is not followed", "unavailable", "no")
        if status == 404 and MCP_SESSION_ID in request.headers:
            self._link.forgotten = True
            return _told("the server has forgotten the session", "unavailable", "no")
        return None


class _Bounded(httpx2.AsyncByteStream):
    """The bytes of an answer, as long as a message in it stays within the bound."""

    def __init__(self, inner: httpx2.AsyncByteStream, link: HttpLink, *, events: bool) -> None:
        self._inner = inner
        self._link = link
        self._events = events

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for piece in self._inner:
                # An empty line ends an event; that it may lie between two pieces only makes the count too strict.
                event_ends = self._events and (b"\n\n" in piece or b"\r\n\r\n" in piece)
                size = len(piece) if event_ends else size + len(piece)
                if self._link.is_too_long(size):
                    raise self._link.note_too_long()
                yield piece
        except httpx2.TransportError as error:
            raise httpx2.StreamError(f"the connection broke: {error or type(error).__name__}") from None

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


def _told(
    why: str, kind: ErrorKind, landed: Literal["no", "unknown"], *, retry_after_s: float | None = None
) -> httpx2.Response:
    """Return an answer in the form in which servers report errors, with what we know."""
    data = http_problem(kind, landed=landed, retry_after_s=retry_after_s)
    error = {"code": mcp_types.INTERNAL_ERROR, "message": why, "data": data}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    return httpx2.Response(502, headers={"content-type": "application/json"}, content=body)


def _seconds(header: str | None) -> float | None:
    """Return Retry-After in seconds; its other form, a date, is rare and not worth a wrong clock."""
    return float(header) if header is not None and header.isdigit() else None


def _no_trust() -> ssl.SSLContext:
    """Return a context that accepts no certificate at all, for plain HTTP."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def url_name(url: str) -> str:
    """Return how records and messages call the server: without user, query and fragment."""
    return str(httpx2.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
