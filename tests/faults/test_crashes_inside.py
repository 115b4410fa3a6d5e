"""Kill a run at every commit and around every effect, for what stands inside nodes and for what is undone.

Random workflows of scopes, loops, sub-workflows, maps, fallbacks and compensations. Beside ending as if nobody had been
killed, whatever a failed run or scope had completed and can undo must have been undone, or its failure reported.
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
tools: &tools
  read: {python: scripted, effect: read, delivery: repeatable}
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once}
flows:
  inner:
    podium: 1
    name: inner
    inputs: {m: {type: text}}
    tools:
      keyed: {python: scripted, effect: write, delivery: keyed}
    nodes:
      first:
        tool: keyed.put
        with: {n: "${inputs.m}"}
        retry: {max: 2, backoff: 1s, on: [timeout, unavailable]}
        compensate:
          tool: keyed.undo
          with: {n: "u${inputs.m}"}
          retry: {max: 2, backoff: 1s, on: [timeout, unavailable]}
      second: {transform: "${inputs.m}!", after: [first]}
    result: second.out
nodes:
"""
AGAIN = "retry: {max: 2, backoff: 1s, on: [timeout, unavailable]}"
AGAIN_ONCE = "retry: {max: 2, backoff: 1s, on: [unavailable]}"


MOST_POINTS = 40
"""Of a workflow with more fault points, every second, third, … is tried, beginning anywhere."""


class Numbers:
    """Numbers the effects of one workflow, so that each has a fate of its own."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


@st.composite
def effect(draw: st.DrawFn, numbers: Numbers) -> str:
    """A call that may be undone, with other ways to go on when it fails."""
    number = numbers.next()
    call, again = draw(st.sampled_from([("keyed.put", AGAIN), ("once.send", AGAIN_ONCE), ("read.get", AGAIN)]))
    text = f'tool: {call}, with: {{n: "{number}"}}, {again}'
    if draw(st.integers(0, 2)):
        text += f', compensate: {{tool: keyed.undo, with: {{n: "u{number}"}}, {AGAIN}}}'
    match draw(st.integers(0, 7)):
        case 0:
            text += (
                f', fallback: [{{tool: keyed.put, with: {{n: "{numbers.next()}"}}}}, {{transform: "${{error.kind}}"}}]'
            )
        case 1:
            text += ", default: {n: none}"
        case 2:
            text += ", on_error: {unavailable: continue}"
        case 3:
            text += ", lock: desk"
        case _:
            pass
    return text


@st.composite
def inside(draw: st.DrawFn, numbers: Numbers, name: str, depth: int) -> str:
    """One to three nodes of a body, in flow style."""
    nodes: list[str] = []
    for index in range(draw(st.integers(1, 3))):
        tail = f", after: [{name}{index - 1}]" if index and draw(st.booleans()) else ""
        if depth and draw(st.integers(0, 3)) == 0:
            text = draw(bodied(numbers, f"{name}{index}", depth - 1))
        else:
            text = draw(effect(numbers))
        nodes.append(f"{name}{index}: {{{text}{tail}}}")
    return "{" + ", ".join(nodes) + "}"


@st.composite
def bodied(draw: st.DrawFn, numbers: Numbers, name: str, depth: int) -> str:
    """A node with nodes inside."""
    nodes = draw(inside(numbers, f"{name}_", depth))
    kinds = ["scope", "scope", "loop", "map", "subflow"]
    match draw(st.sampled_from(kinds)):
        case "scope":
            text = f"scope: {nodes}, result: \"'s'\""
            if draw(st.booleans()):
                on = draw(st.sampled_from(["", "on: [failed], "]))
                text += f", catch: [{{{on}do: {draw(inside(numbers, f'{name}_c', 0))}, result: \"'c'\"}}]"
            if draw(st.booleans()):
                text += f", finally: {draw(inside(numbers, f'{name}_f', 0))}"
            if draw(st.integers(0, 2)) == 0:
                text += ", retry: {max: 1, backoff: 1s, on: [failed, timeout]}"
        case "loop":
            text = f"loop: {nodes}, as: {name}_l, max: 2, start: '0', result: '{name}_l + 1'"
            text += draw(st.sampled_from(["", ", on_max: last, until: 'false'", f", while: {name}_l < 1"]))
        case "map":
            policy = draw(st.sampled_from(["fail", "collect"]))
            text = f"map: '[1, 2]', as: {name}_x, do: {nodes}, result: \"'m'\", on_item_error: {policy}"
        case _:
            text = f'subflow: inner, with: {{m: "{numbers.next()}"}}'
    if draw(st.integers(0, 3)) == 0:
        text += ", on_error: continue"
    return text


@st.composite
def drills(draw: st.DrawFn) -> tuple[str, dict[str, Fate]]:
    """A workflow, and the fates of its effects."""
    numbers = Numbers()
    lines: list[str] = []
    for index in range(draw(st.integers(1, 3))):
        tail = f", after: [n{index - 1}]" if index and draw(st.booleans()) else ""
        text = draw(bodied(numbers, f"n{index}", 1)) if draw(st.integers(0, 3)) else draw(effect(numbers))
        lines.append(f"  n{index}: {{{text}{tail}}}\n")
    fates: list[Fate] = ["ok", "ok", "ok", "ok", "flaky", "lost", "fails"]
    undone: list[Fate] = ["ok", "ok", "ok", "ok", "ok", "flaky", "lost", "fails"]
    told: dict[str, Fate] = {str(number): draw(st.sampled_from(fates)) for number in range(1, numbers.last + 1)}
    told |= {f"u{number}": draw(st.sampled_from(undone)) for number in range(1, numbers.last + 1)}
    return HEAD.replace("&tools", "") + "".join(lines), told


@settings(
    max_examples=int(os.environ.get("FAULT_EXAMPLES", "30")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(drill=drills(), offset=st.integers(0, MOST_POINTS))
async def test_what_stands_inside_nodes_survives_a_kill_anywhere(
    drill: tuple[str, dict[str, Fate]], offset: int, tally: Counter[str]
) -> None:
    text, fates = drill
    note(text)
    note(str({number: fate for number, fate in fates.items() if fate != "ok"}))
    subject = Drill(compile_text(text), fates=fates)

    calm = await subject.run()

    tally["workflows"] += 1
    step = calm.plan.passed // MOST_POINTS + 1
    for point in range(1 + offset % step, calm.plan.passed + 1, step):
        killed = await subject.run(kill_at=point)
        note(f"killed at {point}: {killed.plan.hit}")
        if not killed.plan.hit:
            assert point > calm.plan.passed // 2
            break  # what is committed together is a matter of time: this run had fewer points
        tally[killed.plan.hit] += 1
        assert killed.final.agrees_with(calm.final), (killed.final, calm.final)
