"""Monty: a small Python written for this, which has no way to reach anything.

The interpreter has no system calls to offer: no sockets, no processes, no files but those that were handed in, which
live in memory. Each run gets a fresh worker process without environment, which is thrown away afterwards; a crash of
the interpreter is the end of a worker, never of ours. What it lacks of Python (most of the standard library, classes
with inheritance, …) is said by an error, not guessed.

A function that the code calls ends the turn: the worker's state is handed back and goes on in another worker when the
answer is there, also days later. `time.sleep` returns at once, since nothing that could be waited for is there.

The pool is used from threads: its `asyncio` variant may abort the process when the interpreter ends (1.4.0).
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any, NoReturn

import pydantic_monty as pm

from podium.adapters.sandbox.plain import plain
from podium.adapters.sandbox.verdict import beyond, broken, no_python, raised
from podium.effects.ports import Progress
from podium.errors import EffectError
from podium.node.calls import CodeAsk, CodeCall, CodeLimits, CodeReply
from podium.units import format_duration

Json = Any

MAX_AT_ONCE = 16
"""Programs at work at the same time; further ones wait for their turn."""

MAX_NAMES = 10_000
"""Names that a program may look for in vain, imports included."""

_GRACE_S = 3
_SPACE = 256_000_000
"""Address space of a worker beyond the memory of the program."""


class MontySandbox:
    """See the module's rules. One pool of workers, made when it is first used."""

    target = "sandbox/monty"

    def __init__(self) -> None:
        self._pool: pm.Monty | None = None
        self._making = threading.Lock()
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="podium-monty")

    async def run(self, call: CodeCall, *, timeout_s: float, progress: Progress) -> CodeReply:
        turn = _Turn(call)
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._run, turn)
        try:
            async with asyncio.timeout(timeout_s):
                reply = await asyncio.shield(work)
        except TimeoutError:
            raise beyond(f"took longer than {timeout_s:g} s", "wall") from None
        finally:
            if not work.done():
                turn.stop()
                with suppress(EffectError):
                    await work
        progress(reply.printed)
        return reply

    async def close(self) -> None:
        """End the workers."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        if self._pool is not None:
            await asyncio.to_thread(self._pool.__exit__, None, None, None)
            self._pool = None

    def _run(self, turn: _Turn) -> CodeReply:
        call = turn.call
        try:
            session = self._workers().checkout(limits=_limits(call), os_policy={"sleep": "zero"})
            with session, turn.working(session):
                return turn.drive(session)
        except TimeoutError:
            raise broken(self.target, "no worker became free") from None

    def _workers(self) -> pm.Monty:
        with self._making:
            if self._pool is None:
                pool = pm.Monty(
                    min_processes=1,
                    max_processes=MAX_AT_ONCE,
                    checkout_timeout=60,
                    # a worker that somebody broke out of is nobody else's
                    max_checkouts_per_worker=1,
                )
                self._pool = pool.__enter__()
            return self._pool


class _Turn:
    """One run of one worker, which any thread may stop."""

    def __init__(self, call: CodeCall) -> None:
        self.call = call
        self._stopped = False
        self._worker = 0
        self._lock = threading.Lock()
        self._printed = pm.CollectString(max_bytes=call.limits.output)
        files = [pm.MemoryFile(f"/{name}", text) for name, text in call.files.items()]
        self._os = _Files(files, most=call.limits.files)

    def stop(self) -> None:
        """Kill the worker, now or as soon as there is one."""
        with self._lock:
            self._stopped = True
            if self._worker:
                with suppress(ProcessLookupError):
                    os.kill(self._worker, signal.SIGKILL)

    @contextmanager
    def working(self, session: pm.MontySession) -> Generator[None]:
        """Let this worker be the one that `stop` kills, with limits of its own."""
        worker = session.worker_pid
        with self._lock:
            if self._stopped or worker is None:
                raise broken(MontySandbox.target, "it was stopped")
            self._worker = worker
            for limit, value in _walls(self.call.limits):
                resource.prlimit(worker, limit, (value, value))
        try:
            yield
        finally:
            with self._lock:
                self._worker = 0

    def drive(self, session: pm.MontySession) -> CodeReply:
        """Run to the end, or to the first function that the code calls."""
        try:
            snapshot = self._begin(session)
            for _ in range(MAX_NAMES):
                match snapshot:
                    case pm.MontyComplete():
                        return self._ended(snapshot.output)
                    case pm.NameLookupSnapshot() if snapshot.object_id is None:
                        known = snapshot.variable_name in self.call.functions
                        snapshot = (
                            snapshot.resume(value=_function(snapshot.variable_name)) if known else snapshot.resume()
                        )
                    case pm.FunctionSnapshot() if not snapshot.is_os_function and snapshot.object_id is None:
                        if snapshot.function_name in self.call.functions:
                            return self._ask(snapshot)
                        snapshot = snapshot.resume(
                            {"exc_type": "NameError", "message": f"name '{snapshot.function_name}' is not defined"}
                        )
                    case pm.FunctionSnapshot() | pm.NameLookupSnapshot():
                        snapshot = snapshot.resume_auto()
                    case _:
                        raise raised("RuntimeError", "it waits for something that never comes")
        except pm.MontyError as error:
            raise self._wrong(error) from None
        raise beyond(f"asked for more than {MAX_NAMES} names", "cpu")

    def _begin(self, session: pm.MontySession) -> pm.SyncSnapshot:
        call = self.call
        if not call.state:
            return session.feed_start(call.source, inputs=call.inputs, print_callback=self._printed, os=self._os)
        try:
            snapshot = session.load_snapshot(call.state, print_callback=self._printed, os=self._os)
        except (pm.MontyError, ValueError, RuntimeError):
            snapshot = None
        if not isinstance(snapshot, pm.FunctionSnapshot):
            raise EffectError(
                "EF066",
                "the code cannot go on where it waited: it was stopped by another version of its sandbox",
                kind="internal",
                help="`podium runs rerun` runs the node from its beginning",
            )
        return snapshot.resume({"return_value": call.answer})

    def _ended(self, value: object) -> CodeReply:
        kept = {name: self._os.text(name) for name in self.call.keep}
        made, most = plain(value), self.call.limits.output
        if len(json.dumps(made)) > most:
            raise beyond(f"gave more than {most} bytes", "output")
        return CodeReply(value=made, printed=self._printed.output, files=kept)

    def _ask(self, snapshot: pm.FunctionSnapshot) -> CodeReply:
        if snapshot.args:
            raise raised("TypeError", f"give the arguments of `{snapshot.function_name}` by name")
        function = str(snapshot.function_name)
        arguments = plain(dict(snapshot.kwargs), where=f"the call of `{function}`")
        ask = CodeAsk(function=function, arguments=arguments, state=snapshot.dump())
        return CodeReply(printed=self._printed.output, files=self._os.texts(), ask=ask)

    def _wrong(self, error: pm.MontyError) -> EffectError:
        limits, printed = self.call.limits, self._printed.output
        if isinstance(error, pm.MontySyntaxError):
            frames = error.traceback()
            return no_python(error.display("msg"), line=frames[-1].line if frames else 0)
        if not isinstance(error, pm.MontyRuntimeError):
            if self._stopped:
                return beyond("was stopped", "wall")
            return beyond("used up its memory or its time, and ended its worker", "memory")
        frames = error.traceback()
        kind, _, message = error.display("type-msg").partition(": ")
        if kind == "TimeoutError" and "time limit exceeded" in message:
            return beyond(f"computed for more than {format_duration(timedelta(milliseconds=limits.cpu_ms))}", "cpu")
        if kind == "MemoryError" and "memory limit exceeded" in message:
            what = "output" if f"> {limits.output} bytes" in message else "memory"
            return beyond(f"used more than its {what}: {message}", what)
        return raised(kind, message, line=frames[-1].line if frames else 0, printed=printed)


class _Files(pm.OSAccess):
    """The files of one run, in memory, and no environment."""

    def __init__(self, files: list[pm.MemoryFile], *, most: int) -> None:
        super().__init__(files)
        self._most = most

    def path_write_text(self, path: Any, data: str) -> int:  # noqa: ANN401 - as in the base class
        self._room(len(data))
        return super().path_write_text(path, data)

    def path_write_bytes(self, path: Any, data: bytes) -> int:  # noqa: ANN401 - as in the base class
        self._room(len(data))
        return super().path_write_bytes(path, data)

    def path_append_text(self, path: Any, data: str) -> int:  # noqa: ANN401 - as in the base class
        self._room(len(data))
        return super().path_append_text(path, data)

    def path_append_bytes(self, path: Any, data: bytes) -> int:  # noqa: ANN401 - as in the base class
        self._room(len(data))
        return super().path_append_bytes(path, data)

    def urandom(self, size: int) -> bytes:
        return os.urandom(min(size, 65_536))

    def text(self, name: str) -> str:
        """Return a file that the code was to leave.

        Raises:
            EffectError: EF061 when it did not.
        """
        texts = self.texts()
        if name not in texts:
            raise raised("FileNotFoundError", f"it did not leave the file `{name}`")
        return texts[name]

    def texts(self) -> dict[str, str]:
        """Return all files, by name."""
        found: dict[str, str] = {}
        for file in self.files:
            if file.deleted:
                continue
            content = file.read_content()
            text = content if isinstance(content, str) else content.decode(errors="replace")
            found[str(PurePosixPath(file.path).relative_to("/"))] = text
        return found

    def _room(self, size: int) -> None:
        used = sum(len(file.read_content()) for file in self.files)
        if used + size > self._most:
            raise OSError(27, "File too large")


def _function(name: str) -> Any:  # noqa: ANN401 - what stands for a function inside
    def never(**_: Json) -> NoReturn:
        raise AssertionError(name)

    never.__name__ = name
    return never


def _walls(limits: CodeLimits) -> Iterator[tuple[int, int]]:
    """Yield what the kernel holds the worker to, should the interpreter not, or nobody be left to end it."""
    yield from ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0))
    yield resource.RLIMIT_AS, limits.memory + _SPACE
    yield resource.RLIMIT_CPU, limits.cpu_ms // 1000 + _GRACE_S


def _limits(call: CodeCall) -> pm.ResourceLimits:
    return {
        "max_feed_duration_secs": call.limits.cpu_ms / 1000,
        "max_memory": call.limits.memory,
        "max_recursion_depth": 500,
        "max_suspensions": MAX_NAMES,
    }
