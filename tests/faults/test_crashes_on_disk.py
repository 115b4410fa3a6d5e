"""The crash drill on SQLite: the same kills, with a file on a disk underneath."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from podium.adapters.stores.sqlite.store import SqliteStore
from podium.clock import Clock
from podium.ids import SystemIds
from podium.ledger.store import RunStore
from podium.testing.drill import Drill, Fate
from podium.testing.faults import FaultPlan, Killed
from podium.testing.running import compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(900)]

WORKFLOW = """podium: 1
name: drill
inputs:
  n: {type: integer}
tools:
  read: {python: scripted, effect: read, delivery: repeatable}
  keyed: {python: scripted, effect: write, delivery: keyed}
  once: {python: scripted, effect: write, delivery: once}
nodes:
  start: {tool: read.get, with: {n: "0"}, retry: {max: 2, backoff: 1s, on: [unavailable]}}
  each:
    map: "[10, 11]"
    as: x
    after: [start]
    on_item_error: collect
    do:
      put: {tool: keyed.put, with: {n: "${string(x)}"}, retry: {max: 2, backoff: 1s, on: [timeout]}}
  draft: {llm: draft, after: [start]}
  check: {validate: size(draft.out) > 1000, revise: draft, max: 1, on_error: continue}
  may: {human: May it be sent?, after: [each]}
  send: {tool: once.send, with: {n: "1"}, after: [may, check]}
  all: {join: [each, send], reduce: list}
result: all.out
"""
FATES: dict[str, Fate] = {"0": "flaky", "10": "lost", "11": "ok", "1": "lost"}


async def test_a_run_on_sqlite_killed_anywhere_ends_as_if_it_had_not_been(tmp_path: Path, tally: Counter[str]) -> None:
    homes = 0

    async def on_disk(dead: RunStore | None, clock: Clock, faults: FaultPlan) -> RunStore:
        nonlocal homes
        if dead is None:
            homes += 1
        else:
            with suppress(Killed):
                await dead.close()
        home = tmp_path / str(homes)
        try:
            return await SqliteStore.open(home, clock=clock, ids=SystemIds(), faults=faults)
        except Killed:  # at the very first commit, in which the store notes that it was created
            return await SqliteStore.open(home, clock=clock, ids=SystemIds())

    drill = Drill(compile_text(WORKFLOW), fates=FATES, opening=on_disk)

    calm = await drill.run()

    assert calm.final.status == "done_with_errors"
    tally["workflows"] += 1
    for point in range(1, calm.plan.passed + 1):
        killed = await drill.run(kill_at=point)
        if not killed.plan.hit:
            break  # what is committed together is a matter of time: this run had fewer points
        tally[f"sqlite, {killed.plan.hit}"] += 1
        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
    assert sum(count for name, count in tally.items() if name.startswith("sqlite")) > calm.plan.passed // 2
