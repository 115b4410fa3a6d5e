"""The parent's side of a local model: a `ModelPort` whose work is done by a child process.

- The child starts at the first call, keeps the model loaded, and leaves by itself when it is not asked for
  `IDLE_S` seconds; the next call starts it again. It starts again after a crash, too.
- It answers one call at a time. Others wait, with a sign of life every second; the timeout counts from when the model
  takes the call, so that those who wait in a row do not fail for it.
- A cancelled call is stopped inside llama.cpp and the model stays loaded; a child that does not stop within
  `STOP_S` seconds is killed.
- Nothing of our environment reaches the child but what the runtime needs: no key, no token.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Literal

from podium.adapters.models.llama.protocol import (
    Answered,
    Ask,
    Cancel,
    Failed,
    FromChild,
    Piece,
    Ready,
    from_child,
    line,
)
from podium.effects.answer import invalid_answer, read_answer
from podium.effects.ports import Progress
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ModelCall, ModelReply, Usage

CONTEXT = 8192
"""Tokens that prompt and answer may have together."""

IDLE_S = 600.0
STOP_S = 2.0
LOAD_S = 120.0
"""How long loading the model may take."""

_CHARS_PER_TOKEN = 16
"""No text has fewer tokens than this gives; more than the context holds is refused without counting."""

_LINE_LIMIT = 1 << 20
_STDERR_LIMIT = 1 << 20
_SEEN_BY_CHILD = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR")


class _Left(Exception):
    """The child left because it was not asked for long; it has begun nothing since."""


class LlamaModel:
    """See the module's rules."""

    def __init__(
        self, path: Path, *, name: str, context: int = CONTEXT, threads: int | None = None, idle_s: float = IDLE_S
    ) -> None:
        self._path = path
        self._name = name
        self._context = context
        self._threads = threads or os.cpu_count() or 1
        self._idle_s = idle_s
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._stderr: IO[bytes] | None = None
        self._asked = 0
        self._unfinished = 0

    @property
    def name(self) -> str:
        return self._name

    async def call(self, call: ModelCall, *, key: EffectKey, timeout_s: float, progress: Progress) -> ModelReply:  # noqa: ARG002 - asking twice is harmless
        self._check_size(call)
        async with self._my_turn(progress):
            try:
                text, answered = await self._asked_in_time(call, timeout_s, progress)
            except _Left:  # it was just going; the question reached nobody
                text, answered = await self._asked_in_time(call, timeout_s, progress)
            except TimeoutError:
                raise EffectError(
                    "EF002",
                    f"`{self._name}` did not answer within {timeout_s:g} s",
                    kind="timeout",
                    landed="unknown",
                    help="give the step a longer `timeout`, ask for less, or lower `max_tokens`",
                ) from None
        return self._reply(call, text, answered)

    async def check(self) -> None:
        if importlib.util.find_spec("llama_cpp") is None:
            raise _not_here("the runtime of local models is not installed", "see `podium doctor` for the command")
        if not await asyncio.to_thread(self._path.is_file):
            raise _not_here(f"the file of `{self._name}` is not there", "run `podium models fetch`")

    async def close(self) -> None:
        async with self._turn:
            await self._stop()

    def _check_size(self, call: ModelCall) -> None:
        chars = sum(len(message.text) for message in call.messages)
        if chars > self._context * _CHARS_PER_TOKEN:
            raise EffectError(
                "EF006",
                f"the prompt has {chars} characters; `{self._name}` has room for {self._context} tokens",
                kind="invalid_input",
                help="pass less, or choose a model with a larger context",
            )

    @asynccontextmanager
    async def _my_turn(self, progress: Progress) -> AsyncGenerator[None]:
        while True:
            try:
                async with asyncio.timeout(1):
                    await self._turn.acquire()
                break
            except TimeoutError:
                progress("")
        try:
            yield
        finally:
            self._turn.release()

    async def _running(self, progress: Progress) -> asyncio.subprocess.Process:
        """Return the child with its model loaded and its earlier work ended, started when it is not there."""
        child = self._child
        if child is not None and child.returncode is None and await self._is_free(child):
            return child
        await self._stop()
        await self.check()
        child = await self._start()
        try:
            async with asyncio.timeout(LOAD_S):
                message = await self._loaded(child, progress)
        except TimeoutError:
            raise await self._died("did not load in time") from None
        if not isinstance(message, Ready):
            raise await self._died(message.message if isinstance(message, Failed) else "speaks out of turn")
        return child

    async def _asked_in_time(self, call: ModelCall, timeout_s: float, progress: Progress) -> tuple[str, Answered]:
        child = await self._running(progress)
        async with asyncio.timeout(timeout_s):
            return await self._ask(child, call, progress)

    async def _loaded(self, child: asyncio.subprocess.Process, progress: Progress) -> FromChild:
        """Wait for the child's first message with a sign of life every second."""
        async with asyncio.TaskGroup() as group:
            first = group.create_task(self._hear(child))
            while not first.done():
                await asyncio.wait({first}, timeout=1)
                progress("")
        return first.result()

    async def _is_free(self, child: asyncio.subprocess.Process) -> bool:
        """Wait for the end of a cancelled request; False when it does not come."""
        try:
            async with asyncio.timeout(STOP_S):
                while self._unfinished:
                    await self._hear(child)
        except (TimeoutError, EffectError, _Left):
            return False
        return True

    async def _start(self) -> asyncio.subprocess.Process:
        self._stderr = await asyncio.to_thread(tempfile.TemporaryFile)
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "podium.adapters.models.llama.child",
            str(self._path),
            *("--name", self._name),
            *("--context", str(self._context)),
            *("--threads", str(self._threads)),
            *("--idle", str(self._idle_s)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._stderr,
            env={key: os.environ[key] for key in _SEEN_BY_CHILD if key in os.environ},
            limit=_LINE_LIMIT,
        )
        return self._child

    async def _ask(
        self, child: asyncio.subprocess.Process, call: ModelCall, progress: Progress
    ) -> tuple[str, Answered]:
        self._asked += 1
        ask = Ask(
            id=self._asked,
            messages=call.messages,
            schema=call.schema,
            max_tokens=call.max_tokens,
            temperature_milli=call.temperature_milli,
        )
        self._unfinished = ask.id
        try:
            await self._say(child, line(ask))
            return await self._listen(child, ask.id, progress)
        except asyncio.CancelledError:
            if self._unfinished and child.stdin is not None:
                child.stdin.write(line(Cancel(id=ask.id)))
            raise

    async def _listen(self, child: asyncio.subprocess.Process, ask: int, progress: Progress) -> tuple[str, Answered]:
        text: list[str] = []
        while True:
            message = await self._hear(child)
            match message:
                case Piece(id=request, text=piece) if request == ask:
                    text.append(piece)
                    progress(piece)
                case Answered(id=request) if request == ask:
                    return "".join(text), message
                case Failed(id=request) if request == ask:
                    raise EffectError(message.code, message.message, kind=message.kind, help=message.help)
                case _:
                    progress("")

    async def _say(self, child: asyncio.subprocess.Process, text: bytes) -> None:
        assert child.stdin is not None
        try:
            child.stdin.write(text)
            await child.stdin.drain()
        except ConnectionError:
            raise await self._died("ended") from None

    async def _hear(self, child: asyncio.subprocess.Process) -> FromChild:
        """Return the child's next message and keep account of what it still works on.

        Raises:
            EffectError: EF003 when it has died.
        """
        assert child.stdout is not None
        text = await child.stdout.readline()
        if not text.endswith(b"\n"):
            raise await self._died("ended")
        message = from_child.decode(text)
        if isinstance(message, Answered | Failed) and message.id == self._unfinished:
            self._unfinished = 0
        return message

    async def _died(self, how: str) -> EffectError:
        """End the child and return the error, with the last line that it printed.

        Raises:
            _Left: when it had nothing to do for so long that it left by itself.
        """
        code = await self._exit_code()
        if code == 0:
            await self._stop()
            raise _Left
        last = await asyncio.to_thread(self._last_words)
        landed: Literal["no", "unknown"] = "unknown" if self._unfinished else "no"
        await self._stop()
        return EffectError(
            "EF003",
            f"the process of `{self._name}` {how}" + (f": {last}" if last else ""),
            kind="unavailable",
            landed=landed,
            help="a retry starts it again; when it dies while loading, it lacks memory or was built for other machines",
        )

    async def _exit_code(self) -> int | None:
        if self._child is None:
            return None
        try:
            async with asyncio.timeout(STOP_S):
                return await self._child.wait()
        except TimeoutError:
            return None

    def _last_words(self) -> str:
        if self._stderr is None:
            return ""
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - 4096))
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    async def _stop(self) -> None:
        child, self._child, self._unfinished = self._child, None, 0
        stderr, self._stderr = self._stderr, None
        if child is not None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                async with asyncio.timeout(STOP_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
        if stderr is not None:
            await asyncio.to_thread(stderr.close)

    def _reply(self, call: ModelCall, text: str, answered: Answered) -> ModelReply:
        try:
            if not text.strip():
                raise invalid_answer("the answer is empty")
            value = None if call.schema is None else read_answer(text, call.schema, finish=answered.finish)
        except EffectError as error:
            error.tokens = (answered.input_tokens, answered.output_tokens, answered.cached_tokens)
            raise
        usage = Usage(
            input_tokens=answered.input_tokens,
            output_tokens=answered.output_tokens,
            cached_tokens=answered.cached_tokens,
        )
        return ModelReply(text=text, value=value, model=self._name, finish=answered.finish, usage=usage)


def _not_here(message: str, help_: str) -> EffectError:
    return EffectError("EF009", message, kind="invalid_input", help=help_)
