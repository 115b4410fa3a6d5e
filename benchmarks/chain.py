"""What a step costs: the same chain of ten steps in Podium, LangGraph, DBOS and a bare journal, in one process run.

For one chain at a time the figure is milliseconds a step, for 32 and 256 at once steps a second. The contenders take
turns within each repetition, so that a slow minute of the machine meets all of them; medians are reported. Absolute
figures belong to the machine, whose commit rate stands beside them; the promises are ratios.

    python -m benchmarks.chain --only journal --repetitions 3
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count

from benchmarks.contender import STEPS, Contender
from benchmarks.dbos_chain import open_dbos
from benchmarks.journal import open_journal
from benchmarks.langgraph_chain import langgraph_in_memory, open_langgraph
from benchmarks.machine import commit_rate, scratch
from benchmarks.podium_chain import open_podium
from benchmarks.report import Figure, Promise, compared, tell

ALONE = 10
"""Chains run one after another, for the latency of a step."""
AT_ONCE = {32: 4, 256: 1}
"""Chains that are started together, and how often in one repetition."""
PROMISES = (
    Promise("chain.32.podium", "langgraph", at_least=10),
    Promise("chain.32.podium-gated", "langgraph", at_least=5),
    Promise("chain.1.podium", "langgraph", at_most=0.5),
    Promise("chain.32.podium", "journal", at_least=0.2),
)
"""Of architecture §9."""
BASELINES = ("langgraph", "langgraph-memory", "dbos", "journal", "journal-one-commit")


async def latency_ms(contender: Contender, names: Iterator[str]) -> float:
    """Return milliseconds a step, one chain at a time."""
    started = time.perf_counter()
    for _ in range(ALONE):
        await contender.run(next(names))
    return (time.perf_counter() - started) * 1_000 / (ALONE * STEPS)


async def throughput(contender: Contender, names: Iterator[str], at_once: int) -> float:
    """Return steps a second with so many chains at once."""
    waves = AT_ONCE[at_once]
    started = time.perf_counter()
    for _ in range(waves):
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(contender.run(next(names)))
    return waves * at_once * STEPS / (time.perf_counter() - started)


async def measure(contenders: Sequence[Contender], *, repetitions: int) -> list[Figure]:
    """Return the figures of each contender."""
    names = (f"chain-{number}" for number in count())
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for repetition in range(repetitions + 1):
        for contender in contenders:
            found = {(f"chain.1.{contender.name}", "ms/step"): await latency_ms(contender, names)}
            for at_once in AT_ONCE:
                found[f"chain.{at_once}.{contender.name}", "steps/s"] = await throughput(contender, names, at_once)
            if repetition:  # the first is warm-up
                for figure, value in found.items():
                    values[figure].append(value)
    return [Figure(name=name, value=statistics.median(all_), unit=unit) for (name, unit), all_ in values.items()]


async def figures(*, only: str = "", repetitions: int = 3) -> list[Figure]:
    """Return what was measured, with the ratios to the baselines."""
    with scratch() as folder:
        rate = Figure(name="machine.commits", value=commit_rate(folder), unit="commits/s")
        async with AsyncExitStack() as stack:
            contenders: list[Contender] = [
                await stack.enter_async_context(open_podium(folder)),
                await stack.enter_async_context(open_podium(folder, gated=True)),
                await stack.enter_async_context(open_podium(folder, pure=True)),
                await stack.enter_async_context(open_langgraph(folder)),
                langgraph_in_memory(),
                await stack.enter_async_context(open_journal(folder, intent_first=True)),
                await stack.enter_async_context(open_journal(folder, intent_first=False)),
            ]
            chosen = [contender for contender in contenders if only in contender.name]
            found = [rate, *await measure(chosen, repetitions=repetitions)]
        if only in "dbos":
            # afterwards and alone: its threads ask their database all the time, which is nobody else's to pay
            async with open_dbos(folder) as dbos:
                found += await measure([dbos], repetitions=1)
    ours = ("podium", "podium-gated")
    pairs = [(f"chain.{n}.{our}", f"chain.{n}.{other}") for n in (1, *AT_ONCE) for our in ours for other in BASELINES]
    return compared(found, pairs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="contenders whose name contains this")
    parser.add_argument("--repetitions", type=int, default=3, help="after one warm-up")
    options = parser.parse_args()
    tell("chain", asyncio.run(figures(only=options.only, repetitions=options.repetitions)), PROMISES)
