"""Telling people what waits for them: who is told what, once, and what if nobody takes the notice.

1. Of each question those are told who may answer it now: when it is asked, when its next stage is, when a step of its
   chain is reached, when somebody leaves it to them, and as often as `remind` says.
2. A notice goes by the first channel that takes it, each tried a few times. What became of it is a record in `_admin`
   with a key of its own, so no process tells the same thing again; a crash between the telling and the record tells it
   twice, with the same id.
3. Nothing of this moves a run: a notice that nobody takes changes only that it is recorded so.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from podium.app.asking import runs_that_may_ask
from podium.clock import Clock
from podium.effects.notices import Addressee, Channel, Notice, What
from podium.engine.asked import Asked, read_asked
from podium.errors import PodiumError, Rejected, StoreError
from podium.gate.roles import Directory
from podium.ids import ADMIN, NodePath, RunId
from podium.ledger.record import Entry, NoticeSent
from podium.ledger.store import RunRow, RunStore
from podium.spec.approval_rule import Terms, Voters

TRIES = 3
"""How often one channel is tried with one notice."""

BACKOFF_S = 2.0
"""Between the first two tries; then twice as long."""

LOOK_S = 5.0
"""The longest between two looks at the clock: reminders and steps come that much late."""

AT_ONCE = 8
"""Notices under way at the same time."""


class Told(NamedTuple):
    """A notice, and the key of the record that it was sent."""

    notice: Notice
    key: str


class _Question(NamedTuple):
    row: RunRow
    path: NodePath
    asked: Asked


class Noticing:
    """See the module's rules."""

    def __init__(
        self, store: RunStore, people: Directory, channels: Mapping[str, Channel], clock: Clock, *, link: str = ""
    ) -> None:
        self._store, self._people, self._channels, self._clock, self._link = store, people, channels, clock, link
        self._open: dict[RunId, tuple[int, dict[NodePath, Asked]]] = {}
        self._sent: set[str] = set()
        self._seen = 0

    async def serve(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop` is set."""
        while not stop.is_set():
            with suppress(StoreError):  # the next look finds the same things due
                await self.look()
            await self._pause(stop)

    async def _pause(self, stop: asyncio.Event) -> None:
        stopped = asyncio.ensure_future(stop.wait())
        slept = asyncio.ensure_future(self._clock.sleep(LOOK_S))
        try:
            await asyncio.wait((stopped, slept), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            slept.cancel()

    async def look(self) -> int:
        """Tell everybody what they were not told yet; return how many notices were due."""
        if not self._channels:
            return 0
        await self._read_sent()
        now, due = self._clock.now(), list[Told]()
        rows = (await runs_that_may_ask(self._store)).rows
        self._open = {row.id: await self._questions(row) for row in rows}
        for row in rows:
            for path, asked in self._open[row.id][1].items():
                question = _Question(row, path, asked)
                due += [told for told in self._due(question, now) if told.key not in self._sent]
        bound = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for told in due:
                group.create_task(self._tell(told, bound))
        return len(due)

    async def _questions(self, row: RunRow) -> tuple[int, dict[NodePath, Asked]]:
        known = self._open.get(row.id)
        return known if known is not None and known[0] == row.seq else (row.seq, await read_asked(self._store, row.id))

    async def _read_sent(self) -> None:
        while records := await self._store.records(ADMIN, after=self._seen):
            self._sent |= {record.key for record in records if isinstance(record.body, NoticeSent)}
            self._seen = records[-1].seq

    def _due(self, question: _Question, now: int) -> Iterator[Told]:
        terms, standing = question.asked.parked.terms, question.asked.standing(now)
        if terms is None or standing.state != "pending":
            return
        silent = {*terms.excluded, *standing.yes, *(name for name, _ in standing.gone)}
        for what, number, voters in _moments(terms, standing.stage, now):
            to = self._people.of(voters, without=silent)
            yield self._told(question, what, f"{number}", [Addressee(one.name, one.email) for one in to])
        for name, other in standing.gone:
            person = self._people.people.get(other)
            email = person.email if person is not None else ""
            yield self._told(question, "delegated", name, [Addressee(other, email)])

    def _told(self, question: _Question, what: What, number: str, to: Sequence[Addressee]) -> Told:
        row, path, asked = question
        which = f"{asked.record.seq}:{what}:{number}"
        notice = Notice(
            id=hashlib.sha256(f"{row.id}:{path}:{which}".encode()).hexdigest()[:32],
            what=what,
            run=row.id,
            workflow=row.workflow,
            node=path,
            due=asked.parked.due,
            to=tuple(to),
            link=self._link,
        )
        return Told(notice, f"notice:{row.id}:{path}:{which}")

    async def _tell(self, told: Told, bound: asyncio.Semaphore) -> None:
        async with bound:
            channel = await self._deliver(told.notice)
            body = NoticeSent(
                run=RunId(told.notice.run),
                node=told.notice.node,
                what=told.notice.what,
                channel=channel,
                to=tuple(sorted(one.name for one in told.notice.to)),
            )
            try:
                await self._store.enter(Entry(body=body, key=told.key))
            except Rejected as error:  # another process has told them, too
                if error.code != "ST006":
                    raise

    async def _deliver(self, notice: Notice) -> str:
        """Return the channel that took it, "" when none did."""
        for name, channel in self._channels.items():
            for attempt in range(TRIES):
                try:
                    await channel.send(notice)
                except PodiumError:
                    if attempt + 1 < TRIES:
                        await self._clock.sleep(BACKOFF_S * 2**attempt)
                else:
                    return name
        return ""


def _moments(terms: Terms, stage: int, now: int) -> Iterator[tuple[What, int, Voters]]:
    """Yield what is due by now, and whom it is for."""
    rule = terms.rule
    asked = rule.in_turn[stage]
    yield "asked", stage, asked
    for number, step in enumerate(rule.steps):
        if terms.at + step.after_ms <= now:
            yield "escalated", number, step.to
    if rule.remind_ms and (reminders := (now - terms.at) // rule.remind_ms) > 0:
        yield "reminder", reminders, asked
