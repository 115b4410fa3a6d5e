"""Killed anywhere, a run masks the same values by the same masks, and each was written down before it was sent."""

from __future__ import annotations

import json

import pytest

from podium.clock import Clock
from podium.gate.redact.masks import MASK
from podium.ids import RunId
from podium.ledger.record import EffectIntent, EffectOutcome, ValuesMasked
from podium.ledger.store import RunStore
from podium.testing.drill import Drill, in_memory
from podium.testing.faults import FaultPlan
from podium.testing.memory import MemoryStore
from podium.testing.running import compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RUN = RunId("rdrill0000000")
FLOW = """podium: 1
name: drill
inputs: {n: {type: integer}}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed, functions: {put: {critical: [], approval: required}}}
nodes:
  a: {llm: "Write to anna@example.org", redact: [personal]}
  b: {llm: "Write to bo@example.org and anna@example.org", redact: [personal]}
  put: {tool: keyed.put, with: {n: "1", told: "${b.out}; ${a.out}"}, redact: [email]}
  again: {llm: "${put.out.n}: ${b.out}, key AKIAIOSFODNN7EXAMPLE", redact: [email]}
result: again.out
"""
SAID = "answer to 1: answer to Write to bo@example.org and anna@example.org, key <SECRET_1>"


class Kept:
    """The store of the last process."""

    def __init__(self) -> None:
        self.store: RunStore | None = None

    async def opening(self, dead: RunStore | None, clock: Clock, faults: FaultPlan) -> RunStore:
        self.store = await in_memory(dead, clock, faults)
        return self.store

    async def masks(self) -> dict[str, str]:
        """Check every request and answer against the masks written down before it; return them all."""
        assert isinstance(self.store, MemoryStore)
        store = self.store.crashed()  # what a next process would find
        known: dict[str, str] = {}
        for record in await store.records(RUN):
            match record.body:
                case ValuesMasked(values=ref, count=count):
                    told = json.loads(await store.payload(RUN, ref))
                    assert len(told) == count
                    assert not told.keys() & known.keys()
                    known |= told
                case EffectIntent(request=ref) | EffectOutcome(reply=ref) if ref is not None:
                    data = (await store.payload(RUN, ref)).decode()
                    assert {found[0] for found in MASK.finditer(data)} <= known.keys()
                    assert "@example.org" not in data
                case _:
                    continue
        assert len(set(known.values())) == len(known)
        return known


async def test_a_run_killed_anywhere_keeps_its_masks() -> None:
    kept = Kept()
    subject = Drill(compile_text(FLOW), opening=kept.opening)
    calm = await subject.run()
    masks = await kept.masks()
    assert (calm.final.status, calm.final.value) == ("done", SAID)
    assert masks.keys() == {"<EMAIL_1>", "<EMAIL_2>", "<SECRET_1>"}
    assert "AKIAIOSFODNN7EXAMPLE" not in masks.values()

    for point in range(1, calm.plan.passed + 1):
        killed = await subject.run(kill_at=point)

        assert killed.final.agrees_with(calm.final), (point, killed.plan.hit, killed.final, calm.final)
        assert await kept.masks() == masks, (point, killed.plan.hit)
        assert [effect.arguments for effect in killed.world.effects] == [
            effect.arguments for effect in calm.world.effects
        ]
