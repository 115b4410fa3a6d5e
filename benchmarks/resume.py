"""Taking up a run of 10,000 records: from the claim until its next node is at work; and reading it for `verify`.

The run is made by the engine: a map whose items are one effect each, and after it a wait for a signal. What is timed
is what a new process does: open the home, read and fold the history, end the run.

    python -m benchmarks.resume
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.machine import scratch
from benchmarks.report import Figure, Promise, tell

from podium.app.installation import Installation
from podium.engine.fold import fold
from podium.ids import RunId
from podium.ledger.payload import json_payload
from podium.ledger.record import Entry, Record, SignalReceived
from podium.ledger.verify import Verified, verify_stream

RECORDS = 10_000
REPETITIONS = 3
WORKFLOW = f"""\
podium: 1
name: long
tools:
  bench: {{python: benchmarks.noop, effect: read, delivery: repeatable}}
inputs:
  items: {{type: [integer]}}
nodes:
  all:
    map: inputs.items
    as: item
    concurrency: 64
    max_items: {RECORDS}
    do:
      step: {{tool: bench.noop}}
    result: step.out
  paid: {{wait: {{signal: paid, expires: 30d}}, after: [all]}}
result: paid.out
"""
PROMISES = (Promise("resume.fold", at_most=1_000), Promise("verify.million", at_most=10))


async def make(folder: Path) -> tuple[RunId, int]:
    """Make a run of at least `RECORDS` records that waits: `(run, records)`."""
    file = folder / "long.yaml"
    file.write_text(WORKFLOW)
    async with Installation.open(folder / "home") as installation:
        published = await installation.publish(file)
        # three records an item: intent, outcome, done
        run = await installation.start(published, {"items": list(range(RECORDS // 3 + 1))})
        assert await (await installation.engine()).advance(run) == "signal"
        row = await installation.store.row(run)
        assert row is not None
        return run, row.seq


async def read(folder: Path, run: RunId) -> tuple[float, float]:
    """Return the seconds of reading and folding the run, and of verifying its stream."""
    async with Installation.open(folder / "home") as installation:
        row = await installation.store.row(run)
        assert row is not None
        compiled = await installation.workflow(row.version)
        started = time.perf_counter()
        records: list[Record] = []
        while page := await installation.store.records(run, after=records[-1].seq if records else 0):
            records.extend(page)
        state = fold(run, compiled.graph, records)
        lasted = time.perf_counter() - started
        assert not state.root.closed
        stored = await installation.store.stored(run, limit=10 * RECORDS)
        started = time.perf_counter()
        assert isinstance(verify_stream(stored), Verified)
        return lasted, time.perf_counter() - started


async def finish(folder: Path, run: RunId) -> float:
    """Return the seconds from the claim of the signalled run to its end."""
    async with Installation.open(folder / "home") as installation:
        engine = await installation.engine()
        value = json_payload(1, installation.ids)
        signal = SignalReceived(name="paid", by="bench", value=value.ref)
        await installation.store.post(run, Entry(body=signal, key="signal:1", payloads=(value,)))
        started = time.perf_counter()
        assert await engine.advance(run) == "done"
        return time.perf_counter() - started


async def figures(*, repetitions: int = REPETITIONS) -> list[Figure]:
    """Return what was measured."""
    with scratch() as folder:
        run, records = await make(folder)
        reads = [await read(folder, run) for _ in range(repetitions)]
        ended = await finish(folder, run)
    fold_s, verify_s = (statistics.median(values) for values in zip(*reads, strict=True))
    return [
        Figure(name="resume.records", value=records, unit="records"),
        Figure(name="resume.fold", value=fold_s * 1e3, unit="ms"),
        Figure(name="resume.to-the-end", value=ended * 1e3, unit="ms"),
        Figure(name="verify.million", value=verify_s / records * 1e6, unit="s, extrapolated"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    tell("resume", asyncio.run(figures(repetitions=parser.parse_args().repetitions)), PROMISES)
