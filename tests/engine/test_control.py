"""What people do to runs: pause, resume, stop, prioritise, override, callbacks, dead letters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.engine.callback import Callback, token
from podium.engine.control import (
    answer,
    callback,
    cancel,
    drop_dead,
    kill,
    open_questions,
    pause,
    prioritise,
    resume_paused,
    signal,
)
from podium.engine.override import Action, override
from podium.errors import EffectError, Rejected, UsageError
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import NodeDone, NodeOverridden, NodeSkipped, OverrideRequested, SignalReceived
from podium.node.calls import ModelCall
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

TOOLS = """tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once}
"""
ASKING = '  draft: {llm: Draft, on_error: ask}\n  after: {transform: "${draft.out}!"}\n'


def bench(nodes: str, *, world: World | None = None, model: ScriptedModel | None = None, head: str = "") -> Bench:
    clock = FakeClock(tick_ms=1)
    return Bench(
        compile_text(f"podium: 1\nname: test\n{head}nodes:\n{nodes}"),
        store=MemoryStore(clock=clock),
        model=model or ScriptedModel(),
        tools=ScriptedTools(world),
        clock=clock,
        ids=SystemIds(),
    )


def failing(*, times: int) -> ScriptedModel:
    """A model that refuses so many calls, then answers `Better`."""
    left = [times]

    def reply(_: ModelCall) -> str:
        if left[0]:
            left[0] -= 1
            raise EffectError("EF900", "the model says no", kind="refused")
        return "Better"

    return ScriptedModel(answer=reply)


async def do(work: Bench, run: RunId, path: str, action: Action, *, value: Json = None, by: str = "ann") -> None:
    await override(
        work.engine, work.store, work.ids, run, NodePath(path), action=action, by=by, value=value, reason="as agreed"
    )


async def kinds(work: Bench, run: RunId) -> list[str]:
    return [type(record.body).__name__ for record in await work.history(run)]


# ── pausing and stopping ──


async def test_a_paused_run_begins_nothing_until_it_is_resumed() -> None:
    work = bench("  may: {human: May it go on?}\n  then: {transform: gone on, after: [may]}\n")
    run = await work.start({})
    await work.settle(run, {})

    await pause(work.store, work.ids, run, by="ann", reason="let me look")
    await answer(work.store, work.ids, run, NodePath("may"), verdict="approved", by="ann", channel="test")
    assert await work.settle(run, {}) == "paused"
    assert "NodeDone" not in await kinds(work, run)

    await resume_paused(work.store, work.ids, run, by="ann")
    assert await work.settle(run, {}) == "done"
    await work.engine.close()


async def test_what_is_done_is_undone_when_a_run_is_cancelled_and_stands_when_it_is_killed() -> None:
    nodes = (
        '  book: {tool: keyed.put, with: {n: "1"}, compensate: {tool: keyed.undo, with: {n: "u1"}}}\n'
        "  may: {human: May it go on?, after: [book]}\n"
    )
    undone: list[list[str]] = []
    for stop in (cancel, kill):
        world = World()
        world.on("keyed.put", {})
        world.on("keyed.undo", {})
        work = bench(nodes, world=world, head=TOOLS)
        run = await work.start({})
        await work.settle(run, {})

        await stop(work.store, work.ids, run, by="ann")

        assert await work.settle(run, {}) == "cancelled"
        undone.append([effect.name for effect in world.effects])
        await work.engine.close()

    assert undone == [["keyed.put", "keyed.undo"], ["keyed.put"]]


@pytest.mark.parametrize("priority", [-1, 10])
async def test_a_priority_is_one_figure(priority: int) -> None:
    work = bench("  may: {human: May it?}\n")
    run = await work.start({})

    with pytest.raises(UsageError, match="EN027"):
        await prioritise(work.store, work.ids, run, priority, by="ann")
    await prioritise(work.store, work.ids, run, 9, by="ann")

    row = await work.store.row(run)
    assert row is not None
    assert row.priority == 9
    await work.engine.close()


async def test_only_what_gave_up_can_be_dropped() -> None:
    work = bench("  stop: {end: failed}\n")
    run = await work.start({})
    with pytest.raises(UsageError, match="EN028"):
        await drop_dead(work.store, work.ids, run, by="ann")
    assert await work.settle(run, {}) == "failed"

    await drop_dead(work.store, work.ids, run, by="ann", reason="known")

    assert await work.store.rows(dead=True) == ()
    with pytest.raises(UsageError, match="EN028"):
        await drop_dead(work.store, work.ids, run, by="ann")
    await work.engine.close()


# ── overriding ──


async def test_a_failed_node_that_asks_takes_no_approval() -> None:
    work = bench(ASKING, model=failing(times=9))
    run = await work.start({})
    assert await work.settle(run, {"*": "approved"}) == "approval"

    assert list(await open_questions(work.store, run)) == ["draft"]
    with pytest.raises(UsageError, match="EN024"):
        await answer(work.store, work.ids, run, NodePath("draft"), verdict="approved", by="ann", channel="test")
    await work.engine.close()


@pytest.mark.parametrize(
    ("action", "value", "status", "outs"),
    [
        ("retry", None, "done", {"draft~1": "Better", "after": "Better!"}),
        ("input", {"llm": "Draft it otherwise"}, "done", {"draft~1": "Better", "after": "Better!"}),
        ("output", "Mine", "done", {"draft": "Mine", "after": "Mine!"}),
        ("skip", None, "done", {}),
        ("abort", None, "failed", {}),
    ],
)
async def test_a_node_that_asks_goes_on_as_a_person_says(
    action: Action, value: Json, status: str, outs: dict[str, Json]
) -> None:
    work = bench(ASKING, model=failing(times=1))
    run = await work.start({})
    await work.settle(run, {})

    await do(work, run, "draft", action, value=value)

    assert await work.settle(run, {}) == status
    result = await work.result(run, "done")
    assert result.outs == outs
    assert await open_questions(work.store, run) == {}
    asked = [record.key for record in result.records if isinstance(record.body, OverrideRequested)]
    carried_out = [
        record.body.override
        for record in result.records
        if isinstance(record.body, NodeDone | NodeSkipped | NodeOverridden) and record.body.override
    ]
    assert carried_out == (asked if action != "abort" else [])
    await work.engine.close()


async def test_a_node_that_waits_can_be_skipped_in_a_live_run() -> None:
    work = bench("  news: {wait: {signal: news}}\n  then: {transform: gone on, after: [news]}\n")
    run = await work.start({})
    assert await work.settle(run, {}) == "signal"

    await do(work, run, "news", "output", value=None)

    assert await work.settle(run, {}) == "done"
    await work.engine.close()


async def test_of_two_people_who_override_one_is_told() -> None:
    work = bench(ASKING, model=failing(times=9))
    run = await work.start({})
    await work.settle(run, {})

    answers = await asyncio.gather(
        do(work, run, "draft", "skip"), do(work, run, "draft", "retry", by="bob"), return_exceptions=True
    )

    assert [getattr(told, "code", "posted") for told in answers] == ["posted", "EN029"]
    await work.engine.close()


@pytest.mark.parametrize(
    ("path", "action", "value", "code"),
    [
        ("drft", "skip", None, "EN020.*drft"),
        ("first", "skip", None, "EN021.*done"),
        ("draft", "output", 7, "EN023.*type"),
        ("draft", "input", {"prompt": "x"}, "EN023.*no value `prompt`"),
        ("draft", "input", "x", "EN023.*object"),
    ],
)
async def test_what_cannot_be_done_is_refused_before_it_is_recorded(
    path: str, action: Action, value: Json, code: str
) -> None:
    work = bench("  first: {transform: 1}\n" + ASKING, model=failing(times=9))
    run = await work.start({})
    await work.settle(run, {})
    before = await kinds(work, run)

    with pytest.raises(UsageError, match=code):
        await do(work, run, path, action, value=value)

    assert await kinds(work, run) == before
    await work.engine.close()


async def test_a_doubt_is_settled_before_anything_else() -> None:
    def lost(_: Json) -> Json:
        raise EffectError("EF902", "no answer", kind="timeout", landed="unknown")

    world = World()
    world.on("once.send", lost)
    work = bench('  send: {tool: once.send, with: {n: "1"}}\n', world=world, head=TOOLS)
    run = await work.start({})
    assert await work.settle(run, {}) == "doubt"

    with pytest.raises(UsageError, match="EN022"):
        await do(work, run, "send", "retry")
    await work.engine.close()


async def test_a_run_that_has_ended_is_overridden_no_more() -> None:
    work = bench("  may: {human: May it?}\n")
    run = await work.start({})
    await work.settle(run, {})
    await cancel(work.store, work.ids, run, by="ann")
    await work.settle(run, {})

    with pytest.raises((UsageError, Rejected), match=r"EN021|ST005"):
        await do(work, run, "may", "skip")
    await work.engine.close()


# ── callbacks ──


async def test_a_callback_is_answered_once_and_only_by_its_token() -> None:
    work = bench("  news: {wait: {signal: news}}\n")
    run = await work.start({})
    key = token(b"for tests", run, NodePath("news"))
    forged = token(b"of others", run, NodePath("news"))

    meant = await callback(work.engine, work.store, work.ids, key, by="callback", value={"paid": True})

    assert meant == Callback(run, NodePath("news"))
    last = (await work.history(run))[-1]
    assert isinstance(last.body, SignalReceived)
    assert (last.body.name, last.body.by) == ("callback:news", "callback")
    for wrong, code in ((key, "EN026"), (forged, "EN016"), ("nonsense", "EN016")):
        with pytest.raises(UsageError, match=code):
            await callback(work.engine, work.store, work.ids, wrong, by="callback")
    await work.engine.close()


async def test_a_plain_signal_cannot_stand_in_for_a_callback() -> None:
    work = bench("  news: {wait: {signal: news}}\n")
    run = await work.start({})

    with pytest.raises(UsageError, match="EN025"):
        await signal(work.store, work.ids, run, "callback:news", by="ann")
    await work.engine.close()
