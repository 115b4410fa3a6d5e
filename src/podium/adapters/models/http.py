"""The HTTP client of model providers: where it may go, how much it takes in, how long it waits.

1. It speaks to one origin, the configured base URL; a request to anywhere else is refused before it leaves, and
   redirects are not followed. So a prompt and a key go where the operator said, and nowhere else.
2. Proxies, `.netrc` and other settings of the environment are not used, for the same reason. To go through a gateway,
   name it as the base URL.
3. Certificates are checked against the machine's store, where a company's own authority is installed.
4. An answer has at most `MAX_RESPONSE_BYTES`; every wait has a timeout.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import cast

import httpx2

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Bytes of one answer with its protocol around it; more is no answer."""

CONNECT_TIMEOUT_S = 5.0
"""How long a connection may take to open."""


class TooLong(httpx2.ReadError):
    """The answer exceeds `MAX_RESPONSE_BYTES`."""


class WrongOrigin(httpx2.ConnectError):
    """A request was meant for another origin than the configured one; it was not sent."""


def one_origin_client(base_url: str) -> httpx2.AsyncClient:
    """Return a client for `base_url`; reads certificates from disk, so call it outside the event loop."""
    inner = httpx2.AsyncHTTPTransport(verify=ssl.create_default_context(), trust_env=False, retries=0)
    return httpx2.AsyncClient(
        transport=_OneOrigin(httpx2.URL(base_url), inner),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(CONNECT_TIMEOUT_S),
    )


class _OneOrigin(httpx2.AsyncBaseTransport):
    def __init__(self, base: httpx2.URL, inner: httpx2.AsyncBaseTransport) -> None:
        self._origin = _origin(base)
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if _origin(request.url) != self._origin:
            msg = f"a request was meant for {request.url.host}, which is not the configured server"
            raise WrongOrigin(msg, request=request)
        response = await self._inner.handle_async_request(request)
        response.stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_RESPONSE_BYTES
        async for piece in self._inner:
            left -= len(piece)
            if left < 0:
                msg = f"the answer has more than {MAX_RESPONSE_BYTES} bytes"
                raise TooLong(msg)
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
