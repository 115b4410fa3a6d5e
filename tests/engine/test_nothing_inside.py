"""A node with nothing inside comes to its end as well."""

from __future__ import annotations

import pytest

from podium.testing.running import run_workflow

pytestmark = pytest.mark.anyio


async def test_a_sub_workflow_without_nodes_is_done_at_once() -> None:
    text = """
        podium: 1
        name: hollow
        flows:
          nothing: {podium: 1, name: nothing, nodes: {}, result: "'nothing'"}
        nodes:
          run_it: {subflow: nothing}
        result: run_it.out
        """

    result = await run_workflow(text)

    assert (result.status, result.value) == ("done", "nothing")


async def test_a_map_over_nothing_that_wants_an_item_fails_with_what_is_missing() -> None:
    text = """
        podium: 1
        name: too-few
        inputs: {words: {type: [text], default: []}}
        nodes:
          each: {map: inputs.words, do: {one: {transform: "${item}"}}, enough: 1, on_error: why}
          why: {transform: "${each.error.code}"}
        result: why.out
        """

    result = await run_workflow(text)

    assert (result.status, result.value) == ("done", "EN064")
