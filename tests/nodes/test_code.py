from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from podium.adapters.sandbox.installed import InstalledSandboxes
from podium.errors import EffectDenied, NodeError
from podium.ledger.record import ApprovalGiven, NodeFailed
from podium.node.calls import CodeAsk, CodeCall, CodeLimits, CodeReply, ToolCall
from podium.node.contract import Done
from podium.nodes.code import CodeNode
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext
from podium.testing.running import run_workflow
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]
Complaints = Callable[[str], list[tuple[str, str]]]


def values(code: object = "1", given: object = None, files: object = None) -> dict[str, Any]:
    return {"code": code, "with": given or {}, "files": files or {}}


def gives(value: object) -> Callable[[CodeCall], CodeReply]:
    return lambda _: CodeReply(value=value)


async def test_hands_code_and_variables_to_the_sandbox_and_its_value_on(configure: Configure) -> None:
    ctx = ScriptedContext(code=gives(3))
    config = configure("{code: a + b, with: {a: 1, b: 2}, limits: {cpu: 2s, memory: 64MB}, profile: process}")

    done = await CodeNode().run(ctx, config, values("a + b", {"a": 1, "b": 2}, {"x.txt": "X"}))

    assert done == Done(3)
    assert ctx.calls == [
        CodeCall(
            source="a + b",
            inputs={"a": 1, "b": 2},
            profile="process",
            files={"x.txt": "X"},
            limits=CodeLimits(cpu_ms=2000, memory=64_000_000),
        )
    ]


async def test_a_call_of_a_tool_is_made_by_the_node_and_its_answer_handed_back(configure: Configure) -> None:
    def code(call: CodeCall) -> CodeReply:
        if call.turn < 2:
            ask = CodeAsk(function="git_log", arguments={"n": call.turn}, state=b"%d" % call.turn)
            return CodeReply(ask=ask, files={"kept": "F"})
        return CodeReply(value=call.answer)

    ctx = ScriptedContext(code=code, tools={"git.git-log": lambda arguments: f"log {arguments['n']}"})
    config = configure("{code: x, tools: [git.git-log]}")

    assert await CodeNode().run(ctx, config, values("x")) == Done("log 1")
    first = CodeCall(source="x", functions=("git_log",))
    assert ctx.calls == [
        first,
        ToolCall(tool="git", function="git-log", arguments={"n": 0}, turn=1),
        CodeCall(source="x", functions=("git_log",), state=b"0", answer="log 0", turn=1, files={"kept": "F"}),
        ToolCall(tool="git", function="git-log", arguments={"n": 1}, turn=2),
        CodeCall(source="x", functions=("git_log",), state=b"1", answer="log 1", turn=2, files={"kept": "F"}),
    ]


async def test_code_that_never_stops_calling_is_stopped(configure: Configure) -> None:
    ask = CodeReply(ask=CodeAsk(function="log", arguments={}, state=b"s"))
    ctx = ScriptedContext(code=lambda _: ask, tools={"git.log": 1})

    with pytest.raises(NodeError, match="more than 2 times") as caught:
        await CodeNode().run(ctx, configure("{code: x, tools: [git.log], limits: {calls: 2}}"), values("x"))

    assert (caught.value.code, caught.value.kind) == ("EN086", "limit")
    assert sum(isinstance(call, ToolCall) for call in ctx.calls) == 2


async def test_a_tool_that_is_denied_ends_the_node(configure: Configure) -> None:
    ctx = ScriptedContext(code=lambda _: CodeReply(ask=CodeAsk(function="log", arguments={}, state=b"s")))

    with pytest.raises(EffectDenied):
        await CodeNode().run(ctx, configure("{code: x, tools: [git.log]}"), values("x"))


async def test_a_result_of_another_type_is_refused(configure: Configure) -> None:
    with pytest.raises(NodeError) as caught:
        await CodeNode().run(ScriptedContext(code=gives("3")), configure("{code: '1', output: integer}"), values())

    assert (caught.value.code, caught.value.kind) == ("EN085", "invalid_output")


async def test_files_that_are_kept_stand_beside_the_value(configure: Configure) -> None:
    config = configure("{code: '1', keep: [a.txt], output: integer}")
    ctx = ScriptedContext(code=lambda _: CodeReply(value=1, files={"a.txt": "A"}))

    assert await CodeNode().run(ctx, config, values()) == Done({"value": 1, "files": {"a.txt": "A"}})
    assert config.result_type({}) == Type(
        {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "files": {"type": "object", "properties": {"a.txt": {"type": "string"}}},
            },
        }
    )


