"""The most that a run can use: read off the graph, never passed by a run."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.app.nodes import shipped_nodes
from podium.gate.price import Price
from podium.observe.bound import UNBOUNDED, Bound, bound, known_types
from podium.observe.usage import UsageFold
from podium.spec.amounts import NANO
from podium.testing import run_workflow
from podium.testing.random_workflows import random_workflow, random_world
from podium.testing.running import compile_text
from podium.testing.scripted import ScriptedModel

CENT = Price(output=10 * NANO)
"""A cent for a thousand tokens of the answer."""


def most(nodes: str, *, price: Price | None = CENT, rest: str = "") -> Bound:
    return bound(compile_text(f"podium: 1\nname: w\n{rest}nodes:\n{nodes}"), price=price)


TOOLS = "tools: {t: {python: scripted, effect: read, delivery: keyed, cost: {usd: 0.5, energy: 1Wh}}}\n"


def test_a_model_is_asked_as_often_as_repairs_and_retries_allow() -> None:
    found = most("  a: {llm: x, max_tokens: 100, repair: 1, retry: {max: 2}}\n")

    assert found == Bound(
        calls=6, model_calls=6, output_tokens=600, nano_usd=6 * NANO // 1000, micro_wh=None, approvals=0
    )


def test_items_rounds_and_fallbacks_are_counted_as_often_as_there_may_be_any() -> None:
    nodes = """
  a: {map: "[1]", max_items: 10, do: {b: {tool: t.f, with: {}, retry: {max: 0}}}}
  c: {loop: {d: {tool: t.f, with: {}, retry: {max: 1}}}, max: 3}
  e: {tool: t.f, with: {}, retry: {max: 0}, fallback: [{tool: t.f, with: {}, retry: {max: 0}}]}
"""
    found = most(nodes, rest=TOOLS)

    assert (found.calls, found.nano_usd, found.micro_wh) == (18, 9 * NANO, 18_000_000)


def test_what_is_sent_back_to_work_is_done_once_more_for_each_round() -> None:
    nodes = """
  a: {tool: t.f, with: {}, retry: {max: 0}}
  b: {tool: t.f, with: {x: "${a.out}"}, retry: {max: 0}}
  c: {validate: "b.out != null", revise: a, max: 2}
  d: {tool: t.f, with: {}, retry: {max: 0}, after: [c]}
"""
    assert most(nodes, rest=TOOLS).calls == 7


def test_of_several_catches_one_runs_and_what_comes_at_the_end_always_does() -> None:
    nodes = """
  a:
    scope: {b: {tool: t.f, with: {}, retry: {max: 0}, compensate: {tool: t.f, with: {}, retry: {max: 0}}}}
    catch: [{on: [limit], do: {x: {tool: t.f, with: {}, retry: {max: 0}}}}, {do: {y: {human: Well?}}}]
    finally: {z: {tool: t.f, with: {}, retry: {max: 0}}}
"""
    found = most(nodes, rest=TOOLS)

    assert (found.calls, found.approvals) == (4, 1)


def test_people_are_asked_by_nodes_grants_and_handlers() -> None:
    nodes = """
  a: {human: Well?}
  b: {tool: t.f, with: {}, retry: {max: 0}, on_error: ask}
"""
    rest = "tools: {t: {python: scripted, effect: read, delivery: keyed, approval: required}}\n"

    assert most(nodes, rest=rest).approvals == 3


def test_what_nobody_knows_stays_unknown() -> None:
    found = most("  a: {llm: x, max_tokens: 100}\n", price=None)

    assert (found.nano_usd, found.micro_wh, found.prompts_cost) == (None, None, True)


def test_every_node_type_that_is_shipped_is_known() -> None:
    assert set(shipped_nodes()) <= known_types() | {"thrifty"}
    assert UNBOUNDED.times(0) == Bound()


@pytest.mark.anyio
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
async def test_no_run_of_a_workflow_passes_its_bound(seed: int) -> None:
    compiled = compile_text(random_workflow(Random(seed)))
    limit, fold = bound(compiled, price=CENT), UsageFold()

    result = await run_workflow(compiled, tools=random_world(), answers={"*": "approved"})

    fold.add_all(result.records)
    usage = fold.usage
    assert limit.calls is not None
    assert limit.output_tokens is not None
    assert limit.approvals is not None
    assert usage.used.calls <= limit.calls
    assert usage.output_tokens <= limit.output_tokens
    assert usage.approvals <= limit.approvals


JUDGED = """  one: {llm: x, output: {city: text, zip: text}, max_tokens: 10, retry: {max: 0}}
  two: {llm: y, output: {city: text, land: text}, max_tokens: 10, retry: {max: 0}}
  both: {join: [one, two], reduce: REDUCE, on_conflict: judge, judge: Which one?, retry: {max: 0}}
"""


@pytest.mark.parametrize(("reduce", "differ"), [("agree", 1), ("vote", 1), ("merge", 3)])
def test_a_judge_is_asked_three_times_about_all_that_can_differ(reduce: str, differ: int) -> None:
    found = most(JUDGED.replace("REDUCE", reduce))
    asked = 2 * (1 + 2) + 3 * differ

    assert (found.calls, found.model_calls, found.output_tokens) == (asked, asked, 6 * 10 + 3 * differ * 1024)


@pytest.mark.parametrize(
    "unknown", ["{llm: x}", "{llm: x, output: {city: text}, default: {town: x}}", "{transform: x}"]
)
def test_how_much_can_differ_in_values_of_no_known_form_is_unknown(unknown: str) -> None:
    nodes = f"  one: {unknown}\n  both: {{join: [one], reduce: merge, on_conflict: judge, judge: Which?}}\n"

    assert most(nodes).calls is None


@pytest.mark.anyio
async def test_no_judge_is_asked_more_often_than_the_bound() -> None:
    text = "podium: 1\nname: w\nnodes:\n" + JUDGED.replace("REDUCE", "merge")
    model = ScriptedModel(['{"city": "a", "zip": "1"}', '{"city": "b", "land": "2"}', *['{"choice": 7}'] * 9])
    result = await run_workflow(text, model=model)

    fold = UsageFold()
    fold.add_all(result.records)
    most_calls = bound(compile_text(text), price=CENT).calls
    assert most_calls is not None
    assert result.status == "failed"
    assert 2 < fold.usage.used.calls <= most_calls
