"""Budgets that runs share, with the real engine: many at once, killed on the way, started by one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from podium.effects.safeguards import Safeguards
from podium.engine.control import answer, open_questions
from podium.gate.price import Price
from podium.gate.sharing import Match, SharedRule
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.accounts import Account
from podium.ledger.record import EffectIntent, EffectOutcome, NodeParked
from podium.ledger.store import RunStore
from podium.ledger.verify import verify
from podium.node.calls import Usage
from podium.spec.amounts import NANO, NOTHING, Amounts, Limits
from podium.testing import FakeClock, MemoryStore, Said, ScriptedModel, ScriptedTools
from podium.testing.faults import FaultPlan, Killed
from podium.testing.running import Bench, compile_text

pytestmark = pytest.mark.anyio

ASK = """podium: 1
name: asks
nodes:
  talk: {llm: Say something., max_tokens: 100}
result: talk.out
"""

DOLLAR_A_TOKEN = Price(output=NANO * 1_000_000)


def said(tokens: int) -> ScriptedModel:
    return ScriptedModel(answer=lambda _: Said(text="yes", usage=Usage(input_tokens=0, output_tokens=tokens)))


def rule(limits: Limits, **more: Any) -> Safeguards:
    shared = SharedRule(name="team", limits=limits, period="total", **more)
    return Safeguards(price=lambda _: DOLLAR_A_TOKEN, budgets=(shared,))


def bench(safeguards: Safeguards, *, text: str = ASK, model: ScriptedModel | None = None, store: RunStore) -> Bench:
    clock = store._clock if isinstance(store, MemoryStore) else FakeClock(tick_ms=1)  # pyright: ignore[reportPrivateUsage] - one clock for both
    return Bench(
        compile_text(text),
        store=store,
        model=model or said(100),
        tools=ScriptedTools({"pay.now": "paid"}),
        clock=clock,
        ids=SystemIds(),
        safeguards=safeguards,
    )


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    opened = MemoryStore(clock=FakeClock(tick_ms=1))
    yield opened
    await opened.close()


async def account(store: RunStore, name: str = "team/total") -> Account:
    return next((found for found in await store.accounts() if found.id == name), Account(id=name))


@pytest.mark.parametrize("used", [100, 37, 0])
async def test_200_runs_at_once_do_not_pass_a_budget_by_more_than_one_call(store: MemoryStore, used: int) -> None:
    world = bench(rule(Limits(tokens=2_000)), model=said(used), store=store)
    runs = [await world.start({}) for _ in range(200)]

    statuses = await asyncio.gather(*(world.settle(run, {}) for run in runs))

    largest = await _largest(store, runs)
    assert await _most_at_once(store, runs) <= 2_000 + largest
    total = await account(store)
    assert (total.used.tokens, total.held) == (statuses.count("done") * used, NOTHING)
    assert total.used.tokens <= 2_000
    assert set(statuses) <= {"done", "limit"}
    assert statuses.count("done") == (200 if not used else total.used.tokens // used)
    assert (await verify(store)).intact
    await world.engine.close()


async def test_a_run_that_is_killed_anywhere_leaves_the_budget_as_its_records_say() -> None:
    points = (await _killed(0)).passed
    assert points > 10
    for point in range(1, points + 1):
        await _killed(point)


async def _killed(point: int) -> FaultPlan:
    """Run two runs on one budget, kill the process at a point, go on, and look at the budget."""
    plan, clock = FaultPlan(at=point), FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock, faults=plan)
    runs = [RunId("rfirst0000000"), RunId("rsecond000000")]
    safeguards = rule(Limits(tokens=1_000))
    world = bench(safeguards, store=store, model=said(30))
    try:
        await _drive(world, runs)
    except (Killed, BaseExceptionGroup):
        await _close(world)
        store = store.crashed()
        world = bench(safeguards, store=store, model=said(30))
        await _drive(world, runs)
    finally:
        await _close(world)

    total = await account(store)
    attempts = [record.body for run in runs for record in await store.records(run)]
    lost = sum(isinstance(body, EffectIntent) for body in attempts) - 2
    # a call that nobody knows the end of stays charged with the most that it can be
    most = 100 + len(b"Say something.") + 16
    assert total.used == Amounts(tokens=60 + lost * most, nano_usd=(60 + lost * 100) * NANO, calls=2 + lost)
    assert total.held == NOTHING
    assert (await verify(store)).intact
    await store.close()
    return plan


async def _drive(world: Bench, runs: list[RunId]) -> None:
    for run in runs:
        if await world.store.row(run) is None:
            await world.start({}, run=run)
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(world.settle(run, {}))


async def _close(world: Bench) -> None:
    with suppress(Killed):  # the listener is a part of the dead process
        await world.engine.close()


async def test_settled_spending_ends_a_run_at_its_limit_and_says_which_budget(store: MemoryStore) -> None:
    world = bench(rule(Limits(nano_usd=150 * NANO)), store=store)
    first, second = await world.start({}), await world.start({})

    assert [await world.settle(run, {}) for run in (first, second)] == ["done", "limit"]
    assert (await account(store)).used.nano_usd == 100 * NANO
    await world.engine.close()


async def test_only_what_fits_counts(store: MemoryStore) -> None:
    world = bench(rule(Limits(tokens=0), match=Match(workflow=("other",))), store=store)

    assert await world.settle(await world.start({}), {}) == "done"
    assert await store.accounts() == ()
    await world.engine.close()


async def test_a_person_may_let_a_call_pass_a_budget_that_asks(store: MemoryStore) -> None:
    world = bench(rule(Limits(tokens=50), on_limit="ask"), store=store)
    run = await world.start({})

    assert await world.settle(run, {}) == "approval"
    assert list(await open_questions(store, run)) == ["talk"]
    await answer(store, SystemIds(), run, NodePath("talk"), verdict="approved", by="ann", channel="test")
    assert await world.settle(run, {}) == "done"
    assert (await account(store)).used.tokens == 100
    await world.engine.close()


BOTH = """podium: 1
name: both
tools: {pay: {python: scripted, effect: write, delivery: keyed, approval: required, cost: {usd: 1}}}
nodes: {talk: {tool: pay.now, with: {}}}
"""


async def test_who_lets_a_call_pass_a_budget_has_agreed_to_the_call_as_well(store: MemoryStore) -> None:
    world = bench(rule(Limits(calls=0), on_limit="ask"), text=BOTH, store=store)
    run = await world.start({})

    assert await world.settle(run, {"*": "approved"}) == "done"
    assert (await account(store)).used == Amounts(nano_usd=NANO, calls=1)
    asked = [record for record in await world.history(run) if isinstance(record.body, NodeParked)]
    assert len(asked) == 2
    await world.engine.close()


async def test_a_no_to_passing_a_budget_ends_it(store: MemoryStore) -> None:
    world = bench(rule(Limits(calls=0), on_limit="ask"), store=store)

    assert await world.settle(await world.start({}), {"*": "rejected"}) == "denied"
    assert await store.accounts() == ()
    await world.engine.close()


async def test_a_model_whose_price_nobody_knows_is_denied_where_money_is_limited(store: MemoryStore) -> None:
    shared = SharedRule(name="team", limits=Limits(nano_usd=NANO))
    world = bench(Safeguards(budgets=(shared,)), store=store)

    assert await world.settle(await world.start({}), {}) == "denied"
    await world.engine.close()


async def test_where_it_is_allowed_its_calls_are_counted_as_unknown(store: MemoryStore) -> None:
    shared = SharedRule(name="team", limits=Limits(nano_usd=NANO), allow_unknown=True)
    world = bench(Safeguards(budgets=(shared,)), store=store)

    assert await world.settle(await world.start({}), {}) == "done"
    found = await account(store)
    assert (found.used, found.unpriced, found.unmetered) == (Amounts(tokens=100, calls=1), 1, 1)
    await world.engine.close()


CHILDREN = """podium: 1
name: parent
budget: {tokens: 250, detached: %s}
flows:
  child:
    podium: 1
    name: child
    nodes: {talk: {llm: Say something., max_tokens: 100}}
