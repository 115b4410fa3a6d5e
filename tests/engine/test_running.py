"""What a run does: branches, joins, maps, retries, waits, endings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from podium.engine.control import answer, cancel, open_questions, retry, settle_doubt, signal
from podium.errors import EffectError, UsageError
from podium.ids import NodePath, SystemIds
from podium.ledger.record import EffectIntent, EffectOutcome, NodeFailed, NodeForked, NodeSkipped, RunEnded
from podium.node.calls import ModelCall
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any


def flow(nodes: str, *, head: str = "", result: str = "") -> str:
    """A workflow of these nodes."""
    lines = "".join(f"  {line}\n" for line in nodes.strip().splitlines())
    return f"podium: 1\nname: test\n{head}nodes:\n{lines}" + (f"result: {result}\n" if result else "")


TOOLS = """tools:
  read: {python: scripted, effect: read, delivery: repeatable}
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once}
"""


def bench(
    text: str, *, world: World | None = None, model: ScriptedModel | None = None, clock: FakeClock | None = None
) -> Bench:
    clock = clock or FakeClock(tick_ms=1)
    return Bench(
        compile_text(text),
        store=MemoryStore(clock=clock),
        model=model or ScriptedModel(),
        tools=ScriptedTools(world),
        clock=clock,
        ids=SystemIds(),
    )


# ── values and branches ──


async def test_values_flow_along_references_and_keep_their_type() -> None:
    result = await run_workflow(
        flow(
            """
a: {transform: {n: "${inputs.n}", list: [1, "${inputs.n + 1}"]}}
b: {transform: "n is ${a.out.n}"}
""",
            head="inputs:\n  n: {type: integer}\n",
            result="\"{'text': b.out, 'list': a.out.list}\"",
        ),
        inputs={"n": 3},
    )

    assert (result.status, result.value) == ("done", {"text": "n is 3", "list": [1, 4]})


async def test_two_exclusive_branches_may_meet_in_a_plain_node() -> None:
    result = await run_workflow(
        flow("""
pick: {switch: [{when: 1 > 2, then: left}], else: right}
left: {transform: left}
right: {transform: right}
after_left: {transform: "${left.out}"}
meet: {transform: met, after: [left, right]}
""")
    )

    assert result.outs == {"pick": None, "right": "right", "meet": "met"} | {"pick": result.outs["pick"]}
    skipped = {record.path for record in result.records if isinstance(record.body, NodeSkipped)}
    assert skipped == {"left", "after_left"}


async def test_what_stands_after_an_approval_does_not_run_when_the_rejection_is_handled() -> None:
    result = await run_workflow(
        flow("""
notes: {transform: notes}
approve: {human: Publish?, show: notes.out, on_rejected: revise}
publish: {transform: "${notes.out}", after: [approve]}
announce: {transform: news, after: [publish, notes]}
revise: {transform: again}
"""),
        answers={"approve": "rejected"},
    )

    assert result.status == "done"
    reasons = {record.path: record.body.reason for record in result.records if isinstance(record.body, NodeSkipped)}
    assert reasons == {"publish": "blocked", "announce": "blocked"}
    assert result.outs["revise"] == "again"


async def test_an_unhandled_rejection_ends_the_run_denied() -> None:
    result = await run_workflow(
        flow("""
approve: {human: Publish?}
publish: {transform: published, after: [approve]}
"""),
        answers={"*": "rejected"},
    )

    assert (result.status, "publish" in result.outs) == ("denied", False)


async def test_silence_is_no_once_the_question_has_expired() -> None:
    result = await run_workflow(
        flow("""
