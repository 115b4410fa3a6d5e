from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsStr

from podium.errors import ErrorKind, NodeError
from podium.node.calls import RunCall
from podium.node.contract import Done, Fork, ItemResult
from podium.nodes.subflow import SubflowNode
from podium.spec.diagnostic import SpecError
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext
from podium.testing.running import compile_text, run_workflow
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

PLAIN = "{subflow: greet, with: {person: Ada}}"


async def collected(config: Any, item: ItemResult) -> Done:
    return await SubflowNode().collect(ScriptedContext(), config, {}, [item])


async def test_hands_its_inputs_over(configure: Configure) -> None:
    ctx = ScriptedContext()

    assert await SubflowNode().run(ctx, configure(PLAIN), {"with": {"person": "Ada"}}) == Fork([{"person": "Ada"}])
    assert await SubflowNode().run(ctx, configure("{subflow: greet}"), {}) == Fork([{}])
    assert ctx.calls == []


async def test_detached_it_is_done_as_soon_as_the_run_exists(configure: Configure) -> None:
    ctx = ScriptedContext()
    config = configure(PLAIN[:-1] + ", detached: true}")

    done = await SubflowNode().run(ctx, config, {"with": {"person": "Ada"}})

    assert done == Done({"run": "r000000000001"})
    assert ctx.calls == [RunCall(action="start", workflow="greet", value={"person": "Ada"})]


async def test_its_result_is_that_of_the_other_workflow(configure: Configure) -> None:
    assert await collected(configure(PLAIN), ItemResult(index=0, status="ok", value="Hello")) == Done("Hello")


@pytest.mark.parametrize("kind", ["failed", "denied", "limit"])
async def test_it_fails_as_the_other_workflow_did(configure: Configure, kind: ErrorKind) -> None:
    failed = ItemResult(index=0, status="failed", code="EF021", kind=kind, message="not there")

    with pytest.raises(NodeError) as caught:
        await collected(configure(PLAIN), failed)

    assert (caught.value.code, caught.value.kind, caught.value.message) == ("EF021", kind, "`greet` failed: not there")


async def test_an_error_without_a_code_has_the_subflows(configure: Configure) -> None:
    with pytest.raises(NodeError) as caught:
        await collected(configure(PLAIN), ItemResult(index=0, status="failed", kind="failed", message="no"))

    assert caught.value.code == "EN061"


def test_the_type_of_its_result_is_that_of_the_other_workflow(configure: Configure) -> None:
    text = parse_type("text")

    assert configure(PLAIN).result_type({"result": text}) == text
    assert configure(PLAIN).result_type({}) == Type.any()
    assert configure("{subflow: greet, detached: true}").result_type({"result": text}) == parse_type({"run": "text"})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{subflow: ''}", "subflow"),
        ("{subflow: greet, version: latest}", "version"),
        ("{subflow: greet, with: [1]}", "with"),
        ("{subflow: greet, detached: sometimes}", "detached"),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert complaints(text) == [(place, IsStr())]


GREET = """podium: 1
name: greet-two
inputs: {n: {type: integer, default: 1}}
flows:
  greet:
    podium: 1
    name: greet
    inputs: {person: {type: text}, mark: {type: text, default: "."}}
    nodes: {line: {transform: "Hello, ${inputs.person}${inputs.mark}"}}
    result: line.out
nodes:
  %s
"""


async def test_it_runs_in_place_and_defaults_of_its_inputs_hold() -> None:
    result = await run_workflow(GREET % "one: {subflow: greet, with: {person: Ada}}\nresult: one.out")

    assert (result.status, result.value) == ("done", "Hello, Ada.")
    assert result.outs == {"one/line": "Hello, Ada.", "one": "Hello, Ada."}


async def test_a_failure_inside_is_handled_outside() -> None:
    text = GREET.replace('{transform: "Hello, ${inputs.person}${inputs.mark}"}', "{validate: inputs.person != 'Ada'}")

    result = await run_workflow(text % "one: {subflow: greet, with: {person: Ada}, default: nobody}\nresult: one.out")

    assert (result.status, result.value) == ("done_with_errors", "nobody")


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ("one: {subflow: greed, with: {person: Ada}}", "GR010"),
        ("one: {subflow: greet}", "GR011"),
        ("one: {subflow: greet, with: {person: Ada, age: 3}}", "GR011"),
        ("one: {subflow: greet, with: {person: 3}}", "GR011"),
    ],
)
def test_what_it_names_and_gives_must_fit(node: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_text(GREET % node)

    assert [found.code for found in caught.value.diagnostics] == [code]


def test_it_sees_nothing_of_the_workflow_around_it() -> None:
    text = GREET.replace("${inputs.person}", "${inputs.n}")

    with pytest.raises(SpecError) as caught:
        compile_text(text % "one: {subflow: greet, with: {person: Ada}}")

    assert [found.code for found in caught.value.diagnostics] == ["EX004"]


async def test_a_value_whose_type_only_shows_at_run_time_must_fit_as_well() -> None:
    text = (
        GREET
        % """data: {llm: name, output: any}
  one: {subflow: greet, with: {person: "${data.out}"}, on_error: {invalid_input: nobody}}
  nobody: {transform: "${one.error.message}"}
result: nobody.out"""
    )

    result = await run_workflow(text, model=ScriptedModel(["3"]))

    assert result.value == "`greet`: input `person`: 3 is not of type 'string'"
