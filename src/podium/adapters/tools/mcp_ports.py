"""From a grant to the port of its tool server: by URL over HTTP, by command over stdio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.mcp import MAX_MESSAGE, McpTool
from podium.adapters.tools.mcp_http import Bearer, HttpLink, url_name
from podium.adapters.tools.mcp_people import McpForPeople
from podium.adapters.tools.mcp_session import Link
from podium.adapters.tools.mcp_stdio import StdioLink, command_name
from podium.adapters.tools.secrets import resolve
from podium.effects.ports import ToolPort
from podium.errors import EffectError
from podium.spec.model import ToolSpec

if TYPE_CHECKING:
    from podium.adapters.tools.oauth import Logins, Wanted


def mcp_port(grant: str, spec: ToolSpec, vault: Vault, logins: Callable[[], Logins]) -> ToolPort:
    """Return the port of the server that a grant names; it is reached when it is first used.

    Raises:
        EffectError: EF012 when the grant can name no server.
    """
    if isinstance(spec.mcp, str):
        return _over_http(grant, spec.mcp, spec, vault, logins)
    if not spec.mcp:
        raise _no_server(grant, "names no command")
    return _over_stdio(grant, spec.mcp, spec, vault)


def _over_http(grant: str, url: str, spec: ToolSpec, vault: Vault, logins: Callable[[], Logins]) -> ToolPort:
    if not url.startswith(("http://", "https://")):
        raise _no_server(grant, f"names `{url}`, which is no URL; a command is written as a list, `mcp: [{url}]`")
    if spec.env:
        raise _no_server(grant, "gives an environment to a server that is reached by URL")
    target = url_name(url)

    async def link(bearer: Bearer | None = None) -> Link:
        headers, _ = await resolve(vault, spec.headers, kind="headers", target=target)
        return HttpLink(url, headers=headers, max_message=MAX_MESSAGE, bearer=bearer)

    auth = spec.auth
    if auth is None:
        return McpTool(target, link)

    # a fifth of a second that servers without a login need not pay
    from podium.adapters.tools.oauth import Wanted  # noqa: PLC0415

    def logged_in(chain: tuple[str, ...] = ()) -> McpTool:
        token = _Token(logins(), Wanted(auth, target, chain))
        return McpTool(target, lambda: link(token), login=token.token)

    return McpForPeople(target, logged_in, told=spec.identity == "send") if auth.as_ == "person" else logged_in()


class _Token(NamedTuple):
    """One token, as requests show it. Implements `Bearer`."""

    logins: Logins
    wanted: Wanted

    async def token(self) -> str:
        return await self.logins.token(self.wanted)

    def drop(self) -> None:
        self.logins.drop(self.wanted)


def _over_stdio(grant: str, command: Sequence[str], spec: ToolSpec, vault: Vault) -> ToolPort:
    if spec.headers:
        raise _no_server(grant, "gives headers to a server that is no URL")
    target = command_name(command)

    async def link() -> Link:
        env, hidden = await resolve(vault, spec.env, kind="env", target=target)
        return StdioLink(command, env, secrets=hidden, max_message=MAX_MESSAGE, sandbox=spec.sandbox)

    return McpTool(target, link)


def _no_server(grant: str, why: str) -> EffectError:
    return EffectError(
        "EF012",
        f"tool `{grant}` {why}",
        kind="invalid_input",
        help="write `mcp: [command, argument, …]` or `mcp: https://host/path`",
    )
