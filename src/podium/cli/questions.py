"""The questions of one run, asked at the terminal one at a time and answered in the person's name.

Whoever answers elsewhere ends the question here; an answer that comes too late is told so and changes nothing. What
the person postponed is not asked again by this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podium.app.overview import Ask, read_asks
from podium.cli.ask import Answered, put_question, wording

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.cli.screen import Screen
    from podium.gate.approval import Verdict
    from podium.ids import NodePath, RunId
    from podium.observe.view import NodeView

ANSWERABLE = frozenset({"approval", "doubt"})
"""Waits that a yes or a no ends."""


class Questions:
    """See the module's rules."""

    def __init__(
        self,
        installation: Installation,
        run: RunId,
        screen: Screen,
        *,
        approve_all: bool,
        settled: Callable[[], None],
    ) -> None:
        """Ask for `run`; `approve_all`: the person said yes beforehand; `settled` is called after each question."""
        self._installation = installation
        self._run = run
        self._screen = screen
        self._approve_all = approve_all
        self._settled = settled
        self._postponed: set[tuple[NodePath, int]] = set()
        self._open: tuple[Ask, asyncio.Task[None]] | None = None

    @property
    def asking(self) -> bool:
        """Whether a question stands on the terminal now."""
        return self._open is not None

    async def look(self, group: asyncio.TaskGroup, waits: Sequence[NodeView]) -> None:
        """End the question when it has been answered, and ask the next one."""
        if self._open is not None:
            ask, _ = self._open
            if any(_which(node) == _which(ask.node) for node in waits):
                return
            self.give_up()
            self._screen.tell(f"\n{ask.path}: answered elsewhere")
        for ask in await read_asks(self._installation.store, self._run, waits):
            if ask.node.wait and ask.node.wait.reason in ANSWERABLE and _which(ask.node) not in self._postponed:
                self._open = (ask, group.create_task(self._ask(ask)))
                return

    def give_up(self) -> None:
        """Take the question away."""
        if self._open is not None:
            _, task = self._open
            self._open = None
            task.cancel()

    async def _ask(self, ask: Ask) -> None:
        answered = await self._answer(ask)
        self._postponed.add(_which(ask.node))  # also what was answered here and waits for others
        if answered.choice != "later":
            await self._post(ask, answered)
        self._open = None
        self._settled()

    async def _answer(self, ask: Ask) -> Answered:
        if not self._approve_all:
            return await put_question(ask, self._screen)
        if _is_doubt(ask):  # nobody can know beforehand whether an effect will have happened
            return Answered("later")
        self._screen.tell(wording(ask))
        self._screen.tell(f"{ask.path}: approved, as said with --yes")
        return Answered("yes", "approved beforehand with --yes")

    async def _post(self, ask: Ask, answered: Answered) -> None:
        from podium.engine.control import answer, settle_doubt
        from podium.errors import Rejected, UsageError

        store, ids, by = self._installation.store, self._installation.ids, self._installation.principal
        yes = answered.choice == "yes"
        try:
            if _is_doubt(ask):
                await settle_doubt(store, ids, self._run, ask.path, landed=yes, by=by)
            else:
                verdict: Verdict = "approved" if yes else "rejected"
                reason = answered.reason
                voter, now = self._installation.voter, self._installation.clock.now()
                post = (store, ids, self._run, ask.path)
                seen = _subject(ask.node)
                await answer(
                    *post, verdict=verdict, by=by, channel="cli", reason=reason, voter=voter, now=now, seen=seen
                )
        except (Rejected, UsageError) as error:  # somebody else was quicker
            self._screen.tell(f"{ask.path}: {error.message}")


def _which(node: NodeView) -> tuple[NodePath, int]:
    """Return what tells a question from a later one of the same node."""
    return node.path, node.wait.since if node.wait is not None else 0


def _subject(node: NodeView) -> str:
    """Return what stands for exactly what is asked."""
    return node.wait.terms.subject if node.wait is not None and node.wait.terms is not None else ""


def _is_doubt(ask: Ask) -> bool:
    return ask.node.wait is not None and ask.node.wait.reason == "doubt"
