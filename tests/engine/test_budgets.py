"""Budgets of runs and scopes: shared by everything inside, reserved before a call, settled after it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from podium.building.types import with_declared
from podium.engine.fold import fold
from podium.errors import EffectError
from podium.ids import NodePath, SystemIds
from podium.ledger.record import EffectIntent, EffectOutcome
from podium.node import Context, Done, Message, ModelCall, NodeConfig, Values
from podium.node.calls import Usage
from podium.spec.amounts import NOTHING
from podium.testing import FakeClock, MemoryStore, Said, ScriptedModel, ScriptedTools, run_workflow
from podium.testing.running import Bench, compile_text

pytestmark = pytest.mark.anyio


def model(tokens: int) -> ScriptedModel:
    """A model that uses so many tokens for each answer."""
    return ScriptedModel(answer=lambda _call: Said(text="yes", usage=Usage(input_tokens=0, output_tokens=tokens)))


SCOPE = """podium: 1
name: frugal
nodes:
  talk:
    scope:
      each: {map: "[1, 2, 3, 4]", do: {ask: {llm: "${item}", max_tokens: 100}}, concurrency: 4, on_item_error: collect}
    result: each.out
    budget: {tokens: 250}
result: talk.out
"""


async def test_what_is_inside_a_scope_shares_its_budget() -> None:
    result = await run_workflow(SCOPE, model=model(100))

    assert (result.status, result.value) == ("done_with_errors", ["yes", "yes"])


async def test_calls_wait_for_reservations_that_turn_out_smaller() -> None:
    result = await run_workflow(SCOPE, model=model(10))

    assert (result.status, result.value) == ("done", ["yes"] * 4)


async def test_at_no_time_more_is_reserved_than_allowed() -> None:
    result = await run_workflow(SCOPE, model=model(10))

    held, used, most = dict[str, int](), 0, 0
    for record in result.records:
        match record.body:
            case EffectIntent(id=key, reservation=reservation) if reservation is not None:
                held[key] = reservation.tokens
            case EffectOutcome(id=key, output_tokens=tokens):
                used += tokens
                del held[key]
            case _:
                continue
        most = max(most, sum(held.values()) + used)
    assert most <= 250


async def test_a_run_that_has_used_up_its_budget_ends_limit() -> None:
    result = await run_workflow(
        """podium: 1
name: frugal
budget: {tokens: 150}
nodes:
  first: {llm: one, max_tokens: 100}
  second: {llm: two, max_tokens: 100, after: [first]}
result: second.out
""",
        model=model(100),
    )

    assert result.status == "limit"


async def test_a_limit_can_be_caught() -> None:
    result = await run_workflow(
        """podium: 1
name: frugal
nodes:
  talk:
    scope:
      first: {llm: one, max_tokens: 100}
      second: {llm: two, max_tokens: 100, after: [first]}
    result: second.out
    budget: {tokens: 150}
    catch: [{on: [limit], do: {short: {transform: "${error.code}"}}}]
result: talk.out
""",
        model=model(100),
    )

    assert (result.status, result.value) == ("done", "GA005")


class Thrifty(NodeConfig):
    thrifty: str


class ThriftyNode:
    """Tells what is left before and after it has asked a model."""

    type: ClassVar[str] = "thrifty"
    config: ClassVar[type[NodeConfig]] = Thrifty

    async def run(self, ctx: Context, config: Thrifty, values: Values) -> Done:
        before = ctx.budget_left()
        await ctx.call_model(ModelCall(messages=(Message(role="user", text=config.thrifty),), max_tokens=100))
        after = ctx.budget_left()
        return Done([before.tokens, after.tokens, before.calls, after.calls, after.nano_usd])


async def test_a_node_can_see_what_is_left() -> None:
    nodes, store = with_declared([ThriftyNode()]), MemoryStore(clock=(clock := FakeClock(tick_ms=1)))
    text = """podium: 1
name: thrifty
budget: {tokens: 1000, calls: 5}
nodes: {left: {thrifty: ask, budget: {tokens: 300}}}
result: left.out
"""
    world = Bench(
        compile_text(text, nodes=nodes),
        store=store,
        model=model(60),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
        declared=[ThriftyNode()],
    )
    run = await world.start({})
    status = await world.settle(run, {})

    assert (status, (await world.result(run, status)).value) == ("done", [300, 240, 5, 4, None])
    await world.engine.close()
    await store.close()


NODE = """podium: 1
name: frugal
tools: {maps: {python: scripted, effect: read, delivery: repeatable, cost: {usd: 0.02, energy: 5mWh}}}
nodes:
  find:
    map: "[1, 2, 3, 4]"
    concurrency: 1
    on_item_error: collect
    do: {ask: {tool: maps.find, with: {n: "${item}"}}}
    budget: %s
result: size(find.out)
"""


@pytest.mark.parametrize(
    ("budget", "found"),
    [
        ("{usd: 0.05}", 2),
        ("{usd: 0}", 0),
        ("{calls: 3}", 3),
        ("{energy: 12mWh}", 2),
        ("{usd: 1, per_call: {usd: 0.01}}", 0),
        ("{usd: 1, per_call: {usd: 0.02}}", 4),
    ],
)
async def test_a_node_may_have_a_budget_of_its_own(budget: str, found: int) -> None:
    result = await run_workflow(NODE % budget, tools={"maps.find": "here"})

    assert (result.status, result.value) == ("done" if found == 4 else "done_with_errors", found)


def refuses(_: object) -> None:
    raise EffectError("EF900", "no", kind="failed")


async def test_retries_and_fallbacks_count_against_the_budget_of_their_node() -> None:
    result = await run_workflow(
        """podium: 1
name: frugal
tools: {maps: {python: scripted, effect: read, delivery: repeatable}}
nodes:
  find:
    tool: maps.find
    with: {}
    retry: {max: 2, backoff: 1s, on: [failed]}
    fallback: [{tool: maps.find, with: {n: "1"}}, {tool: maps.find, with: {n: "2"}}]
    budget: {calls: 4}
    on_limit: enough
  enough: {transform: enough}
result: enough.out
""",
        tools={"maps.find": refuses},
    )

    calls = sum(isinstance(record.body, EffectIntent) for record in result.records)
    assert (result.status, result.value, calls) == ("done", "enough", 4)


async def test_what_a_run_has_used_is_the_same_in_every_process() -> None:
    store = MemoryStore(clock=(clock := FakeClock(tick_ms=1)))
    world = Bench(
        compile_text(SCOPE), store=store, model=model(100), tools=ScriptedTools(), clock=clock, ids=SystemIds()
    )
    run = await world.start({})
    assert await world.settle(run, {}) == "done_with_errors"

    records = await world.history(run)
    state = fold(run, world.compiled.graph, records)

    (scope,) = state.nodes[NodePath("talk")].items
    assert scope.meter is not None
    assert (scope.meter.used.tokens, scope.meter.open, scope.meter.held) == (200, NOTHING, {})
    await world.engine.close()
    await store.close()
