"""Driving one run in the foreground: drive, show, ask, and let go politely.

- The run is driven here unless another process has it; then it is only watched.
- What it waits for is asked on a terminal; where nobody can be asked, the run is left as soon as only people can get
  it on. Timers and retries are waited for.
- The first Ctrl-C (or SIGTERM) lets go of the run, which stays resumable; the second one leaves at once, which is
  safe too: whatever was being done is found by its intent.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from podium.app.overview import read_timeline
from podium.app.serving import serving
from podium.cli import exits
from podium.cli.questions import Questions
from podium.observe.live import Streams
from podium.observe.nodes import owner_of
from podium.observe.timeline import Timeline

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.cli.screen import Screen
    from podium.ids import NodePath, RunId

REDRAW_S = 0.15
PEOPLE = frozenset({"approval", "signal", "doubt", "ask", "paused"})
"""What a run waits for that time alone does not bring."""


class Foreground:
    """One run, driven in this process."""

    def __init__(
        self, installation: Installation, run: RunId, screen: Screen, *, asks: bool, approve_all: bool = False
    ) -> None:
        """Drive `run`; `asks`: a person is at the terminal; `approve_all`: they said yes beforehand."""
        self._installation = installation
        self._run = run
        self._screen = screen
        self._asks = asks or approve_all
        self._timeline = Timeline(run)
        self._streams = Streams()
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._interrupted = False
        self._questions = Questions(installation, run, screen, approve_all=approve_all, settled=self._changed.set)

    async def drive(self) -> bool:
        """Drive until the run has ended, or must wait for people who are not here; True when we were interrupted."""
        dispatcher = await self._installation.dispatcher()
        self._catch_signals()
        try:
            async with asyncio.TaskGroup() as group:
                others = [group.create_task(work) for work in (self._listen(), self._follow(group), self._redraw())]
                async with serving(self._installation.home, self._run):
                    with self._installation.watching(self._hear):
                        await dispatcher.serve(only=self._run, stop=self._stop)
                self._questions.give_up()
                for task in others:
                    task.cancel()
            await self._read_on()
        finally:
            self._screen.close()
            self._release_signals()
        return self._interrupted

    def _hear(self, run: RunId, path: NodePath, text: str) -> None:
        if run == self._run:
            self._streams.hear(owner_of(path), text)

    async def _listen(self) -> None:
        async for _ in self._installation.store.changed():
            self._changed.set()

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        while not self._timeline.ended:
            await self._changed.wait()
            self._changed.clear()
            await self._read_on()
            if self._asks:
                await self._questions.look(group, self._timeline.waits)
            if not self._questions.asking and await self._only_people_can_help():
                self._stop.set()

    async def _read_on(self) -> None:
        before = self._timeline.seq
        await read_timeline(self._installation.store, self._run, self._timeline)
        if self._timeline.seq != before:
            self._show()

    async def _redraw(self) -> None:
        while True:
            await self._installation.clock.sleep(REDRAW_S)
            self._show()

    def _show(self) -> None:
        if not self._questions.asking and not self._interrupted:
            progress = self._timeline.progress()
            for node in progress.changed:
                if node.ended_at:
                    self._streams.close(node.path)
            self._screen.show(progress, self._streams)

    async def _only_people_can_help(self) -> bool:
        row = await self._installation.store.row(self._run)
        if row is None or row.seq > self._timeline.seq or row.owner or row.runnable_at or row.status not in PEOPLE:
            return False
        if row.status == "paused":
            return True  # whatever its nodes wait for
        return all(node.wait and node.wait.reason in PEOPLE for node in self._timeline.waits)

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)

    def _release_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    def _interrupt(self) -> None:
        if self._interrupted:
            os._exit(exits.CANCELLED)
        self._interrupted = True
        self._screen.close()
        self._screen.tell("letting go of the run … (Ctrl-C again leaves at once)")
        self._stop.set()
