"""The loop of one claimed run: decide, carry out, fold what came of it, until it ends or has to wait.

1. Every ready node is a task; the loop alone changes the run's state.
2. What nodes return is folded at once and written with the next append (an intent, or a flush when the loop would
   wait): a result that no crash could repeat harmfully needs no commit of its own.
3. Before it waits for a person or a long timer, the run is released and costs rows, not memory.
4. An ending stops every task first; what was under way leaves its outcome as unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.clock import Clock, Millis
from podium.effects.gateway import Gateway
from podium.effects.masks import RunMasks
from podium.engine.attempt import Attempt
from podium.engine.carry_out import overridden
from podium.engine.decide import (
    AddItem,
    Expire,
    Finish,
    Override,
    Overrun,
    Overspent,
    Skip,
    Start,
    Stop,
    Unwind,
    decide,
)
from podium.engine.fold import apply, expire
from podium.engine.labels import Labels
from podium.engine.outbox import unreleased
from podium.engine.report import Report
from podium.engine.state import Ending, NodeState, RunState, is_alive
from podium.engine.surroundings import Surroundings
from podium.engine.values import Values
from podium.engine.worktime import due
from podium.errors import LedgerError, NodeError
from podium.graph.model import Compiled, Program
from podium.ids import IdSource, NodeId, NodePath
from podium.ledger.record import EffectIntent, Entry, NodeForked, Record, RunEnded, RunEnding
from podium.ledger.store import Claim, LiveStatus, RowStatus, RunStore
from podium.ledger.writer import RunWriter
from podium.node.registry import Registry

Json = Any

SHORT_WAIT_MS = 1_000
"""A timer that is due sooner is waited for in memory; a later one lets the run go."""

FLUSH_AFTER_S = 0.02
"""How long finished results wait for an intent to ride along with: longer than a busy loop takes to come to it."""


@dataclass(kw_only=True)
class ActiveRun:
    """A run that this worker drives. Implements `Journal` for the gateway."""

    compiled: Compiled
    claim: Claim
    store: RunStore
    nodes: Registry
    gateway: Gateway
    clock: Clock
    ids: IdSource
    watch: Callable[[NodePath, str], None]
    state: RunState
    seen: int
    tokens: Callable[[NodePath], str]

    writer: RunWriter = field(init=False)
    values: Values = field(init=False)
    surroundings: Surroundings = field(init=False)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: dict[NodePath, asyncio.Task[None]] = field(default_factory=dict[NodePath, "asyncio.Task[None]"])
    group: asyncio.TaskGroup = field(init=False)
    flush: asyncio.TimerHandle | None = None
    pending_since: float = 0.0
    waiting_until: int = 0
    leaving: bool = False
    alive_at: float = 0.0
    poked: bool = False

    def __post_init__(self) -> None:
        self.writer = RunWriter(self.store, self.claim, self.ids, on_records=self._hear)
        self.writer.seen = self.seen
        self.values = Values(self.store, self.state, self.ids, tokens=self.tokens)
        self.surroundings = Surroundings(
            state=self.state,
            nodes=self.nodes,
            gateway=self.gateway,
            journal=self,
            values=self.values,
            labels=Labels(self.state, self.gateway.safeguards.lattice),
            masks=RunMasks(self.state.run, self.state.masked, self.values.load),
            clock=self.clock,
            ids=self.ids,
            workflow=self.compiled.workflow.name,
            tenant=self.claim.row.tenant,
            governor=self.compiled.workflow.governor,
            owner=self.compiled.workflow.owner,
            watch=self.watch,
        )

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write entries, with what is pending before them; they are folded once they are durable."""
        await self.writer.append(entries, gather=len(self.tasks) > 1)

    def poke(self) -> None:
        """Somebody posted to this run; look what it was."""
        self.poked = True
        self.changed.set()

    async def drive(self) -> RowStatus:
        """Run until the run ends or waits, and return how it stands.

        Raises:
            Fenced: another worker has it.
            StoreError: nothing can be written; the run stays as it was last recorded.
        """
        self.alive_at = self.clock.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                self.group = group
                try:
                    outcome = await self._until_over()
                finally:
                    self.leaving = True
        except asyncio.CancelledError:
            # Somebody stops this worker politely: what it knows is written, and the next one goes on from there.
            await self.writer.append()
            raise
        finally:
            if self.flush is not None:
                self.flush.cancel()
        return outcome if isinstance(outcome, str) else await self._finish(outcome)

    async def _until_over(self) -> Ending | RowStatus:
        """Run until the run must end, or was let go."""
        while (ending := self._carry_out()) is None or self.tasks:
            if ending is not None:
                await self._stop_all()  # what was under way may leave something behind that is to be undone
            elif self.tasks:
                await self._wait()
            elif (status := await self._let_go()) is not None:
                return status
        return ending

    def _carry_out(self) -> Ending | None:
        """Do what is decided until there is nothing more to decide."""
        again = True
        while again:
            again = False
            for command in decide(self.state, self.clock.now()):
                match command:
                    case Finish(ending):
                        return ending
                    case Skip(path, body):
                        self.defer([Entry(body=body, path=path, key=f"done:{path}")])
                        again = True
                    case Expire(path):
                        expire(self.state, path)
                        again = True
                    case Overspent(path):
                        self.defer(Report(self.surroundings, self.state.nodes[path]).overspent())
                        again = True
                    case Overrun(path):
                        self.defer(Report(self.surroundings, self.state.nodes[path]).overrun())
                        again = True
                    case AddItem(path, signal):
                        self.defer([self._item_of(path, signal)])
                        again = True
                    case Override(path, request):
                        self.state.requests.pop(path)
                        again = True
                        if request.body.action in ("retry", "input") and self.state.may_have_happened(path):
                            continue  # the node asks first whether it did
                        self.defer(overridden(self.surroundings, self.state.nodes[path], request))
                    case Unwind(ending):
                        self.defer([Entry(body=_run_ending(ending))])
                        again = True
                    case Stop(path):
                        self.state.stops.pop(path, None)
                        if path in self.tasks:
                            self.tasks[path].cancel()
                    case Start(path) if path in self.state.ready:
                        node = self.state.begin(path)
                        task = self.group.create_task(self._attempt(node), name=path)
                        task.add_done_callback(self._over)
                        self.tasks[path] = task
                    case Start():
                        again = True  # a command before this one has taken the node back
        return None

    def _item_of(self, path: NodePath, signal: str) -> Entry:
        """Return the record by which a signal adds an item to a node."""
        node = self.state.nodes[path]
        sent, _ = self.state.signals[signal][0]
        body = NodeForked(count=1, items=sent.value, start=node.count, signal=signal)
        return Entry(body=body, path=path, key=f"forked:{path}:{node.count}")

    async def _attempt(self, node: NodeState) -> None:
        path = node.path
        self.defer(await Attempt(self.surroundings, node).entries())
        self.tasks.pop(path, None)
        self.alive_at = self.clock.monotonic()
        # What comes next begins here: waking the loop of the run first would cost a chain of steps a third of its time.
        if self.leaving or self._carry_out() is not None or not self.tasks or self._has_earlier_timer():
            self.changed.set()

    def _has_earlier_timer(self) -> bool:
        timer = self.state.next_timer()
        return bool(timer) and (not self.waiting_until or timer < self.waiting_until)

    def _over(self, task: asyncio.Task[None]) -> None:
        """A task has ended; a callback, because a task that is cancelled before its first step runs no code."""
        path = NodePath(task.get_name())
        if self.tasks.get(path) is task:
            del self.tasks[path]
            if task.cancelled():
                self.state.halt(path)
            self.changed.set()

    def defer(self, entries: Sequence[Entry]) -> None:
        """Write entries with the next append; they are folded at once."""
        if not self.writer.pending:
            self._flush_later(FLUSH_AFTER_S)
        self.writer.defer(entries)
        now = self.clock.now()
        for entry in entries:
            apply(self.state, entry.body, path=NodePath(entry.path), key=entry.key, at=now)

    def _flush_later(self, seconds: float) -> None:
        """See to it that what is pending is written also when no intent comes along."""
        loop = asyncio.get_running_loop()
        self.pending_since = loop.time()
        if self.flush is None:
            self.flush = loop.call_later(seconds, self._flush_now)

    def _flush_now(self) -> None:
        self.flush = None
        if not self.writer.pending:
            return
        loop = asyncio.get_running_loop()
        left = self.pending_since + FLUSH_AFTER_S - loop.time()
        if left > 0:
            self.flush = loop.call_later(left, self._flush_now)
        else:
            self.poked = True
            self.changed.set()

    def _hear(self, records: Sequence[Record]) -> None:
        for record in records:
            apply(self.state, record.body, path=NodePath(record.path), key=record.key, at=record.at)
        # an intent of ours makes nothing ready: whoever wrote it goes on by itself
        if not all(type(record.body) is EffectIntent for record in records):
            self.changed.set()

    async def _wait(self) -> None:
        """Wait until there is something to decide, somebody posts, a timer is due, or results have waited enough."""
        if not self.changed.is_set():
            self.waiting_until = self.state.next_timer()
            await self._event(self._until_next())
        self.changed.clear()
        if self.poked:
            self.poked = False
            await self.writer.append()
        self._check_idle()

    async def _event(self, seconds: float | None) -> None:
        """Wait until something has changed, or so long."""
        # a timer of its own: `asyncio.timeout` costs more than all the rest of a wait, several times for each step
        timer = asyncio.get_running_loop().call_later(seconds, self.changed.set) if seconds is not None else None
        try:
            await self.changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _sleep(self, seconds: float) -> None:
        """Let time pass by the run's own clock, until somebody posts."""
        waits = [asyncio.ensure_future(self.clock.sleep(seconds)), asyncio.ensure_future(self.changed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _until_next(self) -> float | None:
        """Return the seconds to the next moment that matters by itself, None when there is none."""
        assert self.state.created is not None
        # what has no say any more must not be waited for again and again: timers while paused, limits while undoing
        timer = 0 if self.state.paused else self.state.next_timer()
        deadline = self._deadline()
        waits = [max(0.0, (when - self.clock.now()) / 1000) for when in (timer, deadline) if when]
        if self.state.created.idle_ms and not self.state.ending:
            waits.append(max(0.0, self.alive_at + self.state.created.idle_ms / 1000 - self.clock.monotonic()))
        return min(waits) if waits else None

    def _deadline(self) -> int:
        """Return when the run, or something in it, has used up its time, 0 for never."""
        if self.state.created is None or self.state.ending:
            return 0
        wall = due(self.state, self.clock.now()) if self.state.timed else 0
        return min((when for when in (self.state.created.deadline, wall) if when), default=0)

    def _check_idle(self) -> None:
        """End a run in which nothing has moved for its idle bound although nodes are at work."""
        assert self.state.created is not None
        limit = self.state.created.idle_ms
        if limit and self.tasks and self.clock.monotonic() - self.alive_at >= limit / 1000 and not self.state.ending:
            self.defer([Entry(body=RunEnding(status="limit", code="EN009", node=next(iter(self.tasks))))])

    async def _let_go(self) -> RowStatus | None:
        """Nothing runs: write what is pending, then release the run or wait for a timer that is near.

        Returns None when there is something to decide again.
        """
        self.changed.clear()
        await self.writer.append()
        if decide(self.state, self.clock.now()):
            return None
        timer = 0 if self.state.paused else self.state.next_timer()
        deadline = self._deadline()
        moments = [when for when in (timer, deadline) if when]
        next_moment = Millis(min(moments)) if moments else Millis(0)
        if timer and timer - self.clock.now() <= SHORT_WAIT_MS:
            await self._sleep(max(0.0, (timer - self.clock.now()) / 1000))
            return None
        if not self._waits():
            self.defer([Entry(body=RunEnding(status="failed", code="EN030"))])
            return None
        status = self._waiting_for()
        return status if await self.writer.release(status, next_timer_at=next_moment) else None

    def _waits(self) -> bool:
        """Whether anything can ever happen in this run: a run that rests for ever would be the worst of failures."""
        state = self.state
        return state.paused or any(
            node.status == "waiting" or (node.status == "pending" and node.node.join is not None and node.arrived)
            for node in state.nodes.values()
            if is_alive(node)
        )

    def _waiting_for(self) -> LiveStatus:
        """Return what people should see that the run waits for: a person before a clock."""
        if self.state.paused:
            return "paused"
        waiting = [node for node in self.state.nodes.values() if node.status == "waiting" and is_alive(node)]
        reasons = {node.parked.reason for node in waiting if node.parked}
        if "doubt" in reasons:
            return "doubt"
        if "approval" in reasons or "ask" in reasons:
            return "approval"
        return "signal" if "signal" in reasons else "timer"

    async def _stop_all(self) -> None:
        """Stop what runs; each task leaves the outcome of its effect behind."""
        while self.tasks:
            running = list(self.tasks.values())
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    async def _finish(self, ending: Ending) -> RowStatus:
        result = None
        if ending.status in ("done", "done_with_errors"):
            try:
                result = await self._result(ending)
            except (NodeError, LedgerError) as error:
                stored = self.values.encode({"message": error.message, "help": error.help})
                ended = RunEnded(status="failed", code=error.code, result=stored.ref)
                await self.append([Entry(body=ended, payloads=(stored,))])
                return ended.status
        payload = self.values.encode(result) if result is not None else None
        body = RunEnded(
            status=ending.status,
            result=payload.ref if payload else None,
            code="" if ending.status in ("done", "done_with_errors") else ending.code,
            node=ending.node,
            not_undone=self.state.not_undone,
            unreleased=unreleased(self.state),
        )
        await self.append([Entry(body=body, payloads=(payload,) if payload else ())])
        return body.status

    async def _result(self, ending: Ending) -> Json:
        if ending.node:  # an `end` node brings the result itself
            return await self.values.load(self.state.nodes[NodePath(ending.node)].out)
        program = self.compiled.graph.result
        if program is None or self._is_unknown(program):
            return None
        return program.eval(await self.values.names(program.names, self.state.root))

    def _is_unknown(self, program: Program) -> bool:
        """Whether a dry run cannot know what the result would be made of."""
        read = (self.state.root.find(NodeId(name)) for name in program.names - program.guarded)
        skipped = any(node is not None and node.status == "skipped" for node in read)
        return skipped and self.surroundings.mode == "dry"


def _run_ending(ending: Ending) -> RunEnding:
    assert ending.status not in ("done", "done_with_errors")
    return RunEnding(status=ending.status, code=ending.code, node=ending.node)
