"""Many runs that wait: what each costs in memory and on disk, and how soon a signal is answered among them.

They are made through the store's own port (start, claim, `node.parked`, release), the way the engine makes them, and
wait for a signal with a date. Then a dispatcher serves the store, and some of them are sent their signal, one after
another: from the signal's post to the intent of the first node behind it.

    python -m benchmarks.waiting --runs 100000
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time

from benchmarks.machine import resident_mb, scratch
from benchmarks.report import Figure, Promise, tell

from podium.app.installation import Installation
from podium.app.publish import Published
from podium.clock import Millis
from podium.ids import NodePath, RunId, new_run_id
from podium.ledger.payload import json_payload
from podium.ledger.record import EffectIntent, Entry, NodeParked, RunCreated, SignalReceived

RUNS = 100_000
WOKEN = 200
TOGETHER = 500
WORKFLOW = """\
podium: 1
name: waiting
tools:
  bench: {python: benchmarks.noop, effect: read, delivery: repeatable}
nodes:
  paid: {wait: {signal: paid, expires: 30d}}
  after: {tool: bench.noop, after: [paid]}
result: after.out
"""
PROMISES = (
    Promise("waiting.memory", at_most=50),
    Promise("waiting.tasks", at_most=20),
    Promise("waiting.wake.p99", at_most=50),
)


async def begin(installation: Installation, published: Published, run: RunId, due: Millis) -> None:
    """Make one run that waits."""
    store, ids = installation.store, installation.ids
    inputs, question = json_payload({}, ids), json_payload({"text": "", "show": None}, ids)
    created = RunCreated(workflow="waiting", version=published.version, inputs=inputs.ref, principal="bench", root=run)
    parked = NodeParked(reason="signal", question=question.ref, signal="paid", due=due)
    await store.start(run, Entry(body=created, key="created", payloads=(inputs,)))
    claim = await store.claim(run, installation.worker)
    assert claim is not None
    entry = Entry(body=parked, path=NodePath("paid"), attempt=1, payloads=(question,))
    await store.append(run, claim.epoch, [entry], seen=claim.row.seq)
    assert await store.release(run, claim.epoch, wake=claim.wake, status="signal", next_timer_at=due)


async def wake_ms(installation: Installation, run: RunId) -> float:
    """Send the signal; return milliseconds until the intent of the node behind it is recorded."""
    store = installation.store
    value = json_payload(1, installation.ids)
    entry = Entry(body=SignalReceived(name="paid", by="bench", value=value.ref), key="signal:1", payloads=(value,))
    started = time.perf_counter()
    posted = await store.post(run, entry)
    async with asyncio.timeout(30):
        async for _ in store.changed():
            news = await store.records(run, after=posted.seq)
            if any(isinstance(record.body, EffectIntent) for record in news):
                break
    return (time.perf_counter() - started) * 1_000


async def figures(*, runs: int = RUNS) -> list[Figure]:
    """Return what was measured."""
    with scratch() as folder:
        file = folder / "waiting.yaml"
        file.write_text(WORKFLOW)
        async with Installation.open(folder / "home") as installation:
            published = await installation.publish(file)
            await installation.engine()
            gc.collect()
            before = resident_mb()
            all_ = await make(installation, published, runs)
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                dispatcher = await installation.dispatcher()
                group.create_task(dispatcher.serve(stop=stop))
                await asyncio.sleep(1.5)  # it has looked at all of them
                gc.collect()
                grown, tasks = resident_mb() - before, len(asyncio.all_tasks())
                waits = sorted([await wake_ms(installation, run) for run in all_[:: max(1, runs // WOKEN)]])
                stop.set()
        size = sum(path.stat().st_size for path in folder.rglob("podium.db*"))
    return [
        Figure(name="waiting.runs", value=runs, unit="runs"),
        Figure(name="waiting.memory", value=max(grown, 0.0), unit="MB more"),
        Figure(name="waiting.tasks", value=tasks, unit="tasks in all"),
        Figure(name="waiting.disk", value=size / runs, unit="bytes/run"),
        Figure(name="waiting.wake.p50", value=statistics.median(waits), unit="ms"),
        Figure(name="waiting.wake.p99", value=waits[int(len(waits) * 0.99)], unit="ms"),
    ]


async def make(installation: Installation, published: Published, count: int) -> list[RunId]:
    """Make so many runs, some hundred at a time."""
    due = Millis(installation.clock.now() + 30 * 86_400_000)
    made: list[RunId] = []
    while len(made) < count:
        some = [new_run_id(installation.ids) for _ in range(min(TOGETHER, count - len(made)))]
        async with asyncio.TaskGroup() as group:
            for run in some:
                group.create_task(begin(installation, published, run, due))
        made += some
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    tell("waiting", asyncio.run(figures(runs=parser.parse_args().runs)), PROMISES)
