"""The same for code that is not async: each call runs the async API in a loop of its own, in a thread of its own.

```python
result = podium.sync.run(wf, {"topic": "search"})
with podium.sync.start(wf) as run:
    run.approve("ask")
    print(run.wait().value)
```

Inside a running event loop these calls would stop it, so they refuse (AP057): `await podium.run(…)` there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from podium.api import run as api
from podium.api.handle import Handle
from podium.api.result import Event, Result
from podium.building.workflow import Workflow
from podium.effects.ports import Models
from podium.errors import UsageError
from podium.ledger.record import RunMode
from podium.ledger.store import RowStatus

Json = Any
T = TypeVar("T")


class _Loop:
    """An event loop in a daemon thread: to end without closing it is to die, which runs survive."""

    def __init__(self) -> None:
        _refuse_inside_a_loop()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="podium-sync", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there and return what it gives."""
        try:
            _refuse_inside_a_loop()
        except UsageError:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Stop the thread."""
        if not self._loop.is_closed():
            for ending in (self._loop.shutdown_asyncgens(), self._loop.shutdown_default_executor()):
                asyncio.run_coroutine_threadsafe(ending, self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


def run(
    workflow: Workflow | Path | str,
    inputs: Mapping[str, Json] | None = None,
    *,
    home: Path | str | None = None,
    model: Models | None = None,
    mode: RunMode = "live",
) -> Result:
    """Run a workflow until it has ended, or until only people can get it on; as `podium.run`.

    Raises:
        SpecError: the workflow has errors.
        UsageError: the inputs do not fit, or a loop is running here (AP057).
    """
    _refuse_inside_a_loop()
    loop = _Loop()
    try:
        return loop.call(api.run(workflow, inputs, home=home, model=model, mode=mode))
    finally:
        loop.close()


def start(
    workflow: Workflow | Path | str,
    inputs: Mapping[str, Json] | None = None,
    *,
    home: Path | str | None = None,
    model: Models | None = None,
    mode: RunMode = "live",
) -> SyncHandle:
    """Start a workflow; it goes on in a thread until the handle is closed; as `podium.start`.

    Raises:
        SpecError: the workflow has errors.
        UsageError: the inputs do not fit, or a loop is running here (AP057).
    """
    loop = _Loop()
    try:
        return SyncHandle(loop.call(api.start(workflow, inputs, home=home, model=model, mode=mode)), loop)
    except BaseException:
        loop.close()
        raise


class SyncHandle:
    """A run that a thread of this process drives; each method is that of `Handle`, and returns when it is done.

    Attributes:
        run: The id of the run.
    """

    def __init__(self, handle: Handle, loop: _Loop) -> None:
        self.run = handle.run
        self._handle, self._loop = handle, loop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def status(self) -> RowStatus:
        """Return how it stands now."""
        return self._loop.call(self._handle.status())

    def wait(self) -> Result:
        """Wait until it has ended, however long people take."""
        return self._loop.call(self._handle.wait())

    def rest(self) -> Result:
        """Wait until it has ended, or until only people can get it on."""
        return self._loop.call(self._handle.rest())

    def watch(self) -> Iterator[Event]:
        """Yield what has happened and what happens, until it has ended."""
        events = self._handle.watch().__aiter__()
        while (event := self._loop.call(_next(events))) is not None:
            yield event

    def approve(self, node: str, *, value: Json = None, reason: str = "") -> None:
        """Say yes to what a node asks."""
        self._loop.call(self._handle.approve(node, value=value, reason=reason))

    def reject(self, node: str, *, reason: str = "") -> None:
        """Say no to what a node asks."""
        self._loop.call(self._handle.reject(node, reason=reason))

    def signal(self, name: str, value: Json = None) -> None:
        """Send a signal."""
        self._loop.call(self._handle.signal(name, value))

    def cancel(self, *, reason: str = "") -> None:
        """Ask for it to be stopped."""
        self._loop.call(self._handle.cancel(reason=reason))

    def pause(self, *, reason: str = "") -> None:
        """Let it start nothing new until `resume`."""
        self._loop.call(self._handle.pause(reason=reason))

    def resume(self) -> None:
        """Let it go on after a pause."""
        self._loop.call(self._handle.resume())

    def close(self) -> None:
        """Let go of the run; one that has not ended stays resumable."""
        self._loop.call(self._handle.close())
        self._loop.close()


async def _next(events: Any) -> Event | None:  # noqa: ANN401 - an async iterator
    return await anext(events, None)


def _refuse_inside_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    message = "`podium.sync` was called inside a running event loop, which it would stop"
    raise UsageError("AP057", message, help="write `await podium.run(…)` or `await podium.start(…)` here")
