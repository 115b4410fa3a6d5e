"""Kill a run that asks about a link at every commit and around every effect: the same is asked, the same happens."""

from __future__ import annotations

import pytest

from podium.testing.drill import Drill
from podium.testing.running import compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FLOW = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed:
    python: scripted
    effect: write
    delivery: keyed
    functions: {put: {critical: [text.links]}}
  read: {python: scripted, effect: read, delivery: repeatable}
nodes:
  look: {tool: read.get, with: {n: "1"}}
  tell: {tool: keyed.put, with: {n: "1", text: "www.example.com says ${look.out}"}}
"""


async def test_a_link_is_asked_about_and_sent_once_wherever_the_run_was_killed() -> None:
    drill = Drill(compile_text(FLOW))
    calm = await drill.run()
    assert calm.final.status == "done"

    for point in range(1, calm.plan.passed + 1):
        killed = await drill.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit)
        assert len({call.key for call in killed.world.calls}) == 2, (point, killed.plan.hit)
