"""A tool server behind walls, or without any where its grant asks for none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from podium.adapters.sandbox.bubblewrap import INSTALL, Bubblewrap
from podium.adapters.sandbox.profile import Start, Wish, starting
from podium.errors import EffectError
from podium.spec.sandbox import SandboxSpec

_OWN = {"HOME": "/work", "TMPDIR": "/tmp"}  # noqa: S108 - its own, inside
"""What of the environment means another place inside."""


@asynccontextmanager
async def walled(command: Sequence[str], env: Mapping[str, str], sandbox: SandboxSpec | None) -> AsyncGenerator[Start]:
    """Give what starts a server.

    Raises:
        EffectError: EF060 when it wants walls and there are none, EF012 when it may see what is not there.
    """
    if sandbox is None:
        yield Start(argv=tuple(command), env=env)
        return
    profile = Bubblewrap()
    missing = await asyncio.to_thread(profile.missing)
    if missing:
        raise EffectError(
            "EF060",
            f"`{Path(command[0]).name}` is to run in a sandbox, and there is none: {missing}",
            kind="invalid_input",
            help=INSTALL,
        )
    async with starting(profile, await asyncio.to_thread(_wish, command, env, sandbox)) as start:
        yield start


def _wish(command: Sequence[str], env: Mapping[str, str], sandbox: SandboxSpec) -> Wish:
    return Wish(
        command=tuple(command),
        read=(Path(command[0]).absolute(), *map(_there, sandbox.read)),
        write=tuple(map(_there, sandbox.write)),
        env={**env, **_OWN},
        network=sandbox.network,
    )


def _there(text: str) -> Path:
    path = Path(text).resolve()
    if path.exists():
        return path
    raise EffectError(
        "EF012", f"there is no `{text}` for the sandbox to show", kind="invalid_input", help="make it, or correct it"
    )
