"""Throttles in runs: a hundred at once share what the rules allow, none starves, and those who wait cost nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from podium.effects.effect import Effect, Known
from podium.effects.gateway import Gateway
from podium.effects.ports import FunctionInfo, Progress
from podium.effects.safeguards import Safeguards
from podium.ids import EffectKey, NodePath, RunId, SystemIds
from podium.ledger.record import Entry, NodeParked
from podium.node.calls import ToolCall, ToolReply
from podium.spec.model import ToolSpec
from podium.spec.settings.throttle import ThrottleSettings
from podium.testing import FakeClock, MemoryStore, ScriptedModel
from podium.testing.running import Bench, compile_text
from podium.testing.runs import ScriptedRuns

pytestmark = pytest.mark.anyio

Json = Any
IDS = SystemIds()

WORKFLOW = """podium: 1
name: letters
tools:
  mail: {python: scripted, effect: read, delivery: repeatable}
nodes:
  # where a hundred sleep by one clock, an hour may pass between an intent and its call; that is not sent
  post: {tool: mail.send, with: {to: ada}, retry: {max: 20, backoff: 1s, on: [unavailable]}}
result: post.out
"""


class Mail:
    """A tool that takes a while, and sees how many are in it at once and when they came."""

    target = "scripted/mail"

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.inside = 0
        self.most = 0
        self.came: list[int] = []

    def open(self, grant: str, spec: ToolSpec) -> Mail:
        return self

    async def functions(self) -> Mapping[str, FunctionInfo]:
        return {}

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        del function, arguments, key, timeout_s, progress
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.came.append(self.clock.now())
        try:
            for _ in range(20):
                await asyncio.sleep(0)
        finally:
            self.inside -= 1
        return ToolReply(value="sent")

    async def close(self) -> None:
        return


class World:
    """Many runs of one workflow, driven by one engine with some rules."""

    def __init__(self, **rules: Json) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(clock=self.clock)
        self.mail = Mail(self.clock)
        self.bench = Bench(
            compile_text(WORKFLOW),
            store=self.store,
            model=ScriptedModel(),
            tools=self.mail,
            clock=self.clock,
            ids=IDS,
            safeguards=Safeguards(throttle=ThrottleSettings.model_validate(rules)),
        )

    async def run(self, count: int) -> list[str]:
        """Start so many runs, drive them all, and return how they ended."""
        runs = [await self.bench.start({}) for _ in range(count)]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            driving = [group.create_task(self.bench.settle(run, {})) for run in runs]
        await self.bench.engine.close()
        return [task.result() for task in driving]


async def test_a_hundred_runs_share_three_places() -> None:
    world = World(tool={"mail.send": {"concurrency": 3}})

    assert await world.run(100) == ["done"] * 100
    assert (world.mail.most, len(world.mail.came)) == (3, 100)


async def test_a_hundred_runs_share_ten_calls_a_second() -> None:
    world = World(workflow={"letters": {"rate": "10/s"}})

    assert await world.run(100) == ["done"] * 100
    came = sorted(world.mail.came)
    assert came[-1] - came[0] >= 8_000  # what begins is counted at the throttle, a moment before it comes here


async def test_all_rules_that_fit_count() -> None:
    world = World(tool={"mail": {"rate": "100/s"}, "m*": {"concurrency": 2}}, workflow={"other": {"concurrency": 1}})

    assert await world.run(30) == ["done"] * 30
    assert world.mail.most == 2


async def test_who_waits_long_waits_as_a_timer() -> None:
    world = World(tool={"mail": {"rate": "1/h"}})
    first, second = [await world.bench.start({}) for _ in range(2)]

    statuses = [await world.bench.engine.advance(run) for run in (first, second)]

    assert statuses == ["done", "timer"]
    row = await world.store.row(second)
    assert row is not None
    assert 3_590_000 < row.next_timer_at - world.mail.came[0] <= 3_600_000
    (parked,) = [record.body for record in await world.bench.history(second) if isinstance(record.body, NodeParked)]
    assert parked.reason == "retry"
    await world.bench.engine.close()


class Silent:
    """A journal that keeps nothing."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Forget."""

    def defer(self, entries: Sequence[Entry]) -> None:
        """Forget."""


async def test_a_place_is_given_back_by_those_who_fail_or_are_stopped() -> None:
    clock = FakeClock()
    rules = ThrottleSettings.model_validate({"tool": {"mail": {"concurrency": 1}}})
    mail = Mail(clock)
    gateway = Gateway(
        models=ScriptedModel(),
        tools=mail,
        runs=ScriptedRuns(),
        clock=clock,
        ids=IDS,
        safeguards=Safeguards(throttle=rules),
    )

    def effect(number: int) -> Effect:
        run = RunId(f"r{number:012}")
        spec = ToolSpec.model_validate({"python": "scripted", "effect": "read", "delivery": "repeatable"})
        return Effect(
            run=run,
            root=run,
            path=NodePath("post"),
            attempt=1,
            call=ToolCall(tool="mail", function="send", arguments={}),
            grants={"mail": spec},
            known=Known(),
            journal=Silent(),
            progress=lambda _text: None,
        )

    first = asyncio.ensure_future(gateway.perform(effect(1)))
    waiting = [asyncio.ensure_future(gateway.perform(effect(number))) for number in (2, 3)]
    for _ in range(5):
        await asyncio.sleep(0)
    first.cancel()
    waiting[0].cancel()

    assert await waiting[1] == ToolReply(value="sent")
    assert await gateway.perform(effect(4)) == ToolReply(value="sent")
    assert mail.most == 1
    assert [type(done) for done in await asyncio.gather(first, waiting[0], return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2
