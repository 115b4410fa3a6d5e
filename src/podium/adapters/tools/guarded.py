"""A tool with secrets: references among its arguments become values on the way in, values references on the way out.

Only arguments that the author of the workflow wrote as references arrive as `SecretReference`; the same words in a
model's answer or a web page are text like any other and stay so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.adapters.secrets.vault import Vault
from podium.effects.ports import FunctionInfo, Progress, SecretReference, TellsIdentity, ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply

Json = Any


class GuardedTool:
    """See the module's rules. Implements `ToolPort` around another one."""

    def __init__(self, inner: ToolPort, vault: Vault) -> None:
        self.inner = inner
        self._vault = vault

    @property
    def target(self) -> str:
        return self.inner.target

    async def functions(self) -> Mapping[str, FunctionInfo]:
        try:
            return await self.inner.functions()
        except EffectError as error:
            raise self._hidden(error) from None

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        vault = self._vault
        try:
            filled = {
                name: await vault.value(value.secret) if isinstance(value, SecretReference) else value
                for name, value in arguments.items()
            }
            reply = await self.inner.call(
                function, filled, key=key, timeout_s=timeout_s, progress=lambda text: progress(vault.hide(text))
            )
        except EffectError as error:
            raise self._hidden(error) from None
        return msgspec.structs.replace(reply, value=vault.hide_in(reply.value))

    def acting(self, chain: tuple[str, ...]) -> ToolPort:
        """Return it with the tool inside told in whose names it is called; itself where that has no place for it."""
        inner = self.inner
        return GuardedTool(inner.acting(chain), self._vault) if isinstance(inner, TellsIdentity) else self

    async def close(self) -> None:
        await self.inner.close()

    def _hidden(self, error: EffectError) -> EffectError:
        error.message, error.help = self._vault.hide(error.message), self._vault.hide(error.help)
        error.args = (error.message,)
        return error
