"""A child process that is given one text, gives one back, and is bounded in everything."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import NamedTuple

from podium.adapters.sandbox.profile import Start
from podium.adapters.sandbox.verdict import beyond

_PIECE = 65_536


class Ended(NamedTuple):
    """What it came to.

    Attributes:
        status: As the shell says it: 128 and more for a signal.
        said: What it wrote to stdout.
        printed: What it wrote to stderr.
    """

    status: int
    said: bytes
    printed: bytes


async def run_child(start: Start, text: bytes, *, most: int, timeout_s: float) -> Ended:
    """Start it, hand it the text, and wait for its end; whatever happens, nothing of it is left.

    Raises:
        EffectError: EF062 when it wrote more than `most` bytes to either side, or did not end in time.
        OSError: when it cannot be started.
    """
    transport, process = await _begin(start)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(timeout_s), asyncio.TaskGroup() as tasks:
            tasks.create_task(_tell(process.stdin, text))
            said = tasks.create_task(_read(process.stdout, most))
            printed = tasks.create_task(_read(process.stderr, most))
            tasks.create_task(process.wait())
    except TimeoutError:
        raise beyond(f"took longer than {timeout_s:g} s", "wall") from None
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        # The leader's pid is the group's id, also after the leader is gone.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        transport.close()  # what was not read would keep the pipes open, and `wait` waits for them
        await process.wait()
    status = process.returncode or 0
    return Ended(status if status >= 0 else 128 - status, said.result(), printed.result())


async def _begin(start: Start) -> tuple[asyncio.SubprocessTransport, asyncio.subprocess.Process]:
    loop = asyncio.get_running_loop()
    # What `create_subprocess_exec` does, but it keeps the transport to itself, and that must be closed.
    transport, protocol = await loop.subprocess_exec(
        lambda: asyncio.subprocess.SubprocessStreamProtocol(limit=_PIECE, loop=loop),
        *start.argv,
        env=dict(start.env),
        cwd=start.folder,
        pass_fds=start.fds,
        start_new_session=True,
    )
    return transport, asyncio.subprocess.Process(transport, protocol, loop)


async def _tell(stdin: asyncio.StreamWriter, text: bytes) -> None:
    with suppress(ConnectionError):
        stdin.write(text)
        await stdin.drain()
    stdin.close()
    with suppress(ConnectionError):
        await stdin.wait_closed()


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    read = bytearray()
    while piece := await stream.read(_PIECE):
        read += piece
        if len(read) > most:
            raise beyond(f"wrote more than {most} bytes", "output")
    return bytes(read)
