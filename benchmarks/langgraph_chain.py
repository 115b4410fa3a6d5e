"""LangGraph with its SQLite checkpointer, each step durable before the next (`durability="sync"`)."""

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

    name = "langgraph"

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    async def run(self, chain: str) -> None:
        config = {"configurable": {"thread_id": chain}}
        state = await self._graph.ainvoke({"done": 0}, config, durability="sync")
        assert state == {"done": STEPS}


@asynccontextmanager
async def open_langgraph(folder: Path) -> AsyncGenerator[LangGraph]:
    """Yield a compiled graph on a checkpointer in `folder`."""
    # by name, since it is installed for `make bench` alone and its types are not known everywhere
    api: Any = import_module("langgraph.graph")
    checkpoints: Any = import_module("langgraph.checkpoint.sqlite.aio")
    graph = api.StateGraph(State)
    names = [f"s{step}" for step in range(STEPS)]
    for name in names:
        graph.add_node(name, _step)
    for source, target in zip([api.START, *names], [*names, api.END], strict=True):
        graph.add_edge(source, target)
    async with checkpoints.AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        await saver.conn.execute("PRAGMA synchronous=FULL")
        yield LangGraph(graph.compile(checkpointer=saver))