nodes:
  mine: {llm: Say something., max_tokens: 100}
  theirs: {map: "[1, 2]", do: {begin: {subflow: child, detached: true}}, after: [mine]}
"""


@pytest.mark.parametrize(("declared", "expected"), [("true", ["done", "limit"]), ("false", ["done", "done"])])
async def test_runs_that_a_run_starts_count_where_it_says_so(
    store: MemoryStore, declared: str, expected: list[str]
) -> None:
    world = bench(Safeguards(price=lambda _: Price()), text=CHILDREN % declared, store=store)
    parent = await world.start({})
    assert await world.settle(parent, {}) == "done"

    children = [row.id for row in await store.rows() if row.parent == parent]
    statuses = sorted([await _child(store, run) for run in children])

    assert statuses == expected
    if declared == "true":
        assert (await account(store, f"run/{parent}")).used.tokens == 200
    assert (await verify(store)).intact
    await world.engine.close()


async def _child(store: RunStore, run: RunId) -> str:
    text = CHILDREN.partition("  child:\n")[2].partition("nodes:\n  mine")[0]
    child = bench(
        Safeguards(price=lambda _: Price()), text="\n".join(line[4:] for line in text.splitlines()), store=store
    )
    await store.alive(child.worker)
    try:
        return await child.settle(run, {})
    finally:
        await child.engine.close()


UNDOES = """podium: 1
name: undoes
tools: {pay: {python: scripted, effect: write, delivery: keyed, cost: {usd: 1}}}
nodes:
  book: {tool: pay.now, with: {}, compensate: {tool: pay.now, with: {}}}
  fails: {validate: "false", after: [book]}
"""


async def test_what_undoes_something_may_pass_a_budget_and_is_counted(store: MemoryStore) -> None:
    world = bench(rule(Limits(calls=1)), text=UNDOES, store=store)

    assert await world.settle(await world.start({}), {}) == "failed"
    assert (await account(store)).used == Amounts(nano_usd=2 * NANO, calls=2)
    await world.engine.close()


async def _largest(store: RunStore, runs: list[RunId]) -> int:
    intents = [record.body for run in runs for record in await store.records(run)]
    return max(body.reservation.tokens for body in intents if isinstance(body, EffectIntent) and body.reservation)


async def _most_at_once(store: RunStore, runs: list[RunId]) -> int:
    """Return the most that was used and held at any moment, by the times of the records."""
    moments: list[tuple[int, int, int]] = []
    for run in runs:
        held = 0
        for record in await store.records(run):
            match record.body:
                case EffectIntent(reservation=reservation) if reservation is not None:
                    held = reservation.tokens
                    moments.append((record.at, 1, held))
                case EffectOutcome(output_tokens=tokens):
                    moments.append((record.at, 0, tokens - held))
                case _:
                    continue
    now = most = 0
    for _, _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most
