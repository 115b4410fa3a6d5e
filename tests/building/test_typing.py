"""What an editor knows: the type checker reads this file, and each `assert_type` is a claim about it."""

from __future__ import annotations

from typing import assert_type

import podium
from podium import make
from podium.api.handle import Handle
from podium.api.result import Result
from podium.building.nodes import LoopNode, MapNode, Node, ScopeNode


async def claims(wf: podium.Workflow) -> None:
    """Never run."""
    draft = wf.llm("draft", f"Announce {wf.inputs.topic}.", output=list[str], temperature=0.5, on_error="continue")
    assert_type(draft, Node)
    assert_type(draft.out.title, podium.Ref)
    assert_type(draft.out[0] == "x", podium.Ref)
    assert_type(wf.map_("lines", draft.out, as_="line", concurrency=8), MapNode)
    assert_type(wf.loop("refine", until=draft.out.ok, max=3), LoopNode)
    assert_type(wf.scope("pay"), ScopeNode)
    assert_type(await podium.run(wf), Result)
    assert_type(await podium.start(wf), Handle)
    assert_type(podium.sync.run(wf), Result)

    # what is wrong is seen while it is written
    wf.llm("a", "Hello.", max_tokns=3)  # pyright: ignore[reportCallIssue]
    wf.llm("b", 3)  # pyright: ignore[reportArgumentType]
    wf.llm("c", "Hello.", max_tokens="many")  # pyright: ignore[reportArgumentType]
    wf.join("d", [draft], reduce="sum")  # pyright: ignore[reportArgumentType]
    wf.end("e", "never")  # pyright: ignore[reportArgumentType]
    wf.tool("f", "a.b", compensate="g")  # pyright: ignore[reportArgumentType]
    make.human("Publish?", shown=draft)  # pyright: ignore[reportCallIssue]


def test_the_claims_are_read_by_the_type_checker() -> None:
    assert claims.__doc__ == "Never run."
