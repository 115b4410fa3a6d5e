"""Budgets of runs and scopes: shared by everything inside, reserved before a call, settled after it."""

from __future__ import annotations

import pytest

from podium.ledger.record import EffectIntent, EffectOutcome
from podium.node.calls import Usage
from podium.testing import Said, ScriptedModel, run_workflow

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
