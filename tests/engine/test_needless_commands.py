"""Of several commands that are decided at once, an earlier one may make a later one needless."""

from __future__ import annotations

import pytest

from podium.testing.running import run_workflow

pytestmark = pytest.mark.anyio

WITHDRAWN = """
podium: 1
name: withdrawn
nodes:
  first: {transform: x, cancels: [second]}
  second: {transform: "${first.out}"}
  other: {transform: y}
result: other.out
"""

OVERDUE = """
podium: 1
name: overdue
nodes:
  slow:
    scope:
      rounds:
        loop:
          rest: {wait: 1h}
        max: 1
        result: "'rested'"
    timeout: 1h
    on_error: continue
result: "'over'"
"""


async def test_a_node_that_is_withdrawn_in_the_moment_in_which_it_may_begin_does_not_begin() -> None:
    result = await run_workflow(WITHDRAWN)

    assert (result.status, result.value) == ("done", "y")
    assert "second" not in result.outs


async def test_what_is_inside_a_node_that_took_too_long_does_not_go_on_although_it_is_due_as_well() -> None:
    result = await run_workflow(OVERDUE)

    assert (result.status, result.value) == ("done_with_errors", "over")
