"""Plain functions in threads that nobody has to wait for.

A thread of the loop's own pool would do, were it not for functions that never return: the pool has few threads and is
joined when the process ends. Here a function gets a daemon thread of its own, which is left behind when its call is
given up; `Threads` counts those that are still running and refuses more once there are too many.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

from podium.errors import EffectError


class Threads:
    """At most `limit` functions at work at once, those left behind included."""

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._running = 0  # changed in the loop's thread only

    async def run(self, function: Callable[[], Any], *, name: str) -> object:
        """Return what `function` returns, or raise what it raises; a cancelled caller leaves the thread behind.

        Raises:
            EffectError: EF024 when too many are at work; nothing was started.
        """
        if self._running >= self._limit:
            raise EffectError(
                "EF024",
                f"{self._running} calls of Python tools are still at work, so `{name}` was not started",
                kind="unavailable",
                help="functions that do not return in time keep their thread; bound what they wait for",
            )
        loop = asyncio.get_running_loop()
        done: asyncio.Future[object] = loop.create_future()

        def settle(value: object, error: Exception | None) -> None:
            self._running -= 1
            if done.cancelled():
                return
            if error is None:
                done.set_result(value)
            else:
                done.set_exception(error)

        def body() -> None:
            value, error = None, None
            try:
                value = context.run(function)
            except Exception as raised:  # noqa: BLE001 - whatever it is, it belongs to the caller, not to this thread
                # A future refuses StopIteration.
                error = RuntimeError(repr(raised)) if isinstance(raised, StopIteration) else raised
            except BaseException as raised:  # noqa: BLE001 - as above; SystemExit must not end the loop
                error = RuntimeError(repr(raised))
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, error)

        context = contextvars.copy_context()
        self._running += 1
        threading.Thread(target=body, name=f"podium-tool-{name}", daemon=True).start()
        return await done
