"""Logging in at a tool server: a token for that server alone, in the right name, known to nobody else.

The authorization server and the MCP server are real ones on this machine; the second takes only what the first gave.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey
from mcp.server.mcpserver import Context, MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Receive, Scope, Send

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.catalogue import InstalledTools
from podium.effects.ports import TellsIdentity, ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.spec.model import ToolSpec
from podium.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

SECRET = "a client secret that is long enough"
CHAIN = ("person:ada", "workflow:refunds@3fa9c01b22d4", "agent:triage@3")


class Authorization:
    """An authorization server: client credentials and the exchange of tokens; it remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, str]] = []
        self.given: dict[str, dict[str, Any]] = {}
        self.answer: Response | None = None
        self.life: Any = 3600
        self.app: ASGIApp = Starlette(routes=[Path("/token", self.token, methods=["POST"])])

    async def token(self, request: Request) -> Response:
        asked = dict(parse_qsl((await request.body()).decode()))
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer
        basic = "Basic " + base64.b64encode(f"podium:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != basic:
            return JSONResponse({"error": "invalid_client"}, 401)
        token = secrets.token_urlsafe(24)
        self.given[token] = {"resource": asked["resource"], **self.names(asked)}
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.life})

    def names(self, asked: Mapping[str, str]) -> dict[str, Any]:
        if asked["grant_type"] == "client_credentials":
            return {"sub": "podium"}
        assert asked["subject_token"] == "ada-at-the-login"
        actor = jwt.decode(asked["actor_token"], OctKey.import_key(SECRET.encode())).claims
        assert (actor["iss"], actor["aud"], actor["exp"] - actor["iat"]) == ("podium", f"{self.url}/token", 60)
        return {"sub": "ada", "actor": {key: actor[key] for key in ("sub", "act") if key in actor}}


