"""Kill a run with code in it at every commit and around every effect: the code goes on where it stood."""

from __future__ import annotations

import pytest

from podium.adapters.sandbox.installed import InstalledSandboxes
from podium.testing.drill import Drill
from podium.testing.running import compile_text

pytestmark = pytest.mark.anyio

TEXT = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once, approval: required}
nodes:
  a:
    code: |
      import random
      x = random.random()
      first = put(n=str(n))
      second = send(n=first["n"] + "1")
      [first["n"], second["n"], x < 1]
    with: {n: "${inputs.n}"}
    tools: [keyed.put, once.send]
  b: {code: "len(a)", with: {a: "${a.out}"}, output: integer}
  c: {tool: keyed.put, with: {n: "${string(b.out)}"}}
result: "[a.out, b.out]"
"""


async def test_code_that_is_killed_anywhere_ends_as_if_it_had_not_been() -> None:
    sandboxes = InstalledSandboxes()
    subject = Drill(compile_text(TEXT), sandboxes=sandboxes)
    try:
        calm = await subject.run()
        assert (calm.final.status, calm.final.value) == ("done", [["1", "11", True], 3])

        for point in range(1, calm.plan.passed + 1):
            killed = await subject.run(kill_at=point)
            assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
            assert sorted(effect.key for effect in killed.world.effects) == sorted(
                effect.key for effect in calm.world.effects
            )
    finally:
        await sandboxes.close()
