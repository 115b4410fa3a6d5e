"""The context of one attempt: the engine's side of `podium.node.Context`."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec

from podium.clock import Millis
from podium.effects.effect import CallLabels, Effect, Known, answer_label
from podium.engine.committing import CommitOutbox
from podium.engine.spending import left_for, meters_of
from podium.engine.state import EffectState, NodeState
from podium.engine.surroundings import Surroundings
from podium.engine.trail import in_loop, trail
from podium.errors import NodeError
from podium.gate.decision import Obligation
from podium.gate.governor import Trail
from podium.ids import NodePath, RunId, effect_key
from podium.node.calls import (
    Call,
    CodeCall,
    CodeReply,
    ModelCall,
    ModelReply,
    Reply,
    RunCall,
    RunReply,
    ToolCall,
    ToolReply,
)
from podium.node.contract import BudgetLeft, Feedback
from podium.spec.label import USER, Label
from podium.spec.model import Expression

Json = Any


class NodeContext:
    """What a node of this attempt sees.

    Attributes:
        feedback: Why it runs again.
        names: Values for late expressions.
        idle, idle_s: The timeout that each sign of life puts off, and by how much.
        unknown: The effect that was stopped after it had been sent, if one was.
        heard: The labels of the answers that it was given.
        given: What stands under `with`, evaluated.
    """

    __slots__ = ("_home", "_node", "_run", "feedback", "given", "heard", "idle", "idle_s", "names", "unknown")

    def __init__(self, run: Surroundings, node: NodeState) -> None:
        self._run, self._node, self._home = run, node, node.scope.home.graph
        self.feedback: Feedback | None = None
        self.names: dict[str, Json] = {}
        self.idle: asyncio.Timeout | None = None
        self.idle_s = 0.0
        self.unknown: Effect | None = None
        self.heard: list[Label] = []
        self.given: Json = None

    @property
    def run_id(self) -> RunId:
        """The run."""
        return self._run.state.run

    @property
    def path(self) -> NodePath:
        """Where the node stands, and which of its fallbacks it is."""
        return self._node.place

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self._node.attempts + 1

    def now(self) -> Millis:
        """Return the wall clock."""
        return self._run.clock.now()

    def budget_left(self) -> BudgetLeft:
        """Return what is left to use."""
        return left_for(self._run.state, self._node, self.now())

    def evaluate(self, expression: Expression, **names: Json) -> Json:
        """Evaluate a late expression."""
        return self._node.work.late[str(expression)].eval({**self.names, **names})

    def progress(self, text: str) -> None:
        """Tell watchers, and put the idle timeout off."""
        if self.idle is not None and not self.idle.expired():
            self.idle.reschedule(asyncio.get_running_loop().time() + self.idle_s)
        self._run.watch(self.path, text)

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

    async def call_code(self, call: CodeCall) -> CodeReply:
        """Run a program in a sandbox, through the gateway."""
        reply = await self._perform(call, "code.run", 0)
        if isinstance(reply, CodeReply):
            return reply
        raise _wrong_reply("code.run")

    def of(self, node: NodeState) -> NodeContext:
        """Return the context of another node of this run."""
        return NodeContext(self._run, node)

    @property
    def outbox(self) -> CommitOutbox:
        """The outbox of the run."""
        return CommitOutbox(self._run, self._node, self)

    async def _perform(self, call: Call, name: str, position: int) -> Reply:
        effect = await self.effect(call, name, position)
        self.heard.append(answer_label(call, self._home.tools))
        try:
            return await self._run.gateway.perform(effect)
        finally:
            if effect.unknown:
                self.unknown = effect

    async def effect(self, call: Call, name: str, position: int) -> Effect:
        """Return what a call of this node is, with what is known of it."""
        run, home = self._run, self._home
        root = run.root
        key = effect_key(root, self.path, name, turn=call.turn, position=position)
        recorded = run.state.effects.get(key)
        if recorded is not None and recorded.edited is not None and isinstance(call, ToolCall):
            said = await run.values.load(recorded.edited)
            call = msgspec.structs.replace(call, arguments=said["value"]["arguments"])
        chain, autonomy = run.standing(self._node.scope)
        return Effect(
            run=run.state.run,
            root=root,
            path=self.path,
            attempt=self.attempt,
            call=call,
            grants=home.tools,
            known=Known() if recorded is None else await self._known(recorded),
            journal=run.journal,
            progress=self.progress,
            flows=home.flows,
            # what undoes something must be possible also when nothing is left
            meters=meters_of(self._node) if run.state.metered and self._node.undoes is None else (),
            shared=run.state.shared,
            undoes=self._node.undoes is not None,
            workflow=home.flow or run.workflow,
            principal=run.principal,
            chain=chain,
            trajectory=run.state.trajectory,
            trail=self._trail(call),
            governor=run.governor,
            autonomy=autonomy,
            parties=run.parties,
            parent=run.parent,
            tenant=run.tenant,
            labels=self._labels(call),
            mode=run.mode,
            staged=self._staged(),
            output=getattr(self._node.work.config, "output", None),
            masks=run.masks,
            obligations=self._redacted(),
            intents=run.state.intents,
        )

    def _staged(self) -> bool | None:
        """Return whether the node wants a `commit` first; what undoes something is never put off."""
        return False if self._node.undoes is not None else getattr(self._node.work.config, "staged", False) or None

    def _redacted(self) -> list[Obligation]:
        """Return what the node itself wants taken out of what it sends."""
        kinds = self._node.work.config.redact
        return [Obligation(kind="redact", reason="node", settings=(("kinds", ",".join(kinds)),))] if kinds else []

    def _trail(self, call: Call) -> Trail | None:
        """Return where a call is counted when it could be one of many; what undoes something is always let through."""
        repeats = call.turn > 0 or in_loop(self._node)
        return trail(self._node) if repeats and self._node.undoes is None else None

    def _labels(self, call: Call) -> CallLabels:
        """Return where a call of this node comes from: what the node read, and what it has heard since."""
        labels, node = self._run.labels, self._node
        read = labels.read(node)
        if self.heard:
            read = labels.join((read, *self.heard))
        # which function a program calls is decided by all that it has read, not by the author alone
        chosen = node.work.chooses and isinstance(call, ToolCall)
        return CallLabels(
            control=labels.join((labels.control(node), read if chosen else USER, *self.heard)),
            read=read,
            arguments=self._arguments(call, labels.arguments(node)),
        )

    def _arguments(self, call: Call, written: dict[str, Label]) -> dict[str, Label]:
        """Return the labels of those arguments that are what stands under `with`, value for value."""
        sent = call.arguments if isinstance(call, ToolCall) else call.value if isinstance(call, RunCall) else None
        if not isinstance(sent, dict) or not isinstance(self.given, dict):
            return {}
        by_name, given = cast("dict[str, Json]", sent), cast("dict[str, Json]", self.given)
        return {name: label for name, label in written.items() if name in by_name and by_name[name] == given.get(name)}

    async def _known(self, known: EffectState) -> Known:
        """Return what the run's state says of an effect."""
        values = self._run.values
        reply: Reply | None = None
        if known.reply is not None:
            reply = msgspec.convert(await values.load(known.reply), Reply)
        question = await values.load(known.question) if known.approval else None
        return Known(
            attempts=known.attempts,
            lost=known.lost,
            doubt=known.doubt,
            send_before=known.send_before,
            reply=reply,
            landed=known.landed,
            staged=known.staged,
            approval=known.approval,
            terms=known.terms,
            ballots=known.ballots,
            edited_request=known.edited_request,
            over=tuple(question.get("over", ())) if question else (),
        )


def _wrong_reply(name: str) -> NodeError:
    return NodeError("EN006", f"the recorded reply of `{name}` is of another kind", kind="internal")