class Guarded:
    """An MCP server that takes only tokens that were given for it."""

    def __init__(self, authorization: Authorization) -> None:
        self.url = ""
        self.shown: list[str] = []
        self.refuse_once = False
        self._authorization = authorization
        self._app: ASGIApp = server_of(self).streamable_http_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers: dict[bytes, bytes] = dict(scope["headers"])
            token = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
            self.shown.append(token)
            known = self._authorization.given.get(token)
            if known is None or known["resource"] != self.url or self.refuse_once:
                self.refuse_once = False
                await Response(status_code=401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def server_of(guarded: Guarded) -> MCPServer[Any]:
    server = MCPServer("guarded")

    @server.tool(structured_output=False)
    async def told(context: Context[Any]) -> str:
        """Return in whose names the call came, by its `_meta`."""
        meta: Any = context.request_context.meta or {}
        return " ".join(meta.get("podium/acting-for", ["nobody"]))

    @server.tool(structured_output=False)
    async def leak() -> str:
        """Say back the token that was shown."""
        return f"your token is {guarded.shown[-1]}, in base64 {base64.b64encode(guarded.shown[-1].encode()).decode()}"

    assert told
    assert leak
    return server


@asynccontextmanager
async def served(app: ASGIApp, *, lifespan: bool) -> AsyncGenerator[str]:
    config = uvicorn.Config(
        app, log_level="critical", lifespan="on" if lifespan else "off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
    listening.close()


@pytest.fixture
async def authorization() -> AsyncIterator[Authorization]:
    found = Authorization()
    async with served(found.app, lifespan=False) as found.url:
        yield found


@pytest.fixture
async def guarded(authorization: Authorization) -> AsyncIterator[Guarded]:
    found = Guarded(authorization)
    async with served(found, lifespan=True) as url:
        found.url = f"{url}/mcp"
        yield found


class World:
    """The tools of an installation in which ada has a token at the authorization server, and bob has none."""

    def __init__(self, authorization: Authorization, guarded: Guarded) -> None:
        self.clock = FakeClock()
        environ = {"PODIUM_SECRET_CLIENT": SECRET, "PODIUM_SECRET_ADA": "ada-at-the-login", "PODIUM_SECRET_WRONG": "no"}
        self.vault = Vault(environ=environ, clock=self.clock)
        self._url, self._token_url = guarded.url, f"{authorization.url}/token"
        people = {"ada": {self._token_url: "${secrets.ada}"}, "eve": {"https://other.example/token": "${secrets.ada}"}}
        self.tools = InstalledTools(self.vault, people=people, clock=self.clock)

    def port(self, *chain: str, identity: str = "none", **auth: Any) -> ToolPort:
        said = {"token_url": self._token_url, "client_id": "podium", "client_secret": "${secrets.client}", **auth}
        spec = ToolSpec.model_validate(
            {"mcp": self._url, "effect": "read", "delivery": "repeatable", "identity": identity, "auth": said},
            by_alias=True,
        )
        port = self.tools.open("guarded", spec)
        assert isinstance(port, TellsIdentity)
        return port.acting(chain) if spec.acts else port

    async def call(self, function: str, *chain: str, **keys: Any) -> str:
        port = self.port(*chain, **keys)
        reply = await port.call(function, {}, key=EffectKey("a" * 32), timeout_s=20, progress=lambda _: None)
        return reply.value

    async def refused(self, *chain: str, **keys: Any) -> EffectError:
        with pytest.raises(EffectError) as caught:
            await self.call("told", *chain, **keys)
        return caught.value


@pytest.fixture
async def world(authorization: Authorization, guarded: Guarded) -> AsyncIterator[World]:
    found = World(authorization, guarded)
    yield found
    await found.tools.close()


async def test_a_service_has_one_token_for_this_server_alone(
    world: World, authorization: Authorization, guarded: Guarded
) -> None:
    assert (
        await world.call("told", **{"as": "service", "scope": ["orders.read", "orders.list"], "audience": "erp"})
        == "nobody"
    )

    assert authorization.asked == [
        {
            "grant_type": "client_credentials",
            "resource": guarded.url,
            "scope": "orders.read orders.list",
            "audience": "erp",
        }
    ]
    assert set(guarded.shown) == set(authorization.given)


async def test_a_person_is_the_subject_and_who_calls_for_them_is_the_actor(
    world: World, authorization: Authorization
) -> None:
    assert await world.call("told", *CHAIN) == "nobody"

    (given,) = authorization.given.values()
    assert (given["sub"], given["actor"]) == (
        "ada",
        {"sub": "agent:triage@3", "act": {"sub": "workflow:refunds@3fa9c01b22d4"}},
    )
    (asked,) = authorization.asked
    assert (asked["grant_type"], asked["subject_token_type"], asked["actor_token_type"]) == (
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:token-type:access_token",
        "urn:ietf:params:oauth:token-type:jwt",
    )


async def test_names_stand_in_the_message_only_where_the_grant_says_so(world: World) -> None:
    assert await world.call("told", *CHAIN, identity="send") == " ".join(CHAIN)


async def test_two_workflows_of_one_person_share_neither_token_nor_session(
    world: World, authorization: Authorization
) -> None:
    await world.call("told", "person:ada", "workflow:one@1")
    await world.call("told", "person:ada", "workflow:two@1")

    assert [given["actor"]["sub"] for given in authorization.given.values()] == ["workflow:one@1", "workflow:two@1"]


@pytest.mark.parametrize("person", ["bob", "eve"])
async def test_who_has_no_token_there_is_given_nobody_elses(
    world: World, authorization: Authorization, guarded: Guarded, person: str
) -> None:
    error = await world.refused(f"person:{person}", "workflow:refunds@3fa9c01b22d4")

    assert (error.code, error.kind, error.landed) == ("EF074", "refused", "no")
    assert error.message.startswith(f"`{person}` has no token for ")
    assert (authorization.asked, guarded.shown) == ([], [])


async def test_without_anybody_who_acts_nothing_is_listed(world: World, guarded: Guarded) -> None:
    with pytest.raises(EffectError, match="`nobody` has no token"):
        await world.port().functions()

    assert guarded.shown == []


async def test_a_token_is_used_until_shortly_before_it_expires(world: World, authorization: Authorization) -> None:
    authorization.life = 100
    for _ in range(3):
        await world.call("told", *CHAIN)
    assert len(authorization.asked) == 1

    await world.clock.sleep(71)
    await world.call("told", *CHAIN)

    assert len(authorization.asked) == 2


async def test_of_many_who_want_the_same_token_one_asks(world: World, authorization: Authorization) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(world.call("told", *CHAIN))

    assert len(authorization.asked) == 1


async def test_a_token_that_is_not_taken_is_asked_for_anew(
    world: World, authorization: Authorization, guarded: Guarded
) -> None:
    await world.call("told", *CHAIN)
    guarded.refuse_once = True

    error = await world.refused(*CHAIN)
    assert (error.code, error.kind, error.landed) == ("EF017", "refused", "no")
    assert await world.call("told", *CHAIN) == "nobody"
    assert len(authorization.asked) == 2


async def test_a_token_that_a_tool_says_back_is_blotted_out(world: World, authorization: Authorization) -> None:
    said = await world.call("leak", *CHAIN)

    assert [
        token for token in authorization.given if token in said or base64.b64encode(token.encode()).decode() in said
    ] == []
    assert said.startswith("your token is ${token of http://127.0.0.1")
    assert set(authorization.given) <= set(world.vault.known)


async def test_a_wrong_client_secret_is_refused_in_words(world: World, guarded: Guarded) -> None:
    error = await world.refused(*CHAIN, **{"as": "service", "client_secret": "${secrets.wrong}"})

    assert (error.code, error.kind) == ("EF073", "refused")
    assert error.message.endswith("gives `podium` no token: it says `invalid_client`")
    assert guarded.shown == []


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        (Response("gone", 500), "EF072", "status 500"),
        (Response("gone"), "EF073", "its answer is no JSON object"),
        (JSONResponse({"token_type": "Bearer"}), "EF073", "no bearer token"),
        (JSONResponse({"access_token": "t", "token_type": "mac"}), "EF073", "no bearer token"),
        (JSONResponse({"error": "Bad\nToken s3cret"}, 400), "EF073", "it does not say why"),
        (JSONResponse([1]), "EF073", "its answer is no JSON object"),
        (Response(b"x" * 300_000), "EF072", "ReadError"),
        (Response(status_code=307, headers={"location": "http://127.0.0.1:9/"}), "EF072", "status 307"),
    ],
)
async def test_what_is_no_token_is_none(
    world: World, authorization: Authorization, answer: Response, code: str, why: str
) -> None:
    authorization.answer = answer

    error = await world.refused(*CHAIN)

    assert (error.code, why in error.message, error.landed) == (code, True, "no"), error.message


