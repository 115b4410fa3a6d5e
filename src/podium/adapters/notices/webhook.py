"""Notices by a web call: JSON, signed so that the other side knows who calls and when.

`Podium-Signature` is `sha256=` and the HMAC-SHA256 (RFC 2104) in hex of `TIMESTAMP.BODY`, where TIMESTAMP is the header
`Podium-Timestamp` (seconds since the epoch) and BODY the bytes of the body. Whoever checks both refuses what was said
by somebody else, and what was said before. Redirects are not followed; any 2xx is a yes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Awaitable, Callable

import httpx2
import msgspec

from podium.adapters.notices.words import not_taken, text
from podium.clock import Clock
from podium.effects.notices import Notice

TIMEOUT_S = 10.0
Secret = Callable[[], Awaitable[str]]


class Webhook:
    """One address."""

    def __init__(self, url: str, *, secret: Secret, clock: Clock) -> None:
        self._url, self._secret, self._clock = url, secret, clock

    async def send(self, notice: Notice) -> None:
        body = msgspec.json.encode({**msgspec.to_builtins(notice), "text": text(notice)}, order="sorted")
        timestamp = str(self._clock.now() // 1000)
        headers = {
            "Content-Type": "application/json",
            "Podium-Timestamp": timestamp,
            "Podium-Signature": signature(await self._secret(), timestamp, body),
            "Idempotency-Key": notice.id,
        }
        context = await asyncio.to_thread(ssl.create_default_context)
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                httpx2.AsyncClient(verify=context, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                status = answer.status_code
        except (httpx2.HTTPError, TimeoutError) as error:
            raise not_taken("the webhook", type(error).__name__) from None
        if not 200 <= status < 300:
            raise not_taken("the webhook", f"status {status}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of `Podium-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
