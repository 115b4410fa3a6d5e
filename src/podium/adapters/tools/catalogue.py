"""The tools of an installation: a port for each grant, opened when first asked for and shared by equal grants.

Two grants are equal when they name the same server or module with the same environment and settings, whatever else
they say (effect, approval, …): that is for the gate, not for the connection.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium.adapters.tools.mcp import MAX_MESSAGE, McpTool
from podium.adapters.tools.mcp_http import HttpLink, url_name
from podium.adapters.tools.mcp_session import Link
from podium.adapters.tools.mcp_stdio import StdioLink, command_name
from podium.adapters.tools.python import PythonTool
from podium.adapters.tools.secrets import resolve
from podium.adapters.tools.threads import Threads
from podium.effects.ports import ToolPort
from podium.errors import EffectError
from podium.spec.model import ToolSpec


class InstalledTools:
    """The `Tools` of a process. To be closed in the event loop in which they were opened."""

    def __init__(self) -> None:
        self._ports: dict[bytes, ToolPort] = {}
        self._threads = Threads()

    def open(self, grant: str, spec: ToolSpec) -> ToolPort:
        """Return the port; whether its server or module exists is found out when it is first used.

        Raises:
            EffectError: EF012 when the grant can name no server.
        """
        key = msgspec.json.encode([spec.mcp, spec.python, spec.env, dict(spec.settings)], order="sorted")
        if key not in self._ports:
            self._ports[key] = self._new(grant, spec)
        return self._ports[key]

    async def close(self) -> None:
        """Close all ports."""
        ports, self._ports = self._ports, {}
        for port in ports.values():
            await port.close()

    def _new(self, grant: str, spec: ToolSpec) -> ToolPort:
        if spec.python is not None:
            return PythonTool(spec.python, spec.settings, threads=self._threads)
        if isinstance(spec.mcp, str):
            return _over_http(grant, spec.mcp, spec)
        if not spec.mcp:
            raise _no_server(grant, "names no command")
        return _over_stdio(spec.mcp, spec)


def _over_http(grant: str, url: str, spec: ToolSpec) -> ToolPort:
    if not url.startswith(("http://", "https://")):
        raise _no_server(grant, f"names `{url}`, which is no URL; a command is written as a list, `mcp: [{url}]`")
    if spec.env:
        raise _no_server(grant, "gives an environment to a server that is reached by URL")
    return McpTool(url_name(url), lambda: HttpLink(url, max_message=MAX_MESSAGE))


def _over_stdio(command: Sequence[str], spec: ToolSpec) -> ToolPort:
    target = command_name(command)

    def link() -> Link:
        env, hidden = resolve(spec.env, target=target)
        return StdioLink(command, env, secrets=hidden, max_message=MAX_MESSAGE)

    return McpTool(target, link)


def _no_server(grant: str, why: str) -> EffectError:
    return EffectError(
        "EF012",
        f"tool `{grant}` {why}",
        kind="invalid_input",
        help="write `mcp: [command, argument, …]` or `mcp: https://host/path`",
    )
