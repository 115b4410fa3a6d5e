"""An MCP server as a child process: newline-delimited JSON-RPC over its stdin and stdout.

Our own transport instead of the SDK's, because a server is not trusted:

1. A message is at most `max_message` bytes; a longer one ends the connection (the SDK reads on without end).
2. What is not JSON-RPC on stdout (banners, prints) is skipped `MAX_NOISE` times, then ends the connection.
3. stderr goes into a ring of `TAIL` bytes, for error messages; never to our terminal. Secrets are blotted out there.
4. The environment is `INHERITED` and what the grant names, nothing else.
5. With `sandbox` it runs behind the walls of bubblewrap; where that is not there, it is not started.
6. The server is the leader of a process group of its own. Ending means: close stdin, wait `grace_s`, SIGTERM to the
   group, wait again, SIGKILL to the group. If Podium itself is killed, stdin closes and the server ends by itself.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import mcp_types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from podium.adapters.sandbox.server import walled
from podium.errors import EffectError
from podium.spec.sandbox import SandboxSpec

MAX_NOISE = 100
TAIL = 4_000
GRACE_S = 2.0
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
_ROOM = 16  # messages on their way out, so that a note of cancellation need not wait for a server that reads nothing

Incoming = SessionMessage | Exception
Streams = tuple[MemoryObjectReceiveStream[Incoming], MemoryObjectSendStream[SessionMessage]]


class StdioLink:
    """One life of a server process.

    Attributes:
        target: The command, for records and messages.
        fault: Why the connection ended, such as `exited with status 1`; "" while it is fine.
        too_long: Whether it ended because of a message beyond `max_message`.
        forgotten: Whether the server dropped the session while the connection stands; never, for a process.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        secrets: Sequence[str] = (),
        max_message: int,
        grace_s: float = GRACE_S,
        sandbox: SandboxSpec | None = None,
    ) -> None:
        self.target = command_name(command)
        self.fault = ""
        self.too_long = False
        self.forgotten = False
        self._command = tuple(command)
        self._env = dict(env)
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._ring = TAIL + max((len(secret) for secret in self._secrets), default=0)
        self._max_message = max_message
        self._grace_s = grace_s
        self._sandbox = sandbox
        self._noise = 0
        self._tail = bytearray()

    def last_words(self) -> str:
        """Return the last lines that the server wrote to stderr, or beside the protocol to stdout; "" for none."""
        tail = bytes(self._tail)
        for secret in self._secrets:
            tail = tail.replace(secret, b"*" * len(secret))
        # The ring has room for one secret more, because its oldest bytes may be the end of one.
        return tail[-TAIL:].decode(errors="replace").strip()

    @asynccontextmanager
    async def connect(self, ended: Callable[[], None]) -> AsyncGenerator[Streams]:
        """Start the server and give the two streams; `ended` is called when it can answer no more.

        Raises:
            EffectError: EF012 when there is no such program, EF015 when it does not start.
        """
        transport, process = await self._start()
        try:
            incoming_send, incoming = anyio.create_memory_object_stream[Incoming](0)
            outgoing, outgoing_receive = anyio.create_memory_object_stream[SessionMessage](_ROOM)
            async with incoming_send, incoming, outgoing, outgoing_receive, anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, process, incoming_send, ended)
                tasks.start_soon(self._write, process, outgoing_receive, ended)
                tasks.start_soon(self._listen, process)
                try:
                    yield incoming, outgoing
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._end(process)
                    tasks.cancel_scope.cancel()
        finally:
            # Whatever happened above, also a second cancellation: nothing of the group outlives this block.
            _signal_group(process.pid, signal.SIGKILL)
            transport.close()  # a grandchild, or what was not read, would keep the pipes open

    async def _start(self) -> tuple[asyncio.SubprocessTransport, asyncio.subprocess.Process]:
        program = await asyncio.to_thread(find_program, self._command[0])
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        loop = asyncio.get_running_loop()
        try:
            async with walled((program, *self._command[1:]), inherited | self._env, self._sandbox) as start:
                # What `create_subprocess_exec` does, but it keeps the transport to itself, and that must be closed.
                transport, protocol = await loop.subprocess_exec(
                    lambda: asyncio.subprocess.SubprocessStreamProtocol(limit=self._max_message, loop=loop),
                    *start.argv,
                    env=dict(start.env),
                    pass_fds=start.fds,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            raise EffectError(
                "EF015",
                f"`{self.target}` does not start: {error}",
                kind="unavailable",
                help=f"try `{program}` on the command line",
            ) from None
        return transport, asyncio.subprocess.Process(transport, protocol, loop)

    async def _read(
        self,
        process: asyncio.subprocess.Process,
        incoming: MemoryObjectSendStream[Incoming],
        ended: Callable[[], None],
    ) -> None:
        assert process.stdout is not None
        try:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                async with incoming:
                    while (line := await self._line(process.stdout)) is not None:
                        try:
                            message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                        except ValueError:
                            self._note_noise(line)
                            continue
                        await incoming.send(SessionMessage(message))
        finally:
            ended()

    async def _line(self, stdout: asyncio.StreamReader) -> bytes | None:
        """Return the next line, or None when no more will be read."""
        if self._noise > MAX_NOISE:
            self.fault = "writes to its standard output what is no MCP message"
            return None
        try:
            line = await stdout.readline()
        except ValueError:  # the reader's limit
            self.fault, self.too_long = f"sent a message of more than {self._max_message} bytes", True
            return None
        if not line:
            self.fault = "ended the connection"
            return None
        return line

    def _note_noise(self, line: bytes) -> None:
        if line.strip():
            self._noise += 1
            self._remember(line)

    def _remember(self, piece: bytes) -> None:
        self._tail += piece
        del self._tail[: -self._ring]

    async def _write(
        self,
        process: asyncio.subprocess.Process,
        outgoing: MemoryObjectReceiveStream[SessionMessage],
        ended: Callable[[], None],
    ) -> None:
        assert process.stdin is not None
        try:
            async for item in outgoing:
                line = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(line.encode() + b"\n")
                await process.stdin.drain()
        except ConnectionError:
            ended()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while piece := await process.stderr.read(TAIL):
            self._remember(piece)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL, None):
            if await _exits(process, self._grace_s):
                break
            if number is not None:
                _signal_group(process.pid, number)
        if process.returncode and self.fault in ("", "ended the connection"):
            self.fault = _exit_text(process.returncode)


