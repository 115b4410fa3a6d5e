"""A context for testing a node type alone: no engine, no gateway, no ledger.

```python
ctx = ScriptedContext(model=ScriptedModel(["A haiku."]), tools={"files.read": "text"}, scope={"inputs": {"n": 3}})
done = await LlmNode().run(ctx, config, {"llm": "Write a haiku."})
assert ctx.calls == [ModelCall(...)]
```

It keeps the promises of `podium.node.Context`: expressions are evaluated by the real evaluator over `scope` and the
names given, a tool that is not in `tools` is denied, the clock stands still. What it does not do is remember: a call
is made each time it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from podium.clock import Millis
from podium.effects.ports import ModelPort
from podium.errors import EffectDenied, EffectError, ExpressionError
from podium.ids import NodePath, RunId, effect_key
from podium.node.calls import CodeCall, CodeReply, ModelCall, ModelReply, RunCall, RunReply, ToolCall, ToolReply
from podium.node.contract import BudgetLeft, Feedback
from podium.node.outbox import Outbox
from podium.spec.model import Expression
from podium.spec.types import Type
from podium.testing.outbox import ScriptedOutbox

Json = Any
ScriptedTool = Callable[[Mapping[str, Json]], Json]
"""A function of the arguments by name."""

NOW = Millis(1_790_000_000_000)
"""When every test happens: 2026-09-21 14:13:20 UTC."""


class ScriptedContext:
    """See the module's rules.

    Attributes:
        calls: What the node asked of the world, in order, denied calls included.
        progressed: The signs of life it gave.
    """

    def __init__(
        self,
        *,
        model: ModelPort | None = None,
        tools: Mapping[str, ScriptedTool | Json] | None = None,
        scope: Mapping[str, Json] | None = None,
        code: Callable[[CodeCall], CodeReply] | None = None,
        feedback: Feedback | None = None,
        path: str = "node",
        attempt: int = 1,
        now: Millis = NOW,
        left: BudgetLeft | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        self._model = model
        self._tools = tools or {}
        self._scope = scope or {}
        self._code = code
        self._feedback = feedback
        self._path = NodePath(path)
        self._attempt = attempt
        self._now = now
        self._left = left or BudgetLeft()
        self._outbox = outbox or ScriptedOutbox()
        self.calls: list[ModelCall | ToolCall | RunCall | CodeCall] = []
        self.progressed: list[str] = []

    @property
    def run_id(self) -> RunId:
        return RunId("r000000000000")

    @property
    def path(self) -> NodePath:
        return self._path

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def feedback(self) -> Feedback | None:
        return self._feedback

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    def now(self) -> Millis:
        return self._now

    def budget_left(self) -> BudgetLeft:
        return self._left

    def evaluate(self, expression: Expression, **names: Json) -> Json:
        from podium.graph.expression import check  # noqa: PLC0415 - most tests of nodes evaluate nothing

        names = {**self._scope, **names}
        program = check(expression, dict.fromkeys(names, Type.any()), want=None)
        if isinstance(program, list):
            raise ExpressionError("; ".join(problem.message for problem in program))
        return program.eval(names)

    def progress(self, text: str) -> None:
        self.progressed.append(text)

    async def call_model(self, call: ModelCall) -> ModelReply:
        self.calls.append(call)
        if self._model is None:
            raise EffectError("EF001", "no model is configured", kind="unavailable", help="give the context a `model`")
        key = effect_key(self.run_id, self._path, "model.chat", turn=call.turn)
        return await self._model.call(call, key=key, timeout_s=60, progress=self.progress)

    async def call_tool(self, call: ToolCall) -> ToolReply:
        self.calls.append(call)
        name = f"{call.tool}.{call.function}"
        if name not in self._tools:
            raise EffectDenied("GA001", f"`{name}` is not granted", help="give the context this tool")
        script = self._tools[name]
        if isinstance(script, Exception):
            raise script
        return ToolReply(value=script(call.arguments) if callable(script) else script)

    async def call_run(self, call: RunCall) -> RunReply:
        self.calls.append(call)
        return RunReply(run=call.run or "r000000000001")

    async def call_code(self, call: CodeCall) -> CodeReply:
        self.calls.append(call)
        if self._code is None:
            raise EffectError("EF060", "there is no sandbox", kind="invalid_input", help="give the context `code`")
        return self._code(call)
