"""From a grant to the port of its tool server: by URL over HTTP, by command over stdio."""

from __future__ import annotations

from collections.abc import Sequence

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.mcp import MAX_MESSAGE, McpTool
from podium.adapters.tools.mcp_http import HttpLink, url_name
from podium.adapters.tools.mcp_session import Link
from podium.adapters.tools.mcp_stdio import StdioLink, command_name
from podium.adapters.tools.secrets import resolve
from podium.effects.ports import ToolPort
from podium.errors import EffectError
from podium.spec.model import ToolSpec


def mcp_port(grant: str, spec: ToolSpec, vault: Vault) -> ToolPort:
    """Return the port of the server that a grant names; it is reached when it is first used.

    Raises:
        EffectError: EF012 when the grant can name no server.
    """
    if isinstance(spec.mcp, str):
        return _over_http(grant, spec.mcp, spec, vault)
    if not spec.mcp:
        raise _no_server(grant, "names no command")
    return _over_stdio(grant, spec.mcp, spec, vault)


def _over_http(grant: str, url: str, spec: ToolSpec, vault: Vault) -> ToolPort:
    if not url.startswith(("http://", "https://")):
        raise _no_server(grant, f"names `{url}`, which is no URL; a command is written as a list, `mcp: [{url}]`")
    if spec.env:
        raise _no_server(grant, "gives an environment to a server that is reached by URL")
    target = url_name(url)

    async def link() -> Link:
        headers, _ = await resolve(vault, spec.headers, kind="headers", target=target)
        return HttpLink(url, headers=headers, max_message=MAX_MESSAGE)

    return McpTool(target, link)


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
