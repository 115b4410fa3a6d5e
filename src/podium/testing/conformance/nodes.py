"""What every node type must do. Subclass, say what stands in a file, and run with pytest and anyio.

```python
class TestShout(NodeTypeSuite):
    node = ShoutNode()                                      # or a function marked @podium.node_type
    example: ClassVar = {"shout": "hello", "times": 2}      # a node as in a file, with values instead of `${…}`
```

`world` is overridden by a type that calls something: it returns a `ScriptedContext` with the answers that it needs.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import pytest

from podium.graph.closure import closure
from podium.graph.fields import check_field, fields
from podium.node.calls import ModelCall, RunCall, ToolCall
from podium.node.contract import Done, Node, Outcome
from podium.node.function import FunctionNode, node_of
from podium.node.guard import inside
from podium.node.registry import Registry
from podium.spec.dump import dump
from podium.spec.load import load
from podium.spec.model import NodeConfig, Workflow, keys_of
from podium.testing.conformance.reach import modules_of, reaches
from podium.testing.context import ScriptedContext

Json = Any

PATIENCE_S = 10.0
"""How long a node of a test may take, and how soon it must end when it is cancelled."""


class _Hanging(ScriptedContext):
    """A world that never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()

    async def _never(self) -> Any:  # noqa: ANN401 - it returns nothing
        self.called.set()
        await asyncio.Event().wait()

    async def call_model(self, call: ModelCall) -> Any:  # noqa: ANN401 - it never returns
        self.calls.append(call)
        return await self._never()

    async def call_tool(self, call: ToolCall) -> Any:  # noqa: ANN401 - it never returns
        self.calls.append(call)
        return await self._never()

    async def call_run(self, call: RunCall) -> Any:  # noqa: ANN401 - it never returns
        self.calls.append(call)
        return await self._never()


class NodeTypeSuite:
    """The claims; `node` and `example` are those of the module's example."""

    node: ClassVar[Node | Callable[..., object]]
    example: ClassVar[Mapping[str, Json]]

    pytestmark = pytest.mark.anyio

    def world(self) -> ScriptedContext:
        """Return a fresh world with the answers that the node asks for."""
        return ScriptedContext()

    # ── its part of the language ──

    def test_its_key_is_a_setting_of_its_config(self) -> None:
        """And a registry takes it."""
        node = node_of(type(self).node)

        assert Registry([node])[node.type] is node
        assert node.type in keys_of(node.config)

    def test_it_is_told_what_it_is_and_what_each_setting_means(self) -> None:
        """In the schema, the reference and the canvas."""
        node = node_of(type(self).node)
        silent = [name for name, field in node.config.model_fields.items() if not (field.description or "").strip()]

        assert (inspect.getdoc(node.config) or "").strip()
        assert node.config.__doc__ != NodeConfig.__doc__
        assert silent == []

    def test_what_is_written_is_read_back_as_the_same(self) -> None:
        """By a file, and by the closure that pins a run."""
        workflow, types = self._workflow()

        for text in (dump(workflow, node_types=types), closure(workflow).decode()):
            assert load(text, file="workflow.yaml", node_types=types).workflow == workflow

    def test_a_setting_that_it_does_not_have_is_refused(self) -> None:
        """A mistyped one is never passed over."""
        loaded = _loaded({**type(self).example, "no_such_setting": 1}, self._types())

        assert [found.code for found in loaded.diagnostics] == ["SP010"]

    # ── its work ──

    async def test_done_again_with_the_same_answers_it_does_the_same(self) -> None:
        """After a crash it is run again from the top: same calls, same result."""
        first, second = self.world(), self.world()

        assert await self._run(first) == await self._run(second)
        assert first.calls == second.calls

    async def test_what_it_gives_is_json(self) -> None:
        """Results are recorded, and read by expressions."""
        outcome = await self._run(self.world())

        if isinstance(outcome, Done):
            assert json.loads(json.dumps(outcome.out, allow_nan=False)) == outcome.out

    async def test_while_it_works_it_reaches_nothing_past_its_context(self) -> None:
        """No file, no connection, no program, no sleep in the loop: the guard would stop it."""
        with inside(node_of(type(self).node).type):
            await self._run(self.world())

    async def test_cancelled_it_ends_at_once_and_leaves_nothing_behind(self) -> None:
        """While it waits for an answer."""
        before = asyncio.all_tasks()
        world = _Hanging()
        work = asyncio.ensure_future(self._run(world))
        called = asyncio.ensure_future(world.called.wait())
        await asyncio.wait({work, called}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        called.cancel()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(work), PATIENCE_S)
        await asyncio.sleep(0)

        assert work.done()
        assert work.cancelled() or not world.called.is_set()
        assert asyncio.all_tasks() - before <= {work, called}

    # ── its code ──

    def test_its_code_has_no_way_past_its_context(self) -> None:
        """No import and no call that a node has no use for, in all of its package."""
        node = node_of(type(self).node)
        home = node.function if isinstance(node, FunctionNode) else type(node)
        module = inspect.getmodule(home)
        assert module is not None

        assert [reach for each in modules_of(module) for reach in reaches(each)] == []

    # ── within ──

    def _types(self) -> dict[str, type[NodeConfig]]:
        return Registry([node_of(type(self).node)]).configs()

    def _workflow(self) -> tuple[Workflow, dict[str, type[NodeConfig]]]:
        types = self._types()
        loaded = _loaded(type(self).example, types)
        assert loaded.workflow is not None, loaded.diagnostics
        return loaded.workflow, types

    async def _run(self, ctx: ScriptedContext) -> Outcome:
        workflow, _ = self._workflow()
        config = workflow.nodes["subject"]
        late = config.late_fields()
        values = {field.key: _value(field) for field in fields(config) if field.key not in late}
        async with asyncio.timeout(PATIENCE_S):
            return await node_of(type(self).node).run(ctx, config, values)


def _loaded(example: Mapping[str, Json], types: Mapping[str, type[NodeConfig]]) -> Any:  # noqa: ANN401 - as `load`
    text = json.dumps({"podium": 1, "name": "subject", "nodes": {"subject": dict(example)}})
    return load(text, file="workflow.yaml", node_types=types)


def _value(field: Any) -> Json:  # noqa: ANN401 - a field of `podium.graph.fields`
    program = check_field(field, {})
    assert not isinstance(program, list), f"`{field.key}` of the example reads something: {program}"
    return program.eval({})
