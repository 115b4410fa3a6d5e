"""Kill a run at every commit and around every effect, for node types and settings that the random drills leave out."""

from __future__ import annotations

import pytest

from podium.testing.drill import Drill
from podium.testing.running import compile_text

pytestmark = pytest.mark.anyio

HEAD = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
nodes:
"""

KINDS = {
    "emit": """
  a: {tool: keyed.put, with: {n: "1"}}
  b: {emit: went_well, value: {of: "${a.out.n}"}}
  c: {emit: go, as: event, value: "${b.out}", after: [b]}
  d: {wait: {signal: go}}
  e: {emit: told, as: notification, value: "${d.out.of}"}
""",
    "events-pair": """
  each:
    map: "[1, 2, 3]"
    do: {x: {emit: ready, as: event, value: "${item}"}}
  all:
    loop: {one: {wait: {signal: ready}}}
    max: 3
    result: one.out
  done: {tool: keyed.put, with: {n: "1"}, after: [all]}
""",
    "wait-until": """
  a: {wait: {until: "'2026-12-01T00:00:00Z'"}}
  b: {tool: keyed.put, with: {n: "1"}, after: [a]}
""",
    "switch-all": """
  s:
    switch: [{when: inputs.n > 0, then: [a, b]}, {when: inputs.n > 1, then: c}, {when: inputs.n < 2, then: d}]
    matches: all
  a: {tool: keyed.put, with: {n: "1"}}
  b: {transform: b}
  c: {transform: c}
  d: {tool: keyed.put, with: {n: "2"}}
  all: {join: [a, b, c, d], reduce: object}
""",
    "first-valid": """
  a: {transform: 1}
  b: {tool: keyed.put, with: {n: "1"}, after: [a]}
  c: {transform: 9, after: [b]}
  best: {join: [a, c], wait: first_valid, valid: value > 5}
  none: {join: [a, c], wait: first_valid, valid: value > 50, on_error: {invalid_output: continue}}
""",
    "conflict-human": """
  a: {transform: x}
  b: {transform: y}
  pick: {join: [a, b], reduce: vote, on_conflict: human}
  c: {tool: keyed.put, with: {n: "1"}, after: [pick]}
""",
    "conflict-judge": """
  a: {transform: {v: x, w: 1}}
  b: {transform: {v: y, w: 1}}
  pick: {join: [a, b], reduce: merge, on_conflict: judge, judge: Which one?, default: {v: none}}
  c: {tool: keyed.put, with: {n: "1"}, after: [pick]}
""",
    "reducers": """
  a: {tool: keyed.put, with: {n: "3"}}
  b: {tool: keyed.put, with: {n: "1"}}
  best: {join: [a, b], reduce: rank, by: int(value.n)}
  made: {join: [a, b], reduce: custom, make: values.a.n + values.b.n}
""",
    "cancel": """
  a: {tool: keyed.put, with: {n: "1"}}
  rest: {wait: 1h}
  b: {tool: keyed.put, with: {n: "2"}, after: [rest]}
  fast: {join: [a, b], wait: any, reduce: first, cancel: true}
  c: {tool: keyed.put, with: {n: "3"}, after: [fast]}
""",
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_killed_anywhere_ends_as_if_it_had_not_been(kind: str) -> None:
    subject = Drill(compile_text(HEAD + KINDS[kind].lstrip("\n")))
    calm = await subject.run()
    assert calm.final.status in ("done", "done_with_errors")

    for point in range(1, calm.plan.passed + 1):
        killed = await subject.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
        assert sorted(effect.key for effect in killed.world.effects) == sorted(
            effect.key for effect in calm.world.effects
        )
