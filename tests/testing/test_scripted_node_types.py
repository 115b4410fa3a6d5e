"""Shipped node types pass the suite of plug-ins, and types that misbehave do not."""

from __future__ import annotations

import asyncio
import inspect
import random
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

import podium
from podium.node import Context
from podium.node.guard import Reached
from podium.nodes.llm import LlmNode
from podium.nodes.tool import ToolNode
from podium.nodes.transform import TransformNode
from podium.testing import ScriptedContext, ScriptedModel
from podium.testing.conformance.nodes import NodeTypeSuite
from podium.testing.conformance.reach import reaches

Text = Annotated[str, Field(description="What to work on.")]


class TestTransform(NodeTypeSuite):
    node = TransformNode()
    example: ClassVar[Mapping[str, Any]] = {"transform": {"title": "Dear Ada", "size": 3}}


class TestLlm(NodeTypeSuite):
    node = LlmNode()
    example: ClassVar[Mapping[str, Any]] = {"llm": "Hello.", "output": {"title": "text"}, "max_tokens": 20}

    def world(self) -> ScriptedContext:
        return ScriptedContext(model=ScriptedModel([{"title": "Hi."}]))


class TestTool(NodeTypeSuite):
    node = ToolNode()
    example: ClassVar[Mapping[str, Any]] = {"tool": "files.read", "with": {"path": "a.md"}}

    def world(self) -> ScriptedContext:
        return ScriptedContext(tools={"files.read": "text"})


@podium.node_type
async def opening(text: Text) -> str:
    """Read a file past the context."""
    with Path("/etc/hostname").open(encoding="utf-8") as file:  # noqa: ASYNC230 - that is the mistake
        return file.read() + text


@podium.node_type
async def guessing(text: Text) -> float:
    """Return something else each time."""
    return random.random() + len(text)  # that is the mistake


@podium.node_type
async def deaf(ctx: Context, text: Text) -> str:
    """Start work that nobody ends."""
    global left_behind  # noqa: PLW0603 - that is the mistake
    left_behind = asyncio.ensure_future(asyncio.sleep(30, text))
    return (await ctx.call_model(Any)).text  # type: ignore[arg-type] # it is never answered


left_behind: asyncio.Task[str] | None = None


@podium.node_type
async def untold(text: str) -> str:
    """Have a setting that nobody explains."""
    return text


def suite(function: Any) -> NodeTypeSuite:
    class Found(NodeTypeSuite):
        node = function
        example: ClassVar[Mapping[str, Any]] = {function.__name__: "hello"}

    return Found()


@pytest.mark.anyio
async def test_a_type_that_opens_files_is_found_while_it_works() -> None:
    with pytest.raises(Reached, match="it opens `/etc/hostname`"):
        await suite(opening).test_while_it_works_it_reaches_nothing_past_its_context()


@pytest.mark.anyio
async def test_a_type_that_does_something_else_each_time_is_found() -> None:
    with pytest.raises(AssertionError):
        await suite(guessing).test_done_again_with_the_same_answers_it_does_the_same()


@pytest.mark.anyio
async def test_a_type_that_leaves_work_behind_is_found() -> None:
    with pytest.raises(AssertionError):
        await suite(deaf).test_cancelled_it_ends_at_once_and_leaves_nothing_behind()
    assert left_behind is not None
    left_behind.cancel()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a package `reaching` that can be imported."""
    folder = tmp_path / "reaching"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "reaching"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import httpx", "imports `httpx`"),
        ("import socket as s", "imports `socket`"),
        ("from socket import create_connection", "imports `socket.create_connection`"),
        ("from urllib import request", "imports `urllib.request`"),
        ("import os.path", "imports `os.path`"),
        ("from podium.effects import gateway", "imports `podium.effects.gateway`"),
        ("from podium.effects.gateway import Gateway", "imports `podium.effects.gateway.Gateway`"),
        ("import podium.ledger.writer", "imports `podium.ledger.writer`"),
        ("from podium.ledger.writer import Writer", "imports `podium.ledger.writer.Writer`"),
        ("def f():\n    import subprocess", "imports `subprocess`"),
        ("import importlib", "imports `importlib`"),
        ("m = __import__('socket')", "calls `__import__`"),
        ("f = open('x')", "calls `open`"),
        ("import datetime\nnow = datetime.datetime.now()", "calls `datetime.datetime.now`"),
    ],
)
def test_a_way_past_the_context_is_found_by_reading(package: Path, code: str, found: str) -> None:
    (package / "wrong.py").write_text(f"def unused():\n    {code.replace(chr(10), chr(10) + '    ')}\n")

    module = import_module("reaching.wrong")

    assert [reach.partition(": ")[2] for reach in reaches(module)] == [found]


def test_code_that_keeps_to_its_context_has_no_reach() -> None:
    module = inspect.getmodule(LlmNode)
    assert module is not None
    assert reaches(module) == []
