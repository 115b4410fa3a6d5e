"""A plug-in has a bound on its time, and does not act past its context by mistake."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from podium.errors import NodeError
from podium.node import Done, NodeConfig, Template, ToolCall, Values
from podium.node import guard as guarding
from podium.node.contract import Node
from podium.node.guard import Reached, guarded
from podium.testing import ScriptedContext

pytestmark = pytest.mark.anyio


class ActConfig(NodeConfig):
    act: Template


class ActNode:
    type: ClassVar[str] = "act"
    config: ClassVar[type[NodeConfig]] = ActConfig

    def __init__(self, act: Callable[[Any], Any]) -> None:
        self._act = act

    async def run(self, ctx: Any, config: ActConfig, values: Values) -> Done:
        found = self._act(ctx)
        return Done(await found if asyncio.iscoroutine(found) else found)


CONFIG = ActConfig(act=Template(1))


def acting(act: Callable[[Any], Any]) -> Node:
    return guarded(ActNode(act))


ACTS: dict[str, Callable[[Any], Any]] = {
    "a connection": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "a name": lambda _: socket.getaddrinfo("localhost", 80),
    "a program": lambda _: subprocess.run([sys.executable, "--version"], check=True),
    "a database": lambda _: sqlite3.connect(":memory:"),
    "sleep": lambda _: sys.audit("time.sleep", 0.001),  # as Python says it; the real one is refused in all our tests
    "a thread of asyncio": lambda _: asyncio.to_thread(Path("/etc/hostname").read_text),
}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("act", ACTS)
async def test_acting_past_the_context_is_stopped_before_it_happens(act: str) -> None:
    with pytest.raises(Reached) as caught:
        await acting(ACTS[act]).run(ScriptedContext(), CONFIG, {})

    assert (caught.value.code, caught.value.kind) == ("EN073", "denied")


async def test_a_file_is_neither_read_nor_written(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"

    acts: list[Callable[[Any], Any]] = [lambda _: file.write_text("x"), lambda _: Path("/etc/hostname").read_bytes()]
    for act in acts:
        with pytest.raises(Reached):
            await acting(act).run(ScriptedContext(), CONFIG, {})

    assert not file.exists()


async def test_modules_may_be_imported_and_their_files_read() -> None:
    def import_something(_: Any) -> str:
        import wave  # a module that nothing else has loaded

        return wave.__name__

    sys.modules.pop("wave", None)

    assert await acting(import_something).run(ScriptedContext(), CONFIG, {}) == Done("wave")


async def test_what_a_tool_does_behind_the_context_is_not_watched() -> None:
    def write(arguments: Any) -> int:
        sys.audit("os.remove", "/somewhere", -1)
        return len(arguments["text"])

    async def act(ctx: Any) -> Any:
        return (await ctx.call_tool(ToolCall(tool="files", function="write", arguments={"text": "abc"}))).value

    ctx = ScriptedContext(tools={"files.write": write})

    assert await acting(act).run(ctx, CONFIG, {}) == Done(3)


async def test_outside_of_the_node_nothing_is_watched(tmp_path: Path) -> None:
    await acting(lambda _: 1).run(ScriptedContext(), CONFIG, {})

    await asyncio.to_thread((tmp_path / "out.txt").write_text, "x")


async def test_a_plug_in_that_does_nothing_for_long_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PAUSE_S", 0.01)

    with pytest.raises(NodeError) as caught:
        await acting(lambda _: asyncio.Event().wait()).run(ScriptedContext(), CONFIG, {})

    assert (caught.value.code, caught.value.kind) == ("EN072", "timeout")


async def test_the_time_of_calls_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PAUSE_S", 0.01)
    waited = asyncio.Event()

    class SlowContext(ScriptedContext):
        async def call_tool(self, call: ToolCall) -> Any:
            await asyncio.sleep(0.05)  # five times the bound
            waited.set()
            return await super().call_tool(call)

    async def act(ctx: Any) -> Any:
        return (await ctx.call_tool(ToolCall(tool="a", function="b", arguments={}))).value

    assert await acting(act).run(SlowContext(tools={"a.b": 1}), CONFIG, {}) == Done(1)
    assert waited.is_set()


async def test_a_timeout_of_the_node_takes_the_place_of_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "PAUSE_S", 0.001)
    config = ActConfig.model_validate({"act": 1, "timeout": "10s"})

    assert await acting(lambda _: asyncio.sleep(0.02, "late")).run(ScriptedContext(), config, {}) == Done("late")