approve: {human: Publish?, expires: 1h, on_expired: later}
publish: {transform: published, after: [approve]}
later: {transform: nobody was there}
"""),
        answers={},
    )
    assert result.status == "approval"

    clock = FakeClock(tick_ms=1)
    subject = bench(flow("approve: {human: Publish?, expires: 1h}"), clock=clock)
    run = await subject.start({})
    assert await subject.engine.advance(run) == "approval"
    row = await subject.store.row(run)
    assert row is not None
    assert row.next_timer_at > clock.now()
    clock.advance(timedelta(hours=2))
    assert await subject.engine.advance(run) == "denied"
    await subject.engine.close()


async def test_an_error_ends_the_run_failed_unless_it_is_handled() -> None:
    world = World()

    def refuse(_arguments: Mapping[str, Json]) -> None:
        raise EffectError("EF900", "the tool says no", kind="failed")

    world.on("read.get", refuse)
    call = "a: {tool: read.get, with: {}%s}"

    failed = await run_workflow(flow(call % "", head=TOOLS), tools=ScriptedTools(world))
    assert failed.status == "failed"
    ended = failed.records[-1].body
    assert isinstance(ended, RunEnded)
    assert (ended.code, ended.node) == ("EF900", "a")

    handled = await run_workflow(
        flow(
            call % ", on_error: b" + '\nb: {transform: "${a.error.message}"}\nc: {transform: c, after: [a]}', head=TOOLS
        ),
        tools=ScriptedTools(world),
    )
    assert (handled.status, handled.outs) == ("done", {"b": "the tool says no"})

    tolerated = await run_workflow(
        flow(call % ", on_error: continue" + "\nc: {transform: c, after: [a]}", head=TOOLS), tools=ScriptedTools(world)
    )
    assert (tolerated.status, tolerated.outs) == ("done_with_errors", {"c": "c"})


async def test_an_end_node_ends_the_run_early_with_its_result() -> None:
    result = await run_workflow(
        flow("""
stop: {end: done, result: "'early'"}
wait: {wait: 1h}
""")
    )

    assert (result.status, result.value) == ("done", "early")


async def test_a_quorum_goes_on_without_the_rest() -> None:
    result = await run_workflow(
        flow("""
a: {transform: a}
b: {transform: b}
slow: {human: Really?}
two: {join: [slow, a, b], wait: {quorum: 2}, reduce: list}
stop: {end: done, result: two.out, after: [two]}
""")
    )

    assert (result.status, result.value) == ("done", ["a", "b"])


async def test_a_result_that_cannot_be_made_is_a_failure() -> None:
    result = await run_workflow(
        flow("a: {transform: {x: 1}, when: 1 > 2}", result="a.out.x"),
    )

    assert result.status == "failed"


# ── maps ──

ITEMS = """
each:
  map: inputs.items
  as: x
  do:
    call: {tool: read.get, with: {x: "${x}"}}
  result: call.out
  concurrency: 2
  on_item_error: %s
"""
LIST = "inputs:\n  items: {type: [integer]}\n" + TOOLS


def odd_fails(arguments: Mapping[str, Json]) -> int:
    if arguments["x"] % 2:
        raise EffectError("EF900", f"{arguments['x']} is odd", kind="failed")
    return arguments["x"] * 10


async def test_a_map_keeps_the_order_of_its_items() -> None:
    result = await run_workflow(
        flow(ITEMS % "fail", head=LIST, result="each.out"),
        inputs={"items": [4, 2, 6, 0]},
        tools={"read.get": odd_fails},
    )

    assert (result.status, result.value) == ("done", [40, 20, 60, 0])


async def test_a_map_that_collects_goes_on_and_the_run_says_that_there_were_errors() -> None:
    result = await run_workflow(
        flow(ITEMS % "collect", head=LIST, result="each.out"),
        inputs={"items": [1, 2, 3, 4]},
        tools={"read.get": odd_fails},
    )

    assert (result.status, result.value) == ("done_with_errors", [20, 40])


async def test_a_map_that_fails_opens_no_further_item() -> None:
    world = World()
    world.on("read.get", odd_fails)

    result = await run_workflow(
        flow(ITEMS % "fail", head=LIST), inputs={"items": [1, *([2] * 50)]}, tools=ScriptedTools(world)
    )

    assert result.status == "failed"
    assert len(world.calls) <= 2


async def test_a_map_over_nothing_is_done_with_nothing() -> None:
    result = await run_workflow(
        flow(ITEMS % "fail", head=LIST, result="each.out"), inputs={"items": []}, tools={"read.get": odd_fails}
    )

    assert (result.status, result.value) == ("done", [])


async def test_no_more_items_are_open_than_the_map_allows() -> None:
    open_now, most = 0, 0

    class Counting(ScriptedModel):
        async def call(self, call: ModelCall, **rest: Any) -> Any:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            open_now -= 1
            return await super().call(call, **rest)

    result = await run_workflow(
        flow(
            "each: {map: inputs.items, as: x, do: {say: {llm: 'say ${x}'}}, concurrency: 3}",
            head="inputs:\n  items: {type: [integer]}\n",
        ),
        inputs={"items": list(range(20))},
        model=Counting(),
    )

    assert (result.status, most) == ("done", 3)


async def test_a_map_inside_a_map_names_its_nodes_by_both_items() -> None:
    result = await run_workflow(
        flow(
            """
