"""What is undone although nothing failed sees an `error` all the same."""

from __future__ import annotations

import pytest

from podium.testing.running import run_workflow

pytestmark = pytest.mark.anyio

TEXT = """
podium: 1
name: withdrawn
nodes:
  trip:
    scope:
      hotel: {transform: booked, compensate: {transform: "${error.kind}: ${error.message}"}}
      flight: {wait: 1d, after: [hotel]}
    result: hotel.out
  other: {wait: 1h, cancels: [trip]}
"""


async def test_what_undoes_a_scope_that_was_withdrawn_is_told_that_nothing_failed() -> None:
    result = await run_workflow(TEXT)

    assert (result.status, result.outs["trip/hotel.compensate"]) == (
        "done",
        "cancelled: nothing failed: it was withdrawn, or the run was stopped",
    )
