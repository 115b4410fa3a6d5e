"""Tokens for tool servers, from the authorization server that a grant names.

1. `as: service` asks with the client's own credentials (RFC 6749 §4.4): one token for all runs. `as: person` exchanges
   the token of whoever started the run (RFC 8693): the person is the subject, and the workflow or agent that calls is
   the actor. Its token is a JWT that the client signs with its secret (HS256), with those before it in the chain under
   `act`. A person without a token gets none: nobody else's is used instead.
2. Every token is asked for one server, by its URL as `resource` (RFC 8707), so that it is worth nothing elsewhere. A
   person's own token goes to the authorization server for which `podium.toml` declares it, and to no other.
3. A token is kept in memory until shortly before it expires, and dropped when the server does not take it. It stands in
   no record, message or log; what comes back from a tool is searched for it.
4. The authorization server has `TOKEN_S` seconds and `MAX_BYTES` bytes; redirects and proxies are not followed.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple, cast
from uuid import uuid4

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import OctKey
from typing_extensions import override  # in typing from Python 3.12

from podium.adapters.secrets.vault import Vault
from podium.clock import Clock
from podium.errors import EffectError, ErrorKind
from podium.spec.auth import AuthSpec

Json = Any

TOKEN_S = 10.0
MAX_BYTES = 256 * 1024
MOST_TOKENS = 200
EARLY_S = 30.0
"""So long before it expires a token is not used any more; of a shorter life than twice this, half."""

UNKNOWN_LIFE_S = 60.0
"""How long a token is used of which nobody says how long it lives."""

ACTOR_LIFE_S = 60
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_ERROR = re.compile(r"^[a-z_]{1,60}$")
_PERSON = "person:"

PeopleTokens = Mapping[str, Mapping[str, str]]
"""`{person: {token_url: "${secrets.name}"}}`."""


class Wanted(NamedTuple):
    """Which token: of which client at which place, for which server, in whose names; `chain` is () for a service."""

    auth: AuthSpec
    resource: str
    chain: tuple[str, ...] = ()


class _Kept(NamedTuple):
    token: str
    fresh_until: float


class Logins:
    """See the module's rules; one for a process."""

    def __init__(self, vault: Vault, people: PeopleTokens, clock: Clock) -> None:
        self._vault, self._people, self._clock = vault, people, clock
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._asking: dict[tuple[object, ...], asyncio.Lock] = {}

    async def token(self, wanted: Wanted) -> str:
        """Return a token that still lives for a while.

        Raises:
            EffectError: EF072 when the authorization server gives no answer, EF073 when it refuses, EF074 when the
                person has no token to exchange; EF014, EF070 or EF071 when a secret cannot be had.
        """
        key = _key(wanted)
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:  # whoever wants the same waits for it, and does not ask again
            kept = self._kept.get(key)
            if kept is None or kept.fresh_until <= self._clock.monotonic():
                kept = self._kept[key] = await self._new(wanted)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_TOKENS:
                self._kept.popitem(last=False)
        if not lock.locked():
            self._asking.pop(key, None)
        return kept.token

    def drop(self, wanted: Wanted) -> None:
        """Forget a token that was not taken."""
        self._kept.pop(_key(wanted), None)

    async def _new(self, wanted: Wanted) -> _Kept:
        auth = wanted.auth
        secret = await self._vault.fill(auth.client_secret, where=f"`auth.client_secret` of `{wanted.resource}`")
        asked = {"resource": wanted.resource, **({"scope": " ".join(auth.scope)} if auth.scope else {})}
        if auth.audience:
            asked["audience"] = auth.audience
        if auth.as_ == "person":
            asked |= await self._exchange(wanted, secret)
        begun = self._clock.monotonic()
        answer = await _ask(auth, secret, asked)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token or str(answer.get("token_type", "")).lower() != "bearer":
            raise _refused(auth, "its answer holds no bearer token")
        life = _life(answer.get("expires_in"))
        self._vault.learn("${token of " + wanted.resource + "}", token, until=begun + life)
        return _Kept(token, begun + life - min(EARLY_S, life / 2))

    async def _exchange(self, wanted: Wanted, secret: str) -> dict[str, str]:
        person = next((link.removeprefix(_PERSON) for link in wanted.chain if link.startswith(_PERSON)), "")
        url = wanted.auth.token_url
        reference = self._people.get(person, {}).get(url)
        if reference is None:
            raise EffectError(
                "EF074",
                f"`{person or 'nobody'}` has no token for `{url}`, and `{wanted.resource}` is called in their name",
                kind="refused",
                help="declare it under `[people.NAME.tokens]` in podium.toml, or say `as: service` in the grant",
            )
        return {
            "grant_type": _EXCHANGE,
            "subject_token": await self._vault.fill(reference, where=f"`tokens` of `{person}`"),
            "subject_token_type": _ACCESS_TOKEN,
            "actor_token": self._actor(wanted, secret),
            "actor_token_type": _JWT,
        }

    def _actor(self, wanted: Wanted, secret: str) -> str:
        """Return who calls, signed by the client: the innermost of the chain, the others under `act`."""
        act: dict[str, Json] = {}
        for link in wanted.chain:
            if not link.startswith(_PERSON):
                act = {"sub": link, **({"act": act} if act else {})}
        now = self._clock.now() // 1000
        claims = {
            **act,
            "iss": wanted.auth.client_id,
            "aud": wanted.auth.token_url,
            "iat": now,
            "exp": now + ACTOR_LIFE_S,
            "jti": uuid4().hex,
        }
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret.encode()))


