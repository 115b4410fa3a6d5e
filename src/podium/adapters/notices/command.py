"""Notices by a command: a program of the operator's choice reads JSON; exit code 0 is a yes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import msgspec

from podium.adapters.notices.words import not_taken, text
from podium.effects.notices import Notice

TIMEOUT_S = 30.0
_KEPT = ("PATH", "HOME", "LANG", "TZ")
"""What such a program sees of the environment: no secret stands there."""


class Command:
    """One program."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    async def send(self, notice: Notice) -> None:
        told = msgspec.json.encode({**msgspec.to_builtins(notice), "text": text(notice)}, order="sorted")
        name = f"command `{self._command[0]}`"
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={key: value for key in _KEPT if (value := os.environ.get(key)) is not None},
            )
        except OSError as error:
            raise not_taken(name, error.strerror or "it cannot be started") from None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await process.communicate(told)
        except TimeoutError:
            raise not_taken(name, f"it took longer than {TIMEOUT_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise not_taken(name, f"exit code {process.returncode}")
