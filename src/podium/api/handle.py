"""A run that this process drives: look at it, answer it, wait for it.

```python
async with await podium.start(wf, {"topic": "search"}) as run:
    resting = await run.rest()  # ended, or waiting for somebody
    if resting.waits:
        await run.approve(resting.waits[0].node)
    print((await run.wait()).value)
```

The run is durable, the handle is not: a run whose handle is closed, or whose process dies, is resumed by `podium runs
resume`, by a worker, or by `attach`. Whoever else answers or cancels it is heard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, cast

from podium.api.result import Event, Result, result_of
from podium.app.installation import Installation
from podium.app.overview import read_overview, read_timeline
from podium.app.serving import serving
from podium.engine import control
from podium.ids import NodePath, RunId
from podium.ledger.store import ENDED, RowStatus
from podium.observe.timeline import Timeline

Json = Any

PEOPLE = frozenset({"approval", "signal", "doubt", "paused", "ask"})
"""What a run waits for that time alone does not bring."""

CHANNEL = "python"
"""How an answer came, as the record says."""

HEARD = 1_000
"""Pieces of streamed text kept for whoever watches and is slow; older ones are dropped."""


class Handle:
    """See the rules of the module; `podium.start` and `podium.attach` make one.

    Attributes:
        run: The id of the run.
    """

    def __init__(self, run: RunId, installation: Installation, closing: AsyncExitStack) -> None:
        self.run = run
        self._installation = installation
        self._store, self._ids, self._by = installation.store, installation.ids, installation.principal
        self._closing = closing
        self._stop = asyncio.Event()
        # the run goes on while the caller does something else; `close` awaits it, and ending the loop cancels it
        self._driver = asyncio.create_task(self._drive(), name=f"podium-{run}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ── looking ──

    async def status(self) -> RowStatus:
        """Return how it stands now."""
        row = await self._store.row(self.run)
        assert row is not None
        return row.status

    async def wait(self) -> Result:
        """Wait until it has ended, however long people take.

        Raises:
            StoreError: when it cannot be driven on here.
        """
        return await self._until(resting=False)

    async def rest(self) -> Result:
        """Wait until it has ended, or until only people can get it on.

        Raises:
            StoreError: when it cannot be driven on here.
        """
        return await self._until(resting=True)

    async def watch(self) -> AsyncIterator[Event]:
        """Yield what has happened and what happens, until it has ended."""
        timeline, heard, moved = Timeline(self.run), deque[Event](maxlen=HEARD), asyncio.Event()

        def hear(run: RunId, path: NodePath, text: str) -> None:
            if run == self.run and text:
                heard.append(Event(kind="text", node=path, text=text))
                moved.set()

        listener = asyncio.create_task(self._listen(moved))
        try:
            with self._installation.watching(hear):
                while not timeline.ended:
                    moved.clear()
                    while heard:
                        yield heard.popleft()
                    await read_timeline(self._store, self.run, timeline)
                    for node in timeline.progress().changed:
                        yield Event(kind="node", node=node.path, status=node.label)
                    if not timeline.ended:
                        await moved.wait()
                yield Event(kind="run", status=timeline.ended)
        finally:
            listener.cancel()

    # ── steering ──

    async def approve(self, node: str, *, value: Json = None, reason: str = "") -> None:
        """Say yes to what a node asks; `value` takes the place of what was shown.

        Raises:
            UsageError: EN011 when it asks nothing.
            Rejected: when somebody else was quicker.
        """
        await control.answer(
            *(self._store, self._ids, self.run, NodePath(node)),
            verdict="approved",
            by=self._by,
            channel=CHANNEL,
            voter=self._installation.voter,
            now=self._installation.clock.now(),
            reason=reason,
            value=value,
        )

    async def reject(self, node: str, *, reason: str = "") -> None:
        """Say no to what a node asks.

        Raises:
            UsageError: EN011 when it asks nothing.
            Rejected: when somebody else was quicker.
        """
        await control.answer(
            *(self._store, self._ids, self.run, NodePath(node)),
            verdict="rejected",
            by=self._by,
            channel=CHANNEL,
            voter=self._installation.voter,
            now=self._installation.clock.now(),
            reason=reason,
        )

    async def signal(self, name: str, value: Json = None) -> None:
        """Send a signal; it is kept until a node waits for it.

        Raises:
            Rejected: when the run has ended.
        """
        await control.signal(self._store, self._ids, self.run, name, by=self._by, value=value)

    async def cancel(self, *, reason: str = "") -> None:
        """Ask for it to be stopped; what it did is compensated where the workflow says how.

        Raises:
            Rejected: when the run has ended.
        """
        await control.cancel(self._store, self._ids, self.run, by=self._by, reason=reason)

    async def pause(self, *, reason: str = "") -> None:
        """Let it start nothing new until `resume`.

        Raises:
            Rejected: when the run has ended.
        """
        await control.pause(self._store, self._ids, self.run, by=self._by, reason=reason)

    async def resume(self) -> None:
        """Let it go on after a pause.

        Raises:
            Rejected: when the run has ended.
        """
        await control.resume_paused(self._store, self._ids, self.run, by=self._by)

    async def close(self) -> None:
        """Let go of the run; one that has not ended stays resumable."""
        self._stop.set()
        try:
            await asyncio.wait({self._driver})
        finally:
            self._driver.cancel()
            await self._closing.aclose()

    # ── within ──

    async def _drive(self) -> None:
        try:
            dispatcher = await self._installation.dispatcher()
            async with serving(self._installation.home, self.run):
                await dispatcher.serve(only=self.run, stop=self._stop)
        except asyncio.CancelledError:  # the loop ends, and nobody will call `close`
            await self._closing.aclose()
            raise

    async def _until(self, *, resting: bool) -> Result:
        looking = asyncio.create_task(self._look(resting=resting))
        try:
            await asyncio.wait({looking, self._driver}, return_when=asyncio.FIRST_COMPLETED)
            if self._driver.done() and not self._driver.cancelled() and (error := self._driver.exception()):
                raise _only(error)
            return await looking
        finally:
            looking.cancel()

    async def _look(self, *, resting: bool) -> Result:
        async for _ in self._store.changed():
            row = await self._store.row(self.run)
            assert row is not None
            if row.status in ENDED or (resting and await self._only_people_can_help()):
                break
        return result_of(await read_overview(self._store, self.run))

    async def _only_people_can_help(self) -> bool:
        waits = (await read_timeline(self._store, self.run)).waits
        row = await self._store.row(self.run)
        if row is None or row.owner or row.runnable_at or row.status not in PEOPLE:
            return False
        return all(node.wait is not None and node.wait.reason in PEOPLE for node in waits)

    async def _listen(self, moved: asyncio.Event) -> None:
        async for _ in self._store.changed():
            moved.set()


def _only(error: BaseException) -> BaseException:
    """Return the error that a group of one, or groups of groups, is about."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    group = cast("BaseExceptionGroup[BaseException]", error)
    return _only(group.exceptions[0]) if len(group.exceptions) == 1 else group
