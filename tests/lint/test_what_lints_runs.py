"""Whatever lints without an error never fails at run time for a reason that the compiler or lint claims to check.

Random workflows over all node types are run to rest in a scripted world. What may not happen, in any node:

- an expression that fails (a name that is not known, a field that a known type lacks, a wrong type), but for the
  reference to something without a result of which LI008 has warned;
- a defect of a node type (EN001), or any other error of kind `internal`;
- a run that rests although nothing in it waits: a join that hangs.

`LINT_EXAMPLES` says how many are drawn (`make deep`: 10,000).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Literal

import msgspec
import pytest
from anyio import to_thread

from podium.engine.control import answer, open_questions, signal
from podium.graph.model import Compiled
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import NodeDone, NodeFailed, NodeParked, NodeSkipped, Record, RunEnded
from podium.lint.lint import lint
from podium.spec.diagnostic import Diagnostic
from podium.spec.positions import Positions
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.random_workflows import random_workflow, random_world
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(7200)]

EXAMPLES = int(os.environ.get("LINT_EXAMPLES", "300"))
BLOCKS = 10
"""Tests that share the examples, so that several processes can."""

MAY_MISS = "LI008"
MISSING = ("was skipped, so", "failed, so", "got null")
"""How it shows at run time that a result was missing: a scope whose result was skipped gives null."""

ROUNDS = 300
CHECKED = ("EX001", "EX002", "EX003", "EX004", "EX005", "EX006", "EX007")


@pytest.mark.parametrize("block", range(BLOCKS))
async def test_what_lints_runs(block: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(block, EXAMPLES, BLOCKS):
        compiled, remarks = await to_thread.run_sync(drawn, seed)
        seen.update(remark.code for remark in remarks)
        if any(remark.severity == "error" for remark in remarks):
            continue
        skips = any(remark.code == MAY_MISS for remark in remarks)
        status, broken = await broken_promises(compiled, Random(seed), skips=skips)
        seen[status] += 1

        assert not broken, (seed, broken)

    assert seen["done"] + seen["done_with_errors"] > EXAMPLES // BLOCKS // 10  # or the property says nothing
    assert seen[MAY_MISS]


def drawn(seed: int) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """Return a random workflow, and what lint says of it."""
    compiled = compile_text(random_workflow(Random(seed)))
    return compiled, lint(compiled, Positions(), "w.yaml")


async def broken_promises(compiled: Compiled, random: Random, *, skips: bool) -> tuple[str, list[str]]:
    """Run a workflow to rest; return its status and what should not have happened."""
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compiled,
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(random_world()),
        clock=clock,
        ids=SystemIds(),
    )
    try:
        run = await bench.start({})
        status = await rest(bench, run, random)
        records = await bench.history(run)
        broken = [told async for told in failures(bench, run, records, skips=skips)]
        if status not in ("done", "done_with_errors", "failed", "denied", "limit", "cancelled"):
            parked = waiting(records)
            broken += [] if parked else [f"the run rests as `{status}` and nothing waits"]
        return status, broken
    finally:
        await bench.engine.close()
        await bench.store.close()


async def rest(bench: Bench, run: RunId, random: Random) -> str:
    """Drive a run; answer people by chance, send the signals that are waited for, let time pass."""
    for _ in range(ROUNDS):
        await bench.engine.advance(run)
        row = await bench.store.row(run)
        assert row is not None
        match row.status:
            case "running":
                continue
            case "approval" | "signal" if await somebody_speaks(bench, run, random):
                continue
            case "approval" | "signal" | "timer" if row.next_timer_at:
                await bench.clock.sleep(max(0, row.next_timer_at - bench.clock.now()) / 1000)
            case status:
                return status
    raise AssertionError("the run does not come to rest")


async def somebody_speaks(bench: Bench, run: RunId, random: Random) -> bool:
    """Answer one question, or send a signal; whether there was anything to say."""
    for path, record in (await open_questions(bench.store, run)).items():
        if isinstance(record.body, NodeParked) and record.body.reason == "approval":
            verdict: Literal["approved", "rejected"] = "approved" if random.random() < 0.7 else "rejected"
            await answer(bench.store, bench.ids, run, NodePath(path), verdict=verdict, by="ada", channel="test")
            return True
    signals = [parked.signal for parked in waiting(await bench.history(run)).values() if parked.signal]
    if signals and random.random() < 0.7:
        await signal(bench.store, bench.ids, run, signals[0], by="ada", value={"n": 1})
        return True
    return False


def waiting(records: tuple[Record, ...]) -> dict[str, NodeParked]:
    """Return what has been parked and nothing has been recorded of since, by path."""
    found: dict[str, NodeParked] = {}
    for record in records:
        if isinstance(record.body, NodeParked):
            found[record.path] = record.body
        elif isinstance(record.body, NodeDone | NodeFailed | NodeSkipped):
            found.pop(record.path, None)
    return found


async def failures(bench: Bench, run: RunId, records: tuple[Record, ...], *, skips: bool) -> AsyncIterator[str]:
    """Yield each failure that should have been found before the run."""
    for record in records:
        match record.body:
            case NodeFailed(code=code, error_kind=kind, error=ref) if code in CHECKED or kind == "internal":
                told = msgspec.json.decode(await bench.store.payload(run, ref))
            case RunEnded(status="failed", code=code, result=ref) if code in CHECKED and ref is not None:
                told = msgspec.json.decode(await bench.store.payload(run, ref))
            case _:
                continue
        # what undoes a node whose answer was lost cannot read that answer; that is reported, nobody could have known
        may_miss = skips or record.path.endswith(".compensate")
        if not (may_miss and any(words in told["message"] for words in MISSING)):
            yield f"{record.path}: {code}: {told['message']} {told.get('help', '')}"
