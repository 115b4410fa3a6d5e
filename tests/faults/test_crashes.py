"""Kill a run at every commit and around every effect: it ends as if nobody had.

Random workflows over all node types, in a world where effects succeed, fail, refuse the first call, or lose their
answer; for each, one run per fault point. `FAULT_EXAMPLES` sets how many workflows are drawn (`make deep`: many).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from podium.testing.drill import Drill, Fate
from podium.testing.running import compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(7200)]

HEAD = """podium: 1
name: drill
inputs:
  n: {type: integer}
tools:
  read: {python: scripted, effect: read, delivery: repeatable}
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once}
nodes:
"""
AGAIN = "retry: {max: 3, backoff: 1s, on: [timeout, unavailable, failed]}"
AGAIN_ONCE = "retry: {max: 3, backoff: 1s, on: [unavailable, failed]}"
CALLS = {"read.get": AGAIN, "keyed.put": AGAIN, "once.send": AGAIN_ONCE}


@st.composite
def node(draw: st.DrawFn, index: int) -> str:
    """One node that may build on those before it."""
    name = f"n{index}"
    earlier = [f"n{i}" for i in range(index)]
    after = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
    tail = f", after: [{', '.join(after)}]" if after else ""
    if draw(st.booleans()):
        tail += ", on_error: continue"
    if draw(st.integers(0, 5)) == 0:
        tail += ", when: inputs.n > 1"
    kinds = ["tool", "tool", "tool", "transform", "llm", "map", "wait", "human", "switch", "validate"]
    if len(earlier) > 1:
        kinds += ["join", "join"]
    match draw(st.sampled_from(kinds)):
        case "tool":
            call = draw(st.sampled_from(sorted(CALLS)))
            return f'{name}: {{tool: {call}, with: {{n: "{index}"}}, {CALLS[call]}{tail}}}'
        case "transform":
            return f'{name}: {{transform: {{a: "${{inputs.n + {index}}}"}}{tail}}}'
        case "llm":
            return f"{name}: {{llm: say {index}{tail}}}"
        case "map":
            call = draw(st.sampled_from(sorted(CALLS)))
            policy = draw(st.sampled_from(["fail", "collect", "{max_failed: 1}"]))
            size = draw(st.integers(0, 3))
            items = "[" + ", ".join(str(10 * (index + 1) + i) for i in range(size)) + "]"
            body = f'do: {{call: {{tool: {call}, with: {{n: "${{string(x)}}"}}, {CALLS[call]}}}}}'
            concurrency = draw(st.integers(1, 3))
            return (
                f'{name}: {{map: "{items}", as: x, {body}, concurrency: {concurrency}, on_item_error: {policy}{tail}}}'
            )
        case "wait":
            return f"{name}: {{wait: 10s{tail}}}"
        case "human":
            return f"{name}: {{human: May it go on?{tail}}}"
        case "switch":
            case_a, case_b = f"{name}_a", f"{name}_b"
            threshold = draw(st.integers(0, 2))
            return (
                f"{name}: {{switch: [{{when: inputs.n > {threshold}, then: {case_a}}}], else: {case_b}{tail}}}\n"
                f'  {case_a}: {{tool: keyed.put, with: {{n: "{index}"}}, {AGAIN}}}\n'
                f"  {case_b}: {{transform: b}}\n"
                f"  {name}_m: {{join: [{case_a}, {case_b}], reduce: list}}"
            )
        case "validate":
            limit = draw(st.sampled_from([3, 1000]))
            return (
                f"{name}: {{llm: draft {index}{tail}}}\n"
                f'  {name}_m: {{transform: "${{{name}.out}}!"}}\n'
                f"  {name}_v: {{validate: size({name}_m.out) > {limit}, revise: {name}, max: 2, on_error: continue}}\n"
                f"  {name}_u: {{transform: used, after: [{name}_m]}}"
            )
        case _:
            sources = draw(st.lists(st.sampled_from(earlier), min_size=2, max_size=3, unique=True))
            wait = draw(st.sampled_from(["all", "any", "{quorum: 2}"]))
            return f"{name}: {{join: [{', '.join(sources)}], wait: {wait}, reduce: list, on_error: continue}}"


@st.composite
def drills(draw: st.DrawFn) -> tuple[str, dict[str, Fate]]:
    """A workflow, and the fates of its effects."""
    count = draw(st.integers(2, 6))
    text = HEAD + "".join(f"  {draw(node(index))}\n" for index in range(count))
    numbers = [str(i) for i in range(count)] + [str(10 * (i + 1) + j) for i in range(count) for j in range(3)]
    fates: list[Fate] = ["ok", "ok", "ok", "flaky", "lost", "fails"]
    return text, {number: draw(st.sampled_from(fates)) for number in numbers}


@settings(
    max_examples=int(os.environ.get("FAULT_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(drill=drills())
async def test_a_run_killed_anywhere_ends_as_if_it_had_not_been(
    drill: tuple[str, dict[str, Fate]], tally: Counter[str]
) -> None:
    text, fates = drill
    note(text)
    subject = Drill(compile_text(text), fates=fates)

    calm = await subject.run()

    tally["workflows"] += 1
    for point in range(1, calm.plan.passed + 1):
        killed = await subject.run(kill_at=point)
        note(f"killed at {point}: {killed.plan.hit}")
        if not killed.plan.hit:
            assert point > calm.plan.passed // 2
            break  # what is committed together is a matter of time: this run had fewer points
        tally[killed.plan.hit] += 1
        assert killed.final.agrees_with(calm.final), (killed.final, calm.final)
