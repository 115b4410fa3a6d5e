"""The node type passes the suite, and does its work in a workflow."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from podium_wordcount import tool
from podium_wordcount.node import Counted, wordcount

import podium
from podium.testing import run_workflow
from podium.testing.conformance.nodes import NodeTypeSuite


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class TestWordcount(NodeTypeSuite):
    """The conformance suite of node types."""

    node = wordcount
    example: ClassVar[dict[str, object]] = {"wordcount": "the cat and the dog", "top": 1}


@pytest.mark.anyio
async def test_words_are_counted() -> None:
    assert await wordcount("the cat and the dog", top=1) == Counted(words=5, often=["the"])


@pytest.mark.anyio
async def test_it_works_in_a_file_once_it_is_installed() -> None:
    text = "podium: 1\nname: count\nnodes:\n  words: {wordcount: a b a, top: 1}\nresult: words.out.often\n"

    assert (await run_workflow(text)).value == ["a"]


@pytest.mark.anyio
async def test_a_real_run_reads_by_the_tool_and_counts_by_the_node(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("to be or not to be")
    wf = podium.Workflow("count", tools={"files": podium.grant(tool.words_of, root=str(tmp_path))})
    text = wf.tool("text", "files.words_of", with_={"name": "text.txt"}, output=str)
    wf.result = wf.node("words", "wordcount", text.out, top=2).out

    result = await podium.run(wf, home=tmp_path / "home")

    assert result.value == {"words": 6, "often": ["be", "to"]}
