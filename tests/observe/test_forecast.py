"""What runs have used, and what that says of the next one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from podium.effects.safeguards import Safeguards
from podium.gate.price import Price
from podium.node.calls import Usage as Tokens
from podium.observe.forecast import History, Spread, history, percentile
from podium.observe.usage import Usage, UsageFold
from podium.spec.amounts import NANO, Amounts
from podium.testing import FakeClock, Said, ScriptedModel, run_workflow

WORK = """podium: 1
name: work
tools: {pay: {python: scripted, effect: write, delivery: keyed, cost: {usd: 1, energy: 2Wh}}}
nodes:
  told: {llm: Say it., max_tokens: 100}
  ask: {human: Well?, after: [told]}
  paid: {tool: pay.now, with: {}, after: [ask]}
"""


def model() -> ScriptedModel:
    return ScriptedModel(answer=lambda _: Said(text="yes", usage=Tokens(input_tokens=7, output_tokens=3)))


async def used(price: Price | None) -> Usage:
    result = await run_workflow(
        WORK,
        model=model(),
        tools={"pay.now": "paid"},
        answers={"*": "approved"},
        clock=FakeClock(),
        safeguards=Safeguards(price=lambda _: price),
    )
    fold = UsageFold()
    fold.add_all(result.records)
    assert fold.usage.ms > 0
    return replace(fold.usage, ms=0)


@pytest.mark.anyio
async def test_a_run_has_used_what_its_calls_have_used() -> None:
    price = Price(input=NANO * 1_000_000, output=NANO * 2_000_000, energy=1_000_000)

    assert await used(price) == Usage(
        used=Amounts(tokens=10, nano_usd=14 * NANO, calls=2, micro_wh=2_000_010), output_tokens=3, approvals=1
    )


@pytest.mark.anyio
async def test_what_nobody_knows_is_counted_apart() -> None:
    assert await used(None) == Usage(
        used=Amounts(tokens=10, nano_usd=NANO, calls=2, micro_wh=2_000_000),
        output_tokens=3,
        unpriced=1,
        unmetered=1,
        approvals=1,
    )


def run(tokens: int, *, unpriced: int = 0) -> Usage:
    return Usage(used=Amounts(tokens=tokens, calls=1), unpriced=unpriced)


def test_runs_of_the_same_version_count_where_there_are_enough() -> None:
    same, others = [run(10) for _ in range(5)], [run(1_000) for _ in range(95)]

    found, mixed = history(same, others), history(same[:4], others)

    assert found is not None
    assert mixed is not None
    assert (found.runs, found.same_version, found.tokens) == (5, True, Spread(10, 10))
    assert (mixed.runs, mixed.same_version, mixed.tokens) == (99, False, Spread(1_000, 1_000))


def test_what_is_not_known_of_one_run_is_not_known_of_them_all() -> None:
    found = history([run(10), run(20, unpriced=1)], [])

    none = Spread(0, 0)
    assert found == History(
        runs=2,
        same_version=True,
        tokens=Spread(10, 20),
        nano_usd=Spread(None, None),
        calls=Spread(1, 1),
        micro_wh=none,
        approvals=none,
        ms=none,
    )


def test_nothing_is_known_where_nothing_has_run() -> None:
    assert history([], []) is None


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50).map(sorted), st.integers(1, 100))
def test_so_many_in_a_hundred_do_not_pass_a_percentile(values: list[int], percent: int) -> None:
    found = percentile(values, percent)

    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)
