"""Sagas: what was completed is undone in the reverse order when what is around it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from podium.errors import EffectError
from podium.ledger.record import NodeDone, NodeFailed, RunEnded
from podium.testing import RunResult, run_workflow

pytestmark = pytest.mark.anyio

Json = Any

HEAD = """podium: 1
name: saga
tools:
  shop: {python: scripted, effect: write, delivery: keyed}
"""


def no(_arguments: Mapping[str, Json]) -> Json:
    raise EffectError("EF900", "the tool says no", kind="failed")


class Shop:
    """Tools that note what is done and undone."""

    def __init__(self) -> None:
        self.undone: list[Json] = []

    def tools(self) -> dict[str, Json]:
        return {"shop.buy": self._buy, "shop.undo": self._undo, "shop.fail": no}

    def _buy(self, arguments: Mapping[str, Json]) -> Json:
        return f"bought {arguments['what']}"

    def _undo(self, arguments: Mapping[str, Json]) -> Json:
        if arguments["what"] == "stone":
            raise EffectError("EF900", "cannot be undone", kind="failed")
        self.undone.append(arguments["what"])
        return None


async def run(shop: Shop, nodes: str) -> RunResult:
    return await run_workflow(HEAD + nodes, tools=shop.tools())


def buy(what: str, after: str = "") -> str:
    tail = f", after: [{after}]" if after else ""
    undo = f"{{tool: shop.undo, with: {{what: {what}}}}}"
    return f"{what}: {{tool: shop.buy, with: {{what: {what}}}, compensate: {undo}{tail}}}"


async def test_what_a_failed_run_has_done_is_undone_in_the_reverse_order() -> None:
    shop = Shop()

    result = await run(
        shop,
        f"""nodes:
  {buy("hat")}
  {buy("coat", "hat")}
  {buy("shoes", "coat")}
  fail: {{tool: shop.fail, with: {{}}, after: [shoes]}}
""",
    )

    assert (result.status, shop.undone) == ("failed", ["shoes", "coat", "hat"])


async def test_what_undoes_sees_the_result_and_the_error() -> None:
    shop = Shop()

    await run(
        shop,
        """nodes:
  hat:
    tool: shop.buy
    with: {what: hat}
    compensate: {tool: shop.undo, with: {what: "${hat.out} because ${error.message} at ${error.node}"}}
  fail: {tool: shop.fail, with: {}, after: [hat]}
""",
    )

    assert shop.undone == ["bought hat because the tool says no at fail"]


async def test_a_run_that_succeeds_undoes_nothing() -> None:
    shop = Shop()

    result = await run(shop, f"nodes:\n  {buy('hat')}\n")

    assert (result.status, shop.undone) == ("done", [])


async def test_what_failed_itself_is_not_undone() -> None:
    shop = Shop()

    await run(
        shop,
        f"""nodes:
  {buy("hat")}
  fail: {{tool: shop.fail, with: {{}}, after: [hat], compensate: {{tool: shop.undo, with: {{what: fail}}}}}}
""",
    )

    assert shop.undone == ["hat"]


async def test_a_scope_undoes_what_is_in_it_and_nothing_else() -> None:
    shop = Shop()

    result = await run(
        shop,
        f"""nodes:
  {buy("hat")}
  trip:
    scope:
      {buy("ticket")}
      fail: {{tool: shop.fail, with: {{}}, after: [ticket]}}
    catch: [{{do: {{sorry: {{transform: "no: ${{error.message}}"}}}}}}]
    after: [hat]
result: trip.out
""",
    )

    assert (result.status, result.value, shop.undone) == ("done", "no: the tool says no", ["ticket"])


async def test_what_a_scope_did_is_undone_when_the_run_fails_later() -> None:
    shop = Shop()

    await run(
        shop,
        f"""nodes:
  trip: {{scope: {{{buy("ticket")}}}, result: ticket.out}}
  {buy("hat", "trip")}
  fail: {{tool: shop.fail, with: {{}}, after: [hat]}}
""",
    )

    assert shop.undone == ["hat", "ticket"]


async def test_a_scope_with_a_compensation_of_its_own_is_undone_by_that_alone() -> None:
    shop = Shop()

    await run(
        shop,
        f"""nodes:
  trip:
    scope: {{{buy("ticket")}}}
    result: ticket.out
    compensate: {{tool: shop.undo, with: {{what: trip}}}}
  fail: {{tool: shop.fail, with: {{}}, after: [trip]}}
""",
    )

    assert shop.undone == ["trip"]


async def test_the_items_of_a_failed_map_are_undone_before_the_map_fails() -> None:
    shop = Shop()

    result = await run(
        shop,
        """nodes:
  all:
    map: "['a', 'b', 'c']"
    concurrency: 1
    do:
      buy: {tool: shop.buy, with: {what: "${item}"}, compensate: {tool: shop.undo, with: {what: "${item}"}}}
      check: {validate: item != 'c', after: [buy]}
    result: buy.out
    on_error: sorry
  sorry: {transform: "${all.error.message}"}
""",
    )

    assert (result.status, shop.undone) == ("done", ["c", "b", "a"])
    ports = [record.path for record in result.records if isinstance(record.body, NodeDone | NodeFailed)]
    assert ports.index("all[0]/buy.compensate") < ports.index("sorry")


async def test_a_compensation_that_fails_is_reported_and_the_others_run_all_the_same() -> None:
    shop = Shop()

    result = await run(
        shop,
        f"""nodes:
  {buy("hat")}
  {buy("stone", "hat")}
  {buy("shoes", "stone")}
  fail: {{tool: shop.fail, with: {{}}, after: [shoes]}}
""",
    )

    ended = result.records[-1].body
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.not_undone, shop.undone) == ("failed", 1, ["shoes", "hat"])


async def test_a_scope_that_is_tried_again_is_undone_first_and_begins_a_new_round() -> None:
    shop, tries = Shop(), list[int]()

    def flaky(_arguments: Mapping[str, Json]) -> Json:
        tries.append(len(shop.undone))
        if len(tries) == 1:
            raise EffectError("EF900", "not now", kind="failed")
        return "fine"

    result = await run_workflow(
        HEAD
        + f"""nodes:
  trip:
    scope:
      {buy("ticket")}
      flight: {{tool: shop.fly, with: {{}}, after: [ticket]}}
    result: flight.out
    retry: {{max: 1, backoff: 1s, on: [failed]}}
result: trip.out
""",
        tools={**shop.tools(), "shop.fly": flaky},
    )

    assert (result.status, result.value, shop.undone, tries) == ("done", "fine", ["ticket"], [0, 1])
    assert "trip~1/flight" in result.outs