async def _exits(process: asyncio.subprocess.Process, within_s: float) -> bool:
    """Say whether the process ends in time. Polled: `wait()` also waits for whoever inherited the pipes."""
    with anyio.move_on_after(within_s):
        while process.returncode is None:  # noqa: ASYNC110 - see above
            await anyio.sleep(0.01)
    return process.returncode is not None


def _exit_text(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"


def _signal_group(leader: int, number: signal.Signals) -> None:
    # The leader's pid is the group's id, also after the leader is gone.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def command_name(command: Sequence[str]) -> str:
    """Return how records and messages call a server: its program's name and arguments, at most 120 characters."""
    return " ".join((Path(command[0]).name, *command[1:]))[:120]


def find_program(name: str) -> str:
    """Return where a program is: beside our own interpreter (its environment is the pinned one), else on the PATH.

    Raises:
        EffectError: EF012 when it is in neither place.
    """
    own = Path(sys.executable).parent / name
    found = shutil.which(name, path=str(own.parent)) if own.name == name else None
    found = found or shutil.which(name)
    if found is None:
        raise EffectError(
            "EF012",
            f"there is no program `{name}`",
            kind="invalid_input",
            help=f"install it (for servers in Python: `uv pip install {Path(name).name}`), or correct `mcp:`",
        )
    return found
