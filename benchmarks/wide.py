"""Wide runs: a map of 1,000 and 10,000 items, and 500 nodes beside each other, each an effect.

What is watched in a map is that an item costs the same however many there are. LangGraph does the fan-out as 500 nodes
between its start and its end, on its SQLite checkpointer.

    python -m benchmarks.wide
"""

from __future__ import annotations

import argparse
import asyncio
import operator
import statistics
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict

from benchmarks.machine import scratch
from benchmarks.report import Figure, Promise, compared, tell

from podium.app.installation import Installation

ITEMS = (1_000, 10_000)
BRANCHES = 500
REPETITIONS = 3
_HEAD = """\
podium: 1
name: wide
tools:
  bench: {python: benchmarks.noop, effect: read, delivery: repeatable}
"""
PROMISES = (Promise("map.10000", "1000", at_most=1.5),)
"""An item of the long map may cost half as much again, which is no quadratic cost."""


def a_map(items: int) -> str:
    """Return a map whose items are one effect each."""
    return f"""{_HEAD}inputs:
  items: {{type: [integer]}}
nodes:
  all:
    map: inputs.items
    as: item
    concurrency: 64
    max_items: {items}
    do:
      step: {{tool: bench.noop}}
    result: step.out
result: size(all.out)
"""


def a_fan_out() -> str:
    """Return many nodes beside each other and one after them."""
    names = [f"b{number}" for number in range(BRANCHES)]
    nodes = "".join(f"  {name}: {{tool: bench.noop}}\n" for name in names)
    return f"{_HEAD}nodes:\n{nodes}  all: {{join: [{', '.join(names)}], reduce: list}}\nresult: size(all.out)\n"


async def podium_s(folder: Path, text: str, inputs: dict[str, Any], repetitions: int) -> float:
    """Return the median seconds of a run, after one for warming up."""
    file = folder.with_suffix(".yaml")
    file.write_text(text)
    async with Installation.open(folder) as installation:
        published = await installation.publish(file)
        engine = await installation.engine()

        async def once() -> None:
            run = await installation.start(published, inputs)
            assert await engine.advance(run) == "done"

        return await _median_s(once, repetitions)


class _State(TypedDict):
    done: Annotated[int, operator.add]


async def _step(_state: _State) -> dict[str, int]:
    return {"done": 1}


async def langgraph_s(folder: Path, repetitions: int) -> float:
    """Return the median seconds of the fan-out."""
    api: Any = import_module("langgraph.graph")
    checkpoints: Any = import_module("langgraph.checkpoint.sqlite.aio")
    graph = api.StateGraph(_State)
    for number in range(BRANCHES):
        graph.add_node(f"b{number}", _step)
        graph.add_edge(api.START, f"b{number}")
        graph.add_edge(f"b{number}", api.END)
    async with checkpoints.AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        await saver.conn.execute("PRAGMA synchronous=FULL")
        compiled, threads = graph.compile(checkpointer=saver), iter(range(1_000))

        async def once() -> None:
            config = {"configurable": {"thread_id": str(next(threads))}, "max_concurrency": BRANCHES}
            assert (await compiled.ainvoke({"done": 0}, config, durability="sync"))["done"] == BRANCHES

        return await _median_s(once, repetitions)


async def _median_s(once: Callable[[], Awaitable[None]], repetitions: int) -> float:
    await once()
    lasted: list[float] = []
    for _ in range(repetitions):
        started = time.perf_counter()
        await once()
        lasted.append(time.perf_counter() - started)
    return statistics.median(lasted)


async def figures(*, repetitions: int = REPETITIONS) -> list[Figure]:
    """Return what was measured."""
    found: list[Figure] = []
    with scratch() as folder:
        for items in ITEMS:
            count = repetitions if items < max(ITEMS) else 1
            lasted = await podium_s(folder / f"map-{items}", a_map(items), {"items": list(range(items))}, count)
            found.append(Figure(name=f"map.{items}", value=lasted * 1e6 / items, unit="µs/item"))
        lasted = await podium_s(folder / "fan-out", a_fan_out(), {}, repetitions)
        found.append(Figure(name=f"fan-out.{BRANCHES}.podium", value=lasted * 1e3, unit="ms"))
        lasted = await langgraph_s(folder, repetitions)
        found.append(Figure(name=f"fan-out.{BRANCHES}.langgraph", value=lasted * 1e3, unit="ms"))
    fan_out = f"fan-out.{BRANCHES}"
    return compared(found, [("map.10000", "map.1000"), (f"{fan_out}.podium", f"{fan_out}.langgraph")])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    tell("wide", asyncio.run(figures(repetitions=parser.parse_args().repetitions)), PROMISES)
