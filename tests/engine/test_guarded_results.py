"""A result that asks whether something is there is given although it is not."""

from __future__ import annotations

import pytest

from podium.testing.running import run_workflow

pytestmark = pytest.mark.anyio

TEXT = """
podium: 1
name: guarded
inputs: {flag: {type: boolean, default: false}}
nodes:
  inside:
    scope:
      maybe: {transform: there, when: inputs.flag}
    result: "has(maybe.out) ? maybe.out : 'missing'"
  each:
    map: "[1, 2]"
    do:
      odd: {transform: "odd", when: item == 1}
    result: "has(odd.out) ? odd.out : 'even'"
  some:
    map: "[1, 2]"
    do:
      one: {transform: "odd", when: item == 1}
    result: one.out
"""


async def test_what_a_result_has_asked_for_may_be_missing() -> None:
    result = await run_workflow(TEXT)

    assert (result.outs["inside"], result.outs["each"], result.outs["some"]) == ("missing", ["odd", "even"], ["odd"])