async def _ask(auth: AuthSpec, secret: str, asked: dict[str, str]) -> Mapping[str, Json]:
    """Ask the authorization server once."""
    trust = await asyncio.to_thread(ssl.create_default_context)
    transport = _Bounded(httpx2.AsyncHTTPTransport(verify=trust, trust_env=False, retries=0))
    body = {"grant_type": "client_credentials", **asked}
    # authlib is untyped: at run time this is a client of httpx2, and a token is a dict
    client: Any = AsyncOAuth2Client(auth.client_id, secret, transport=transport, trust_env=False, timeout=TOKEN_S)
    try:
        async with asyncio.timeout(TOKEN_S), client:
            return cast("Mapping[str, Json]", await client.fetch_token(auth.token_url, **body))
    except OAuthError as error:
        said = str(error.error or "")
        raise _refused(auth, f"it says `{said}`" if _ERROR.match(said) else "it does not say why") from None
    except httpx2.HTTPStatusError as error:
        raise _unavailable(auth, f"status {error.response.status_code}", "unavailable") from None
    except ValueError:  # what authlib raises when it reads something else
        raise _refused(auth, "its answer is no JSON object") from None
    except (httpx2.HTTPError, TimeoutError) as error:
        late = isinstance(error, TimeoutError | httpx2.TimeoutException)
        raise _unavailable(auth, type(error).__name__, "timeout" if late else "unavailable") from None


class _Bounded(httpx2.AsyncBaseTransport):
    """Reads at most `MAX_BYTES` of an answer."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport) -> None:
        self._inner = inner

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        content = b""
        try:
            async for piece in response.stream:
                content += piece
                if len(content) > MAX_BYTES:
                    message = f"the answer has more than {MAX_BYTES} bytes"
                    raise httpx2.ReadError(message, request=request)
        finally:
            await response.aclose()
        # encodings are left to no chance: a small answer can unpack into a large one
        headers = {"content-type": response.headers.get("content-type", "")}
        return httpx2.Response(response.status_code, headers=headers, content=content)

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


def _unavailable(auth: AuthSpec, why: str, kind: ErrorKind) -> EffectError:
    return EffectError(
        "EF072",
        f"the authorization server `{auth.token_url}` gave no answer that can be used: {why}",
        kind=kind,
        help="look whether it runs, and whether this machine may reach it",
    )


def _refused(auth: AuthSpec, why: str) -> EffectError:
    return EffectError(
        "EF073",
        f"the authorization server `{auth.token_url}` gives `{auth.client_id}` no token: {why}",
        kind="refused",
        help="look at `auth` of the grant, and at what this client may do there",
    )


def _life(seconds: object) -> float:
    """Return how long a token lives, in seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | str):
        return UNKNOWN_LIFE_S
    try:
        return max(0.0, min(float(seconds), 86_400.0))
    except ValueError:
        return UNKNOWN_LIFE_S


def _key(wanted: Wanted) -> tuple[object, ...]:
    auth = wanted.auth
    return (
        auth.token_url,
        auth.client_id,
        auth.client_secret,
        auth.scope,
        auth.audience,
        wanted.resource,
        wanted.chain,
    )
