"""Stopping: a cancelled run undoes what it did, a killed one does not, and time that is over fails what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from podium.engine.control import cancel, kill
from podium.ids import SystemIds
from podium.ledger.record import RunEnded, RunEnding
from podium.testing import FakeClock, MemoryStore, ScriptedModel, ScriptedTools
from podium.testing.running import Bench, RunResult, compile_text, run_workflow

pytestmark = pytest.mark.anyio

Json = Any

WORKFLOW = """podium: 1
name: booking
tools:
  shop: {python: scripted, effect: write, delivery: keyed}
nodes:
  hat: {tool: shop.buy, with: {what: hat}, compensate: {tool: shop.undo, with: {what: hat}}}
  trip:
    scope:
      ticket: {tool: shop.buy, with: {what: ticket}, compensate: {tool: shop.undo, with: {what: ticket}}}
      ask: {human: Go on?, after: [ticket]}
    result: ask.out
    after: [hat]
"""


class Shop:
    def __init__(self) -> None:
        self.undone: list[Json] = []
        self.tools = ScriptedTools({"shop.buy": "bought", "shop.undo": self._undo})

    def _undo(self, arguments: Mapping[str, Json]) -> Json:
        self.undone.append(arguments["what"])


async def stopped(shop: Shop, *, at_once: bool) -> RunResult:
    """A run that waits for a person, and is then stopped."""
    clock = FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock)
    compiled = compile_text(WORKFLOW)
    bench = Bench(compiled, store=store, model=ScriptedModel(), tools=shop.tools, clock=clock, ids=SystemIds())
    run = await bench.start({})
    assert await bench.settle(run, {}) == "approval"
    stop = kill if at_once else cancel
    await stop(store, bench.ids, run, by="ada")
    status = await bench.settle(run, {})
    result = await bench.result(run, status)
    await bench.engine.close()
    return result


async def test_a_cancelled_run_undoes_what_it_did_wherever_it_did_it() -> None:
    shop = Shop()

    result = await stopped(shop, at_once=False)

    assert (result.status, shop.undone) == ("cancelled", ["ticket", "hat"])
    kinds = [type(record.body) for record in result.records]
    assert kinds.index(RunEnding) < kinds.index(RunEnded)


async def test_a_killed_run_undoes_nothing() -> None:
    shop = Shop()

    result = await stopped(shop, at_once=True)

    assert (result.status, shop.undone) == ("cancelled", [])


async def test_a_deadline_over_a_scope_holds_while_the_run_rests_and_can_be_caught() -> None:
    result = await run_workflow("""podium: 1
name: late
nodes:
  trip:
    scope: {nap: {wait: 2h}}
    timeout: 1h
    catch: [{on: [timeout], do: {late: {transform: "${error.code} ${error.kind}"}}}]
result: trip.out
""")

    assert (result.status, result.value) == ("done", "EN002 timeout")


async def test_a_deadline_over_a_map_fails_the_items_that_are_open() -> None:
    result = await run_workflow("""podium: 1
name: late
nodes:
  naps:
    map: "[1, 2, 3]"
    do:
      nap: {wait: 2h, when: item > 1}
      got: {transform: "${item}", after: [nap]}
    timeout: 1h
    on_item_error: collect
result: naps.out
""")

    assert (result.status, result.value) == ("done_with_errors", [])
