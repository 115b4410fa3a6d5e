"""What a step costs: the same chain of ten steps in Podium, LangGraph and a bare journal, in one process run.

For one chain at a time the figure is milliseconds a step, for 32 at once steps a second. The contenders take turns
within each repetition, so that a slow minute of the machine meets all of them; medians are reported. Absolute figures
belong to the machine, whose commit rate stands beside them; the promises are ratios.

    make bench
    make bench ARGS="--only journal --repetitions 3"
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from benchmarks.contender import STEPS, Contender
from benchmarks.journal import open_journal
from benchmarks.langgraph_chain import open_langgraph
from benchmarks.machine import commit_rate, describe
from benchmarks.podium_chain import open_podium
from benchmarks.report import Figure, compared, show, write

OUT = Path(__file__).parent / "out"
ALONE = 20
"""Chains run one after another, for the latency of a step."""
AT_ONCE = 32
WAVES = 4
"""How often `AT_ONCE` chains are started together in one repetition."""


async def latency_ms(contender: Contender, names: Iterator[str]) -> float:
    """Return milliseconds a step, one chain at a time."""
    started = time.perf_counter()
    for _ in range(ALONE):
        await contender.run(next(names))
    return (time.perf_counter() - started) * 1_000 / (ALONE * STEPS)


async def throughput(contender: Contender, names: Iterator[str]) -> float:
    """Return steps a second with `AT_ONCE` chains at once."""
    started = time.perf_counter()
    for _ in range(WAVES):
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(contender.run(next(names)))
    return WAVES * AT_ONCE * STEPS / (time.perf_counter() - started)


async def measure(contenders: Sequence[Contender], *, repetitions: int) -> list[Figure]:
    """Return both figures of each contender."""
    names = (f"chain-{number}" for number in count())
    alone: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    at_once: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for repetition in range(repetitions + 1):
        for contender in contenders:
            milliseconds, steps = await latency_ms(contender, names), await throughput(contender, names)
            if repetition:  # the first is warm-up
                alone[contender.name].append(milliseconds)
                at_once[contender.name].append(steps)
    return [
        Figure(name=f"chain.1.{name}", value=statistics.median(values), unit="ms/step")
        for name, values in alone.items()
    ] + [
        Figure(name=f"chain.{AT_ONCE}.{name}", value=statistics.median(values), unit="steps/s")
        for name, values in at_once.items()
    ]


async def main(*, only: str, repetitions: int) -> None:
    """Measure, print, write."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as name:
        folder = Path(name)
        rate = Figure(name="machine.commits", value=commit_rate(folder), unit="commits/s")
        async with AsyncExitStack() as stack:
            contenders: list[Contender] = [
                await stack.enter_async_context(open_podium(folder)),
                await stack.enter_async_context(open_langgraph(folder)),
                await stack.enter_async_context(open_journal(folder, intent_first=True)),
                await stack.enter_async_context(open_journal(folder, intent_first=False)),
            ]
            chosen = [contender for contender in contenders if only in contender.name]
            figures = [rate, *await measure(chosen, repetitions=repetitions)]
    baselines = [
        (f"chain.{runs}.podium", f"chain.{runs}.{baseline}")
        for runs in (1, AT_ONCE)
        for baseline in ("langgraph", "journal", "journal-one-commit")
    ]
    figures = compared(figures, baselines)
    show(f"A chain of {STEPS} durable steps ({describe()})", figures)
    write(OUT / "chain.jsonl", figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="contenders whose name contains this")
    parser.add_argument("--repetitions", type=int, default=5, help="after one warm-up")
    options = parser.parse_args()
    asyncio.run(main(only=options.only, repetitions=options.repetitions))
