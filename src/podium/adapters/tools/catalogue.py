"""The tools of an installation: a port for each grant, opened when first asked for and shared by equal grants.

Two grants are equal when they name the same server or module with the same environment and settings, whatever else
they say (effect, approval, …): that is for the gate, not for the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from podium.adapters.secrets.vault import Vault
from podium.adapters.tools.guarded import GuardedTool
from podium.adapters.tools.python import PythonTool
from podium.adapters.tools.threads import Threads
from podium.clock import Clock, SystemClock
from podium.effects.ports import ToolPort
from podium.spec.model import ToolSpec

if TYPE_CHECKING:
    from podium.adapters.tools.oauth import Logins


class InstalledTools:
    """The `Tools` of a process. To be closed in the event loop in which they were opened.

    `people` are the tokens that prove to authorization servers who people are: `{person: {token_url: reference}}`.
    """

    def __init__(
        self,
        vault: Vault | None = None,
        *,
        people: Mapping[str, Mapping[str, str]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._vault = vault or Vault()
        self._people = people or {}
        self._clock = clock or SystemClock()
        self._logins: Logins | None = None
        self._ports: dict[bytes, ToolPort] = {}
        self._threads = Threads()

    def open(self, grant: str, spec: ToolSpec) -> ToolPort:
        """Return the port; whether its server or module exists is found out when it is first used.

        Raises:
            EffectError: EF012 when the grant can name no server.
        """
        walls = spec.sandbox.model_dump() if spec.sandbox else None
        login = [spec.auth.model_dump(), spec.identity] if spec.auth else None
        same = [spec.mcp, spec.python, spec.env, spec.headers, login, walls, dict(spec.settings)]
        key = msgspec.json.encode(same, order="sorted")
        if key not in self._ports:
            self._ports[key] = GuardedTool(self._new(grant, spec), self._vault)
        return self._ports[key]

    async def close(self) -> None:
        """Close all ports."""
        ports, self._ports = self._ports, {}
        for port in ports.values():
            await port.close()

    def _new(self, grant: str, spec: ToolSpec) -> ToolPort:
        if spec.python is not None:
            return PythonTool(spec.python, spec.settings, threads=self._threads)
        # half a second that workflows without a tool server need not pay
        from podium.adapters.tools.mcp_ports import mcp_port  # noqa: PLC0415

        return mcp_port(grant, spec, self._vault, self._all_logins)

    def _all_logins(self) -> Logins:
        from podium.adapters.tools.oauth import Logins  # noqa: PLC0415 - only where a grant logs in

        if self._logins is None:
            self._logins = Logins(self._vault, self._people, self._clock)
        return self._logins