async def test_an_authorization_server_that_is_not_there_is_told(world: World) -> None:
    error = await world.refused(*CHAIN, **{"as": "service", "token_url": "http://127.0.0.1:9/token"})

    assert (error.code, error.kind) == ("EF072", "unavailable")


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"token_url": "http://login.example.org/token"}, "token_url"),
        ({"token_url": "https://ada:pw@login.example.org/token"}, "token_url"),
        ({"token_url": "nonsense"}, "token_url"),
        ({"client_secret": "hunter2"}, "client_secret"),
        ({"as": "everybody"}, "as"),
    ],
)
def test_a_login_that_would_show_secrets_is_refused_when_it_is_written(changed: dict[str, str], wrong: str) -> None:
    auth = {
        "token_url": "https://login.example.org/token",
        "client_id": "podium",
        "client_secret": "${secrets.client}",
        **changed,
    }

    with pytest.raises(ValueError, match=wrong):
        ToolSpec.model_validate({"mcp": "https://erp/mcp", "effect": "read", "delivery": "keyed", "auth": auth})


@pytest.mark.parametrize(
    "grant", [{"mcp": ["server"]}, {"mcp": "https://erp/mcp", "headers": {"authorization": "Bearer x"}}]
)
def test_a_login_needs_a_server_by_url_and_no_other_token(grant: dict[str, Any]) -> None:
    auth = {"token_url": "https://login/token", "client_id": "podium", "client_secret": "${secrets.client}"}

    with pytest.raises(ValueError, match="expected `auth`"):
        ToolSpec.model_validate({**grant, "effect": "read", "delivery": "keyed", "auth": auth})