outer:
  map: "[[1, 2], [3]]"
  as: row
  do:
    inner: {map: row, as: cell, do: {twice: {transform: "${cell * 2}"}}}
""",
            result="outer.out",
        )
    )

    assert result.value == [[2, 4], [6]]
    assert {"outer[0]/inner[1]/twice", "outer[1]/inner[0]/twice"} <= set(result.outs)


# ── trying again ──


async def test_an_attempt_is_repeated_after_a_backoff_and_each_is_recorded() -> None:
    answers = iter([EffectError("EF900", "down", kind="unavailable")] * 2)

    def flaky(_arguments: Mapping[str, Json]) -> str:
        error = next(answers, None)
        if error is not None:
            raise error
        return "up"

    result = await run_workflow(
        flow("a: {tool: read.get, with: {}, retry: {max: 3, backoff: 2s}}", head=TOOLS, result="a.out"),
        tools={"read.get": flaky},
    )

    assert (result.status, result.value) == ("done", "up")
    waits = [record.body.retry_at - record.at for record in result.records if isinstance(record.body, NodeFailed)]
    assert len(waits) == 2
    assert 900 <= waits[0] <= 2000 < 2 * 2000 >= waits[1] >= 1900
    assert sum(isinstance(record.body, EffectIntent) for record in result.records) == 3


async def test_the_other_side_is_not_asked_earlier_than_it_said() -> None:
    first = [EffectError("EF900", "busy", kind="rate_limited", retry_after_s=90)]

    def busy(_arguments: Mapping[str, Json]) -> str:
        if first:
            raise first.pop()
        return "free"

    result = await run_workflow(
        flow("a: {tool: read.get, with: {}, retry: {max: 1, backoff: 1s}}", head=TOOLS), tools={"read.get": busy}
    )

    (failed,) = [record for record in result.records if isinstance(record.body, NodeFailed)]
    assert isinstance(failed.body, NodeFailed)
    assert failed.body.retry_at - failed.at >= 89_000


async def test_what_is_not_worth_another_attempt_is_not_repeated() -> None:
    world = World()
    world.on("read.get", odd_fails)

    await run_workflow(
        flow("a: {tool: read.get, with: {x: 1}, retry: {max: 5, backoff: 1s}}", head=TOOLS), tools=ScriptedTools(world)
    )

    assert len(world.calls) == 1


async def test_a_check_that_fails_sends_the_work_back_with_what_was_wrong() -> None:
    model = ScriptedModel(["too long, far too long", "short"])

    result = await run_workflow(
        flow(
            """
write: {llm: Write.}
shout: {transform: "${write.out}!"}
check: {validate: [{check: size(shout.out) < 10, message: too long}], revise: write, max: 2}
use: {transform: "used ${shout.out}"}
""",
            result="use.out",
        ),
        model=model,
    )

    assert (result.status, result.value) == ("done", "used short!")
    assert set(result.outs) == {"write", "shout", "write~1", "shout~1", "check~1", "use"}
    asked = " ".join(message.text for message in model.calls[1].messages)
    assert "too long, far too long" in asked
    assert "too long" in asked


async def test_a_draft_that_is_still_checked_is_used_by_nobody() -> None:
    result = await run_workflow(
        flow("""
