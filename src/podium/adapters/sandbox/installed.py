"""The sandboxes of an installation: what a call asks for, as strong as this machine has it.

`monty` comes with Podium. `process` is bubblewrap, and Landlock where that may not build its walls; where neither can,
the code is not run. Which one it was stands in the record, as the target of the effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium.adapters.sandbox.bubblewrap import Bubblewrap
from podium.adapters.sandbox.landlock import Landlock
from podium.adapters.sandbox.process import ProcessSandbox
from podium.adapters.sandbox.profile import Profile
from podium.effects.ports import Sandbox
from podium.errors import EffectError
from podium.node.calls import CodeCall

PROFILES: tuple[Profile, ...] = (Bubblewrap(), Landlock())
"""The strongest first."""


class InstalledSandboxes:
    """See the module's rules. To be closed in the event loop in which they were used."""

    def __init__(self, profiles: Sequence[Profile] = PROFILES) -> None:
        self._profiles = profiles
        self._monty: Sandbox | None = None
        self._process: Sandbox | None = None

    async def choose(self, call: CodeCall) -> Sandbox:
        """Return the sandbox for a call."""
        if call.profile == "monty":
            if self._monty is None:
                self._monty = await asyncio.to_thread(_monty)
            return self._monty
        if self._process is None:
            self._process = await self._strongest()
        return self._process

    async def close(self) -> None:
        """End the workers."""
        for sandbox in (self._monty, self._process):
            if sandbox is not None:
                await sandbox.close()
        self._monty = self._process = None

    async def _strongest(self) -> Sandbox:
        reasons: list[str] = []
        for profile in self._profiles:
            missing = await asyncio.to_thread(profile.missing)
            if not missing:
                return ProcessSandbox(profile)
            reasons.append(f"{profile.name}: {missing}")
        raise EffectError(
            "EF060",
            "there is no sandbox for a process on this machine, so the code is not run",
            kind="invalid_input",
            help="; ".join(reasons) or "install bubblewrap: `apt install bubblewrap`",
        )


def _monty() -> Sandbox:
    # a tenth of a second that workflows without code need not pay
    from podium.adapters.sandbox.monty import MontySandbox  # noqa: PLC0415

    return MontySandbox()