@pytest.mark.parametrize("code", ["```python\nx = 1\nx\n```", "```\nx = 1\nx\n```\n", "x = 1\nx"])
async def test_a_fence_around_what_a_model_wrote_is_no_code(configure: Configure, code: str) -> None:
    ctx = ScriptedContext(code=gives(1))

    await CodeNode().run(ctx, configure("{code: '${write.out}'}"), values(code))

    assert [call.source for call in ctx.calls if isinstance(call, CodeCall)] == ["x = 1\nx"]


@pytest.mark.parametrize(
    ("given", "message"),
    [(values(3), "the code is no text"), (values("1", None, {"a.txt": 3}), "the file `a.txt` is no text")],
)
async def test_what_is_no_text_is_not_run(configure: Configure, given: dict[str, Any], message: str) -> None:
    ctx = ScriptedContext(code=gives(1))

    with pytest.raises(NodeError, match=message):
        await CodeNode().run(ctx, configure("{code: '${write.out}'}"), given)

    assert ctx.calls == []


def test_the_result_has_the_declared_type_or_any(configure: Configure) -> None:
    assert configure("{code: '1'}").result_type({}) == Type.any()
    assert configure("{code: '1', output: {n: integer}}").result_type({}) == parse_type({"n": "integer"})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{code: 'x = ${a.out}'}", "code"),
        ("{code: x, with: [1]}", "with"),
        ("{code: x, with: {a-b: 1}}", "with"),
        ("{code: x, files: {../up: a}}", "files"),
        ("{code: x, files: {.hidden: a}}", "files"),
        ("{code: x, keep: [a/b]}", "keep.0"),
        ("{code: x, tools: [log]}", "tools.0"),
        ("{code: x, tools: [git.log, svn.log]}", ""),
        ("{code: x, tools: [git.log], profile: process}", ""),
        ("{code: x, profile: docker}", "profile"),
        ("{code: x, language: perl}", "language"),
        ("{code: x, limits: {memory: 64}}", "limits.memory"),
        ("{code: x, limits: {memory: 1B}}", "limits.memory"),
        ("{code: x, limits: {calls: -1}}", "limits.calls"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(complaints: Complaints, text: str, place: str) -> None:
    assert [where for where, _ in complaints(text)] == [place]


ASKING = """podium: 1
name: asking
tools:
  shop: {python: scripted, effect: write, delivery: keyed, trust: trusted, approval: required}
nodes:
  buy:
    code: |
      first = order(n=1)
      {"first": first, "second": order(n=first + 1)}
    tools: [shop.order]
result: buy.out
"""


async def test_each_call_of_a_tool_waits_for_its_own_approval_and_the_code_goes_on() -> None:
    sandboxes = InstalledSandboxes()
    try:
        result = await run_workflow(
            ASKING, tools={"shop.order": lambda given: given["n"] * 10}, sandboxes=sandboxes, answers={"*": "approved"}
        )
        waiting = await run_workflow(ASKING, tools={"shop.order": 1}, sandboxes=sandboxes)
    finally:
        await sandboxes.close()

    assert (result.status, result.value) == ("done", {"first": 10, "second": 110})
    assert sum(isinstance(record.body, ApprovalGiven) for record in result.records) == 2
    assert waiting.status == "approval"


WRITTEN = """podium: 1
name: written
tools:
  web: {python: scripted, effect: read, delivery: repeatable}
  mail: {python: scripted, effect: write, delivery: keyed}
nodes:
  page: {tool: web.read}
  write: {llm: "Write code that finds the recipient in ${page.out}"}
  find: {code: "${write.out}", with: {page: "${page.out}"}, output: text}
  send: {tool: mail.send, with: {to: "${find.out}"}}
"""


async def test_what_code_of_a_model_gives_is_trusted_no_more_than_what_it_was_made_of() -> None:
    sandboxes = InstalledSandboxes()
    try:
        result = await run_workflow(
            WRITTEN,
            model=ScriptedModel(["page['to'].lower()"]),
            tools={"web.read": {"to": "EVE@EXAMPLE.ORG"}, "mail.send": None},
            sandboxes=sandboxes,
        )
    finally:
        await sandboxes.close()

    assert (result.outs["find"], result.status) == ("eve@example.org", "approval")


async def test_without_a_sandbox_no_code_is_run() -> None:
    result = await run_workflow("podium: 1\nname: none\nnodes:\n  a: {code: '1'}\n")

    codes = [record.body.code for record in result.records if isinstance(record.body, NodeFailed)]
    assert (result.status, codes) == ("failed", ["EF060"])