write: {transform: draft}
check: {validate: "size(write.out) > 100", revise: write, max: 1, on_error: continue}
use: {transform: "${write.out}"}
""")
    )

    assert "use" not in result.outs
    assert result.status in ("done", "done_with_errors")


async def test_a_failed_run_goes_on_from_its_failed_node_and_keeps_what_is_finished() -> None:
    world, broken = World(), [True]

    def sometimes(_arguments: Mapping[str, Json]) -> str:
        if broken[0]:
            raise EffectError("EF900", "broken", kind="failed")
        return "mended"

    world.on("read.get", sometimes)
    world.on("keyed.put", "kept")
    subject = bench(
        flow(
            "a: {tool: keyed.put, with: {}}\nb: {tool: read.get, with: {}, after: [a]}\nc: {transform: '${b.out}'}",
            head=TOOLS,
            result="c.out",
        ),
        world=world,
    )
    run = await subject.start({})
    assert await subject.settle(run, {}) == "failed"
    broken[0] = False

    await retry(subject.store, subject.ids, run, by="ada")
    status = await subject.settle(run, {})

    result = await subject.result(run, status)
    assert (status, result.value) == ("done", "mended")
    assert len(world.landed("keyed.put")) == 1
    await subject.engine.close()


async def test_a_failed_map_repeats_only_its_failed_items() -> None:
    world, broken = World(), [True]

    def sometimes(arguments: Mapping[str, Json]) -> int:
        if broken[0] and arguments["x"] == 2:
            raise EffectError("EF900", "broken", kind="failed")
        return arguments["x"]

    world.on("read.get", sometimes)
    subject = bench(flow(ITEMS % "fail", head=LIST, result="each.out"), world=world)
    run = await subject.start({"items": [1, 2, 3, 4, 5]})
    assert await subject.settle(run, {}) == "failed"
    broken[0] = False

    await retry(subject.store, subject.ids, run, by="ada")
    status = await subject.settle(run, {})

    assert (await subject.result(run, status)).value == [1, 2, 3, 4, 5]
    assert [arguments["x"] for arguments in world.landed("read.get")].count(1) == 1
    await subject.engine.close()


# ── people and signals ──


async def test_a_signal_that_came_early_is_not_lost() -> None:
    subject = bench(flow("a: {wait: 1h}\nb: {wait: {signal: paid}, after: [a]}", result="b.out"))
    run = await subject.start({})
    await subject.engine.advance(run)

    await signal(subject.store, subject.ids, run, "paid", by="shop", value={"amount": 12})
    status = await subject.settle(run, {})

    assert (status, (await subject.result(run, status)).value) == ("done", {"amount": 12})
    await subject.engine.close()


async def test_an_answer_counts_once() -> None:
    subject = bench(flow("approve: {human: May I?, show: \"'this'\"}", result="approve.out"))
    run = await subject.start({})
    assert await subject.engine.advance(run) == "approval"
    (path,) = await open_questions(subject.store, run)

    await answer(subject.store, subject.ids, run, path, verdict="approved", by="ada", channel="test")
    with pytest.raises(UsageError, match="EN011"):
        await answer(subject.store, subject.ids, run, path, verdict="rejected", by="eve", channel="test")

    status = await subject.settle(run, {})
    assert (status, (await subject.result(run, status)).value) == ("done", "this")
    await subject.engine.close()


async def test_a_tool_that_needs_approval_is_called_only_after_a_yes() -> None:
    head = TOOLS.replace("keyed: {python: scripted,", "keyed: {python: scripted, approval: required,")
    world = World()
    world.on("keyed.put", "put")
    text = flow("a: {tool: keyed.put, with: {n: 1}}", head=head, result="a.out")

    waiting = await run_workflow(text, tools=ScriptedTools(world))
    assert (waiting.status, world.calls) == ("approval", [])

    refused = await run_workflow(text, tools=ScriptedTools(world), answers={"a": "rejected"})
    assert (refused.status, world.calls) == ("denied", [])

    approved = await run_workflow(text, tools=ScriptedTools(world), answers={"a": "approved"})
    assert (approved.status, approved.value) == ("done", "put")


async def test_a_once_effect_whose_answer_was_lost_waits_for_a_person_and_is_not_repeated() -> None:
    world = World()

    def lose(_arguments: Mapping[str, Json]) -> None:
        raise EffectError("EF900", "no answer", kind="timeout", landed="unknown")

    world.on("once.send", lose)
    subject = bench(
        flow("a: {tool: once.send, with: {n: 1}, retry: {max: 3, backoff: 1s}}", head=TOOLS, result="a.out"),
        world=world,
    )
    run = await subject.start({})

    assert await subject.settle(run, {}) == "doubt"
    with pytest.raises(UsageError, match="EN012"):
        await answer(subject.store, subject.ids, run, NodePath("a"), verdict="approved", by="ada", channel="test")
    await settle_doubt(subject.store, subject.ids, run, NodePath("a"), landed=True, by="ada", reply="it is there")

    status = await subject.settle(run, {})
    assert (status, (await subject.result(run, status)).value) == ("done", "it is there")
    assert len(world.calls) == 1
    await subject.engine.close()


async def test_a_person_who_says_that_it_did_not_happen_lets_it_happen_once_more() -> None:
    world, lost = World(), [True]

    def lose_once(_arguments: Mapping[str, Json]) -> str:
        if lost.pop() if lost else False:
            raise EffectError("EF900", "no answer", kind="timeout", landed="unknown")
        return "sent"

    world.on("once.send", lose_once)
    subject = bench(flow("a: {tool: once.send, with: {n: 1}}", head=TOOLS, result="a.out"), world=world)
    run = await subject.start({})
    assert await subject.settle(run, {}) == "doubt"

    await settle_doubt(subject.store, subject.ids, run, NodePath("a"), landed=False, by="ada")

    status = await subject.settle(run, {})
    assert (status, (await subject.result(run, status)).value, len(world.calls)) == ("done", "sent", 2)
    await subject.engine.close()


# ── bounds ──


class Hanging(ScriptedModel):
    """A model that never answers, and says so from time to time."""

    def __init__(self, *, sign_every_s: float | None = None) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self._every = sign_every_s

    async def call(self, call: ModelCall, **rest: Any) -> Any:
        self.asked.set()
        while True:
            await asyncio.sleep(self._every or 60)
            rest["progress"](".")


async def test_a_node_that_takes_too_long_fails_with_kind_timeout_and_its_call_is_in_doubt() -> None:
    result = await run_workflow(flow("a: {llm: say, timeout: 30ms}"), model=Hanging())

    assert result.status == "failed"
    kinds = [(r.body.status, r.body.error_kind) for r in result.records if isinstance(r.body, EffectOutcome)]
    assert kinds == [("unknown", "cancelled")]
    (failed,) = [r.body for r in result.records if isinstance(r.body, NodeFailed)]
    assert (failed.code, failed.error_kind) == ("EN002", "timeout")


async def test_a_sign_of_life_puts_the_idle_timeout_off() -> None:
    silent = await run_workflow(flow("a: {llm: say, timeout: {total: 10s, idle: 40ms}}"), model=Hanging())
    lively = await run_workflow(
        flow("a: {llm: say, timeout: {total: 200ms, idle: 100ms}}"), model=Hanging(sign_every_s=0.01)
    )

    told = [await r.store.payload(r.run, f.error) for r in (silent, lively) for f in _failures(r.records)]
    assert b"no sign of life" in told[0]
    assert b"took longer" in told[1]


def _failures(records: Any) -> list[NodeFailed]:
    return [record.body for record in records if isinstance(record.body, NodeFailed)]


async def test_a_run_that_takes_longer_than_it_may_ends_with_limit() -> None:
    clock = FakeClock(tick_ms=1)
    subject = bench(flow("a: {wait: 1h}", head="timeout: 10m\n"), clock=clock)
    run = await subject.start({})
    assert await subject.engine.advance(run) == "timer"

    clock.advance(timedelta(minutes=11))

    assert await subject.engine.advance(run) == "limit"
    await subject.engine.close()


async def test_a_cancelled_run_stops_what_is_under_way_and_starts_nothing_more() -> None:
    model = Hanging()
    subject = bench(flow("a: {llm: say}\nb: {transform: b, after: [a]}"), model=model)
    run = await subject.start({})

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        driven = group.create_task(subject.engine.advance(run))
        await model.asked.wait()
        await cancel(subject.store, subject.ids, run, by="ada", reason="enough")

    assert driven.result() == "cancelled"
    records = await subject.store.records(run)
    kinds = [r.body.status for r in records if isinstance(r.body, EffectOutcome)]
    assert kinds == ["unknown"]
    await subject.engine.close()


async def test_a_run_that_rests_is_cancelled_by_whoever_drives_it_next() -> None:
    subject = bench(flow("a: {human: May I?}"))
    run = await subject.start({})
    assert await subject.engine.advance(run) == "approval"

    await cancel(subject.store, subject.ids, run, by="ada")

    assert await subject.engine.advance(run) == "cancelled"
    assert await subject.engine.advance(run) is None
    await subject.engine.close()


async def test_a_worker_whose_run_was_taken_over_stops_and_writes_nothing_more() -> None:
    clock = FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock)
    compiled = compile_text(flow("a: {llm: say}"))
    frozen = Hanging()

    def worker(model: ScriptedModel) -> Bench:
        return Bench(compiled, store=store, model=model, tools=ScriptedTools(), clock=clock, ids=SystemIds())

    first = worker(frozen)
    run = await first.start({})
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        driven = group.create_task(first.engine.advance(run))
        await frozen.asked.wait()
        # the same worker id stands for an owner that the store takes for dead
        second = Bench(
            compiled,
            store=store,
            model=ScriptedModel(["said"]),
            tools=ScriptedTools(),
            clock=clock,
            ids=SystemIds(),
            worker=first.worker,
        )
        assert await second.engine.advance(run) == "done"
        driven.cancel()

    records = await store.records(run)
    assert isinstance(records[-1].body, RunEnded)
    assert [record.body.status for record in records if isinstance(record.body, RunEnded)] == ["done"]
    await first.engine.close()
    await second.engine.close()


async def test_a_clock_that_jumps_back_delays_nothing_that_was_done() -> None:
    clock = FakeClock(tick_ms=1)
    subject = bench(flow("a: {wait: 1h}\nb: {transform: b, after: [a]}"), clock=clock)
    run = await subject.start({})
    await subject.engine.advance(run)

    clock.jump(timedelta(days=-1))
    assert await subject.engine.advance(run) == "timer"
    clock.jump(timedelta(days=2))

    assert await subject.engine.advance(run) == "done"
    times = [record.at for record in await subject.store.records(run)]
    assert times == sorted(times)
    await subject.engine.close()


async def test_a_defect_of_a_node_type_fails_its_node_and_not_the_worker() -> None:
    class Broken(ScriptedModel):
        async def choose(self, call: ModelCall) -> Any:
            msg = f"no model for {len(call.messages)} messages"
            raise RuntimeError(msg)

    result = await run_workflow(flow("a: {llm: say}"), model=Broken())

    (failed,) = _failures(result.records)
    assert (result.status, failed.code, failed.error_kind) == ("failed", "EN001", "internal")


async def test_inputs_are_checked_before_anything_starts() -> None:
    text = flow("a: {transform: a}", head="inputs:\n  n: {type: integer}\n  m: {type: text, default: m}\n")

    with pytest.raises(UsageError, match="EN010: input `n` is missing"):
        await run_workflow(text)
    with pytest.raises(UsageError, match="EN010: workflow has no input `x`"):
        await run_workflow(text, inputs={"n": 1, "x": 2})
    with pytest.raises(UsageError, match="EN010: input `n`: 'one' is not of type"):
        await run_workflow(text, inputs={"n": "one"})


@pytest.mark.slow
async def test_ten_thousand_items_cost_what_their_edges_cost() -> None:
    result = await run_workflow(
        flow(
            "each: {map: inputs.items, as: x, do: {twice: {transform: '${x * 2}'}}, concurrency: 16}",
            head="inputs:\n  items: {type: [integer]}\n",
            result="each.out",
        ),
        inputs={"items": list(range(10_000))},
    )

    assert result.value == [2 * x for x in range(10_000)]
    (forked,) = [record.body for record in result.records if isinstance(record.body, NodeForked)]
    assert forked.count == 10_000


@pytest.mark.slow
async def test_fifty_megabytes_pass_through_a_run_unchanged() -> None:
    text = "é" * 25_000_000

    result = await run_workflow(
        flow("a: {tool: read.get, with: {}}\nb: {transform: '${a.out}'}", head=TOOLS, result="size(b.out)"),
        tools={"read.get": text},
    )

    assert (result.status, result.value) == ("done", 25_000_000)
    assert result.outs["b"] == text
