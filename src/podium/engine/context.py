"""The context of one attempt: the engine's side of `podium.node.Context`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from podium.clock import Clock, Millis
from podium.effects.effect import Effect, Known
from podium.effects.gateway import Gateway
from podium.effects.ports import Journal
from podium.engine.state import NodeState, RunState
from podium.engine.values import Values
from podium.errors import NodeError
from podium.ids import NodePath, RunId, effect_key
from podium.node.calls import Call, ModelCall, ModelReply, Reply, RunCall, RunReply, ToolCall, ToolReply
from podium.node.contract import Feedback
from podium.spec.model import Expression, ToolSpec, Workflow

Json = Any


@dataclass(kw_only=True, slots=True)
class NodeContext:
    """What a node of this attempt sees.

    Attributes:
        names: Values for late expressions.
        unknown: The effect that was stopped after it had been sent, if one was.
    """

    state: RunState
    node: NodeState
    gateway: Gateway
    journal: Journal
    values: Values
    clock: Clock
    grants: Mapping[str, ToolSpec]
    flows: Mapping[str, Workflow]
    workflow: str
    principal: str
    watch: Callable[[NodePath, str], None]
    feedback: Feedback | None = None
    names: dict[str, Json] = field(default_factory=dict[str, Json])
    idle: asyncio.Timeout | None = None
    idle_s: float = 0.0
    unknown: Effect | None = None

    @property
    def run_id(self) -> RunId:
        """The run."""
        return self.state.run

    @property
    def path(self) -> NodePath:
        """Where the node stands, and which of its fallbacks it is."""
        return self.node.place

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self.node.attempts + 1

    def now(self) -> Millis:
        """Return the wall clock."""
        return self.clock.now()

    def evaluate(self, expression: Expression, **names: Json) -> Json:
        """Evaluate a late expression."""
        return self.node.work.late[str(expression)].eval({**self.names, **names})

    def progress(self, text: str) -> None:
        """Tell watchers, and put the idle timeout off."""
        if self.idle is not None and not self.idle.expired():
            self.idle.reschedule(asyncio.get_running_loop().time() + self.idle_s)
        self.watch(self.path, text)

    async def call_model(self, call: ModelCall) -> ModelReply:
        """Ask a model, through the gateway."""
        reply = await self._perform(call, "model.chat", 0)
        if isinstance(reply, ModelReply):
            return reply
        raise _wrong_reply("model.chat")

    async def call_tool(self, call: ToolCall) -> ToolReply:
        """Call a tool, through the gateway."""
        name = f"tool.{call.tool}.{call.function}"
        reply = await self._perform(call, name, call.position)
        if isinstance(reply, ToolReply):
            return reply
        raise _wrong_reply(name)

    async def call_run(self, call: RunCall) -> RunReply:
        """Start a run, or tell it something, through the gateway."""
        reply = await self._perform(call, f"run.{call.action}", 0)
        if isinstance(reply, RunReply):
            return reply
        raise _wrong_reply(f"run.{call.action}")

    async def _perform(self, call: Call, name: str, position: int) -> Reply:
        assert self.state.created is not None
        effect = Effect(
            run=self.state.run,
            root=self.state.created.root,
            path=self.path,
            attempt=self.attempt,
            call=call,
            grants=self.grants,
            known=await self._known(call, name, position),
            journal=self.journal,
            progress=self.progress,
            flows=self.flows,
            workflow=self.workflow,
            principal=self.principal,
        )
        try:
            return await self.gateway.perform(effect)
        finally:
            if effect.unknown:
                self.unknown = effect

    async def _known(self, call: Call, name: str, position: int) -> Known:
        """Return what the run's state says of the effect that this call is."""
        assert self.state.created is not None
        key = effect_key(self.state.created.root, self.path, name, turn=call.turn, position=position)
        known = self.state.effects.get(key)
        if known is None:
            return Known()
        reply: Reply | None = None
        if known.reply is not None:
            reply = msgspec.convert(await self.values.load(known.reply), Reply)
        question = await self.values.load(known.question) if known.approval else None
        return Known(
            attempts=known.attempts,
            lost=known.lost,
            doubt=known.doubt,
            send_before=known.send_before,
            reply=reply,
            landed=known.landed,
            approval=known.approval,
            approved_request=question["request"] if question else "",
        )


def _wrong_reply(name: str) -> NodeError:
    return NodeError("EN006", f"the recorded reply of `{name}` is of another kind", kind="internal")
