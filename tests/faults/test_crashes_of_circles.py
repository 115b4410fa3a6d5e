"""Kill a run that goes in circles at every commit and around every effect: it is stopped where it would have been."""

from __future__ import annotations

import pytest

from podium.testing.drill import Drill
from podium.testing.running import compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HEAD = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed, trust: trusted}
  read: {python: scripted, effect: read, delivery: repeatable, trust: trusted}
nodes:
  work:
    loop:
"""
ALONE = '      look: {tool: read.get, with: {n: "1"}}\n'
BY_TURNS = ALONE + '      tell: {tool: keyed.put, with: {n: "2"}, after: [look]}\n'


@pytest.mark.parametrize(("nodes", "calls"), [(ALONE, 3), (BY_TURNS, 6)], ids=["alone", "by turns"])
async def test_a_circle_is_stopped_at_the_same_call_wherever_the_run_was_killed(nodes: str, calls: int) -> None:
    drill = Drill(compile_text(HEAD + nodes + "    max: 9\n"))
    calm = await drill.run()
    assert (calm.final.status, len({call.key for call in calm.world.calls})) == ("limit", calls)

    for point in range(1, calm.plan.passed + 1):
        killed = await drill.run(kill_at=point)
        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit)
        assert len({call.key for call in killed.world.calls}) == calls, (point, killed.plan.hit)
