"""The child process of a local model: `python -m podium.adapters.models.llama.child MODEL.gguf …`.

It reads requests from stdin and writes answers to stdout (`protocol`), works on one at a time, and ends by itself:
when stdin ends, when its parent dies, and when nothing was asked for `--idle` seconds (with exit code 0, and only
then: what was asked too late was certainly not begun). Whatever llama.cpp prints goes
to stderr.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from podium.adapters.models.llama.protocol import (
    Answered,
    Ask,
    Cancel,
    Failed,
    FromChild,
    Piece,
    Reading,
    Ready,
    line,
    to_child,
)
from podium.adapters.models.llama.telling import Cancelled, Telling
from podium.errors import EffectError

_PR_SET_PDEATHSIG = 1


class _Inbox:
    """Requests as they come; filled by a thread of its own, so that a cancel is heard during the work."""

    def __init__(self) -> None:
        self.asks: queue.Queue[Ask] = queue.Queue()
        self._cancelled: set[int] = set()

    def cancelled(self, request: int) -> bool:
        return request in self._cancelled

    def read(self, stdin: BinaryIO) -> None:
        for text in stdin:
            match to_child.decode(text):
                case Ask() as ask:
                    self.asks.put(ask)
                case Cancel(id=request):
                    self._cancelled.add(request)
        os._exit(1)  # the parent is gone; llama.cpp may be in the middle of its work


def main() -> None:
    """Load the model and answer until stdin ends."""
    arguments = _arguments()
    out = _own_stdout()
    _die_with_parent()
    inbox = _Inbox()
    threading.Thread(target=inbox.read, args=(sys.stdin.buffer,), daemon=True).start()

    def say(message: FromChild) -> None:
        out.write(line(message))
        out.flush()

    try:
        # llama-cpp-python is an extra, and may be a build that does not fit this machine
        from podium.adapters.models.llama.engine import Engine  # noqa: PLC0415

        engine = Engine(arguments.model, context=arguments.context, threads=arguments.threads, name=arguments.name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        say(Failed(id=0, code="EF009", kind="unavailable", message=f"the model could not be loaded: {error}"))
        os._exit(1)
    say(Ready(context=engine.context))
    while True:
        try:
            ask = inbox.asks.get(timeout=arguments.idle)
        except queue.Empty:
            os._exit(0)  # the thread that reads stdin would hold up an orderly end
        say(_answered(engine, ask, inbox, say))


class _Answers(Protocol):
    def answer(self, ask: Ask, telling: Telling) -> Answered: ...


def _answered(engine: _Answers, ask: Ask, inbox: _Inbox, say: Callable[[FromChild], None]) -> Answered | Failed:
    def reading(done: int, total: int) -> None:
        say(Reading(id=ask.id, done=done, total=total))

    def piece(text: str) -> None:
        say(Piece(id=ask.id, text=text))

    def cancelled() -> bool:
        return inbox.cancelled(ask.id)

    try:
        return engine.answer(ask, Telling(reading, piece, cancelled))
    except Cancelled:
        return Failed(id=ask.id, code="EF003", kind="cancelled", message="stopped")
    except EffectError as error:
        return Failed(id=ask.id, code=error.code, kind=error.kind, message=error.message, help=error.help)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--idle", type=float, required=True, help="seconds")
    return parser.parse_args()


def _own_stdout() -> BinaryIO:
    """Return stdout for ourselves alone: what libraries print there goes to stderr from now on."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _die_with_parent() -> None:
    """Be killed when the parent dies; stdin ending says the same, later."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
