"""Kill switches in a run: what is under way is ended, what would begin is refused, and it goes on after the stop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.clock import SystemClock
from podium.effects.ports import FunctionInfo, Progress
from podium.engine.control import retry
from podium.engine.switches import lift, stop
from podium.errors import UsageError
from podium.ids import EffectKey, SystemIds
from podium.ledger.record import EffectIntent, EffectOutcome, RunEnded
from podium.ledger.switch import SwitchScope
from podium.ledger.verify import verify
from podium.node.calls import ToolReply
from podium.spec.model import ToolSpec
from podium.testing import FakeClock, MemoryStore, ScriptedModel
from podium.testing.running import Bench, compile_text
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

Json = Any
IDS = SystemIds()
SOON_S = 5.0

WORKFLOW = """podium: 1
name: refunds
tools:
  mail: {python: scripted, effect: write, delivery: DELIVERY}
nodes:
  post: {tool: mail.send, with: {to: ada}}
  tell: {tool: mail.send, with: {to: bob}, after: [post]}
result: tell.out
"""


class Slow:
    """A tool that answers only once it is let; both port and catalogue."""

    target = "scripted/mail"

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.answer = asyncio.Event()
        self.calls: list[str] = []

    def open(self, grant: str, spec: ToolSpec) -> Slow:
        return self

    async def functions(self) -> Mapping[str, FunctionInfo]:
        return {}

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Json],
        *,
        key: EffectKey,
        timeout_s: float,
        progress: Progress,
    ) -> ToolReply:
        self.calls.append(arguments["to"])
        self.begun.set()
        await self.answer.wait()
        return ToolReply(value="sent")

    async def close(self) -> None:
        return


class Desk:
    """A run of the workflow in one process, and the store as another process sees it."""

    def __init__(self, delivery: str = "keyed") -> None:
        self.clock = FakeClock(tick_ms=1)
        self.store = MemoryStore(clock=self.clock)
        self.elsewhere = self.store.beside()
        self.mail = Slow()
        self.bench = Bench(
            compile_text(WORKFLOW.replace("DELIVERY", delivery)),
            store=self.store,
            model=ScriptedModel(),
            tools=self.mail,
            clock=self.clock,
            ids=IDS,
        )


@pytest.mark.parametrize(
    ("scope", "subject"),
    [("everything", ""), ("workflow", "refunds"), ("tool", "mail.send"), ("tool", "mail"), ("run", "RUN")],
)
async def test_what_is_under_way_is_ended_and_nobody_knows_whether_it_happened(
    scope: SwitchScope, subject: str
) -> None:
    desk = Desk()
    run = await desk.bench.start({})

    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as group:
        driving = group.create_task(desk.bench.engine.advance(run))
        await desk.mail.begun.wait()
        await stop(desk.elsewhere, IDS, scope, run if subject == "RUN" else subject, by="ada", reason="it spams")

    assert driving.result() == "denied"
    bodies = [record.body for record in await desk.bench.history(run)]
    (outcome,) = [body for body in bodies if isinstance(body, EffectOutcome)]
    assert (outcome.status, outcome.code) == ("unknown", "GA004")
    ended = bodies[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.code, ended.node) == ("denied", "GA004", "post")
    await desk.bench.engine.close()


async def test_what_must_not_happen_twice_is_asked_about() -> None:
    desk = Desk("once")
    run = await desk.bench.start({})

    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as group:
        group.create_task(desk.bench.engine.advance(run))
        await desk.mail.begun.wait()
        await stop(desk.elsewhere, IDS, "tool", "mail", by="ada")

    assert await desk.bench.settle(run, {}) == "doubt"
    await desk.bench.engine.close()


@pytest.mark.parametrize(("scope", "subject"), [("workflow", "invoices"), ("tool", "files"), ("model", "mail")])
async def test_what_a_switch_does_not_name_goes_on(scope: SwitchScope, subject: str) -> None:
    desk = Desk()
    run = await desk.bench.start({})

    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as group:
        driving = group.create_task(desk.bench.engine.advance(run))
        await desk.mail.begun.wait()
        await stop(desk.elsewhere, IDS, scope, subject, by="ada")
        for _ in range(50):
            await asyncio.sleep(0)
        desk.mail.answer.set()

    assert driving.result() == "done"
    await desk.bench.engine.close()


async def test_nothing_begins_behind_a_switch_and_the_run_goes_on_once_it_is_lifted() -> None:
    desk = Desk()
    desk.mail.answer.set()
    run = await desk.bench.start({})
    await stop(desk.elsewhere, IDS, "tool", "mail", by="ada")

    assert await desk.bench.settle(run, {}) == "denied"
    assert desk.mail.calls == []
    assert not [record for record in await desk.bench.history(run) if isinstance(record.body, EffectIntent)]

    assert await lift(desk.elsewhere, IDS, "tool", "mail", by="ada")
    await retry(desk.store, IDS, run, by="ada")
    assert await desk.bench.settle(run, {}) == "done"
    assert desk.mail.calls == ["ada", "bob"]
    await desk.bench.engine.close()


MANY = """podium: 1
name: refunds
tools:
  mail: {python: scripted, effect: write, delivery: keyed}
