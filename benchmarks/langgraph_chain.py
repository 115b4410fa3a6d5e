"""LangGraph, each step durable before the next (`durability="sync"`): with its SQLite checkpointer, or in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict

from benchmarks.contender import STEPS


class State(TypedDict):
    done: int


async def _step(state: State) -> State:
    return {"done": state["done"] + 1}


class LangGraph:
    """Ten nodes that count."""

    def __init__(self, name: str, graph: Any) -> None:
        self.name = name
        self._graph = graph

    async def run(self, chain: str) -> None:
        config = {"configurable": {"thread_id": chain}}
        state = await self._graph.ainvoke({"done": 0}, config, durability="sync")
        assert state == {"done": STEPS}


@asynccontextmanager
async def open_langgraph(folder: Path) -> AsyncGenerator[LangGraph]:
    """Yield a compiled graph on a checkpointer in `folder`."""
    checkpoints: Any = import_module("langgraph.checkpoint.sqlite.aio")
    async with checkpoints.AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        await saver.conn.execute("PRAGMA synchronous=FULL")
        yield LangGraph("langgraph", _graph(saver))


def langgraph_in_memory() -> LangGraph:
    """Return the same graph on the checkpointer that keeps nothing."""
    memory: Any = import_module("langgraph.checkpoint.memory")
    return LangGraph("langgraph-memory", _graph(memory.InMemorySaver()))


def _graph(saver: Any) -> Any:
    # by name, since it is installed for `make bench` alone and its types are not known everywhere
    api: Any = import_module("langgraph.graph")
    graph = api.StateGraph(State)
    names = [f"s{step}" for step in range(STEPS)]
    for name in names:
        graph.add_node(name, _step)
    for source, target in zip([api.START, *names], [*names, api.END], strict=True):
        graph.add_edge(source, target)
    return graph.compile(checkpointer=saver)
