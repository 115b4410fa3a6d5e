"""Kill a run at every commit and around every effect, where budgets limit what it may do."""

from __future__ import annotations

from collections import Counter

import pytest

from podium.testing.drill import Drill
from podium.testing.running import compile_text

pytestmark = pytest.mark.anyio

HEAD = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  read: {python: scripted, effect: read, delivery: repeatable, cost: {usd: 0.01, energy: 1mWh}}
  keyed: {python: scripted, effect: write, delivery: keyed, cost: {usd: 0.1}}
  once: {python: scripted, effect: irreversible, delivery: once, cost: {usd: 1}}
budget: {usd: 50, tokens: 100000, calls: 60, wall: 2d, detached: true, per_call: {usd: 2}}
nodes:
"""

BUDGETS = {
    "inside": """
  a: {llm: "Say it.", max_tokens: 50, budget: {tokens: 20000}}
  b:
    map: "[1, 2]"
    do: {x: {tool: keyed.put, with: {n: "${string(item)}"}}}
    budget: {usd: 5, calls: 20, wall: 1d}
    after: [a]
  c: {wait: 10s, after: [b]}
  d: {tool: read.get, with: {n: "3"}, after: [c]}
""",
    "lost": """
  a: {tool: once.send, with: {n: "2"}, budget: {usd: 5}}
  b: {tool: keyed.put, with: {n: "3"}, after: [a], retry: {max: 2, backoff: 1s, on: [unavailable, timeout]}}
""",
    "undone": """
  a: {tool: keyed.put, with: {n: "1"}, compensate: {tool: keyed.undo, with: {n: "1"}}, budget: {calls: 20}}
  b: {tool: keyed.put, with: {n: "4"}, after: [a], retry: {max: 0}}
""",
    "asked": """
  a: {human: "Well?"}
  b:
    scope: {x: {tool: keyed.put, with: {n: "1"}}, y: {llm: "Say it.", max_tokens: 50, after: [x]}}
    budget: {usd: 5, tokens: 20000, wall: 1d}
    after: [a]
""",
    "used-up": """
  a:
    scope: {x: {llm: "Say it.", max_tokens: 50}}
    budget: {tokens: 0}
    catch: [{on: [limit], do: {z: {transform: enough}}}]
  b: {tool: keyed.put, with: {n: "1"}, after: [a]}
""",
}


@pytest.mark.parametrize("name", list(BUDGETS))
async def test_a_killed_run_with_budgets_ends_as_if_nothing_had_happened(name: str, tally: Counter[str]) -> None:
    drill = Drill(compile_text(HEAD + BUDGETS[name]), fates={"2": "lost", "3": "flaky", "4": "fails"})
    calm = await drill.run()
    tally["workflows"] += 1

    for point in range(1, calm.plan.passed + 1):
        tally["crash points"] += 1
        drilled = await drill.run(kill_at=point)
        assert drilled.final.agrees_with(calm.final), f"{drilled.plan.hit}, point {point}"