nodes:
  all:
    map: "['ada', 'bob', 'cas', 'dan']"
    as: who
    concurrency: 4
    do: {post: {tool: mail.send, with: {to: "${who}"}}}
"""


async def test_calls_that_were_refused_side_by_side_leave_evidence_that_holds() -> None:
    clock = FakeClock(tick_ms=1)
    store, world = MemoryStore(clock=clock), World()
    bench = Bench(
        compile_text(MANY), store=store, model=ScriptedModel(), tools=ScriptedTools(world), clock=clock, ids=IDS
    )
    await stop(store, IDS, "everything", "", by="ada")
    run = await bench.start({})

    assert await bench.settle(run, {}) == "denied"
    bodies = [record.body for record in await bench.history(run)]
    assert [body for body in bodies if isinstance(body, EffectIntent | EffectOutcome)] == []
    assert ((await verify(store)).problems, world.calls) == ((), [])


async def test_the_intent_says_in_whose_names_it_acts() -> None:
    desk = Desk()
    desk.mail.answer.set()
    run = await desk.bench.start({})

    await desk.bench.settle(run, {})

    version = desk.bench.version[:12]
    chains = {
        record.body.decision.chain for record in await desk.bench.history(run) if isinstance(record.body, EffectIntent)
    }
    assert chains == {("person:tester", f"workflow:refunds@{version}")}
    await desk.bench.engine.close()


@pytest.mark.parametrize(
    ("scope", "subject"), [("everything", "x"), ("tool", ""), ("tool", "mail send"), ("tool", "x" * 201), ("run", "\n")]
)
async def test_what_nothing_can_be_called_is_refused(scope: SwitchScope, subject: str) -> None:
    store = MemoryStore(clock=FakeClock())

    with pytest.raises(UsageError, match="EN031"):
        await stop(store, IDS, scope, subject, by="ada")
    assert (await store.control()).switches == ()
    await store.close()


async def test_a_switch_of_another_process_is_effective_within_two_seconds(tmp_path: Path) -> None:
    """Two stores over one folder, as two processes have them; told by the times in the records."""
    clock = SystemClock()
    here, elsewhere = [await SqliteStore.open(tmp_path / "home", clock=clock, ids=IDS) for _ in range(2)]
    mail = Slow()
    bench = Bench(
        compile_text(WORKFLOW.replace("DELIVERY", "keyed")),
        store=here,
        model=ScriptedModel(),
        tools=mail,
        clock=clock,
        ids=IDS,
    )
    run = await bench.start({})

    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as group:
        driving = group.create_task(bench.engine.advance(run))
        await mail.begun.wait()
        await stop(elsewhere, IDS, "everything", "", by="ada")

    assert driving.result() == "denied"
    (switch,) = (await here.control()).switches
    (ended,) = [record.at for record in await bench.history(run) if isinstance(record.body, EffectOutcome)]
    assert 0 <= ended - switch.at <= 2_000
    await bench.engine.close()
    await here.close()
    await elsewhere.close()
