"""Asking a model server which models it has: `GET /v1/models`, the one question that all of them answer."""

from __future__ import annotations

import asyncio
import re

import httpx2
import msgspec

from podium.adapters.models.http import one_origin_client

MAX_LISTED = 500
"""Models of one server that are looked at."""

_NO_CHAT = re.compile(r"embed|rerank|whisper|tts|moderation|bge-|nomic|clip", re.IGNORECASE)


class _Card(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    data: list[_Card]


class NoModelServer(Exception):
    """What answers there, if anything, does not list models; says why."""


async def listed_models(base_url: str, *, api_key: str = "", timeout_s: float) -> list[str]:
    """Return the names of the models that can chat, in the server's order; `base_url` ends in `/v1`.

    Raises:
        NoModelServer: with the reason.
    """
    client = await asyncio.to_thread(one_origin_client, base_url)
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        async with client, asyncio.timeout(timeout_s):
            response = await client.get(f"{base_url.rstrip('/')}/models", headers=headers, timeout=timeout_s)
    except TimeoutError:
        raise NoModelServer(f"no answer within {timeout_s:g} s") from None
    except httpx2.HTTPError as error:
        raise NoModelServer(str(error) or type(error).__name__) from None
    if response.status_code != 200:
        raise NoModelServer(f"HTTP {response.status_code}")
    try:
        listed = msgspec.json.decode(response.content, type=_Listed).data[:MAX_LISTED]
    except msgspec.DecodeError:
        raise NoModelServer("what answers is no model server") from None
    return [card.id for card in listed if not _NO_CHAT.search(card.id)]
