"""The outbox as a node sees it: the engine's side of `podium.node.outbox`.

The decision is durable before the first effect is carried out. Each effect then goes through the whole door again,
under the key under which it was staged, so that a worker that takes over neither loses nor repeats one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from podium.effects.effect import CallLabels, Effect, Suspended, answer_label
from podium.engine.outbox import open_in, owner
from podium.engine.state import NodeState, Staged
from podium.engine.surroundings import Surroundings
from podium.errors import NodeError
from podium.gate.approval import joined
from podium.ids import NodeId
from podium.ledger.record import Entry, OutboxDropped, OutboxReleased
from podium.node.calls import Call, Reply, ToolCall, ToolReply
from podium.node.outbox import Demand, Prepared, Refusal
from podium.spec.approval_rule import ANYONE, Rule
from podium.spec.label import USER, Label

Json = Any


class Calls(Protocol):
    """What makes effects of the calls of a node.

    Attributes:
        heard: The labels of the answers that the node was given.
    """

    heard: list[Label]

    def of(self, node: NodeState) -> Calls:
        """Return the same for another node."""
        ...

    async def effect(self, call: Call, name: str, position: int) -> Effect:
        """Return what a call is, with what is known of it."""
        ...

    def progress(self, text: str) -> None:
        """Tell a sign of life."""
        ...


class CommitOutbox:
    """See the module's rules."""

    def __init__(self, run: Surroundings, node: NodeState, context: Calls) -> None:
        self._run, self._node, self._context = run, node, context

    @property
    def rehearsing(self) -> bool:
        """Whether nothing will be released."""
        return self._run.mode != "live"

    @property
    def decided(self) -> Literal["released"] | Refusal | None:
        """What has been decided here."""
        match self._run.state.decisions.get(self._node.path):
            case None:
                return None
            case OutboxDropped(reason=reason) if reason != "mode":
                return reason
            case _:
                return "released"

    async def look(self, nodes: Sequence[str] | None) -> tuple[Prepared, ...]:
        """Return what there is to decide about."""
        return tuple([await self._prepared(staged) for staged in self._chosen(nodes)])

    def _chosen(self, nodes: Sequence[str] | None) -> list[Staged]:
        state, node = self._run.state, self._node
        decision, parked = state.decisions.get(node.path), node.parked
        if decision is not None:
            return [state.outbox[key] for key in decision.ids]
        if parked is not None and parked.staged:
            return [state.outbox[key] for key in parked.staged]
        found = [node.scope.find(NodeId(name)) for name in nodes] if nodes is not None else None
        return open_in(state, node, [one for one in found if one is not None] if found is not None else None)

    async def _prepared(self, staged: Staged) -> Prepared:
        body, call = staged.body, await self._call(staged)
        return Prepared(
            id=body.id,
            node=staged.path,
            effect=body.effect,
            target=body.target,
            call=call.arguments if isinstance(call, ToolCall) else msgspec.to_builtins(call),
            preview=str(await self._run.values.load(body.preview) or ""),
        )

    async def _call(self, staged: Staged) -> Call:
        return msgspec.convert(await self._run.values.load(staged.body.request), Call)

    async def weigh(self, prepared: Sequence[Prepared]) -> Demand:
        """Ask the gate about each; what it demands of people is asked once for all of them."""
        why, rules = dict[str, None](), list[Rule]()
        for one in prepared:
            effect = await self._effect(one)
            try:
                await self._run.gateway.weigh(effect)
            except Suspended as suspended:
                if suspended.question.terms is None:
                    raise  # a doubt, which is settled before anything else
                rules.append(suspended.question.terms.rule)
                asked = (obligation for obligation in effect.obligations if obligation.kind == "approval")
                why |= {f"{effect.name}: {obligation.about or obligation.reason}": None for obligation in asked}
        return Demand(why=tuple(why), rule=joined(rules) if rules else ANYONE)

    async def release(self, prepared: Sequence[Prepared]) -> tuple[Json, ...]:
        """Decide, then carry out; in a rehearsal, only say that it would have been so."""
        ids = tuple(one.id for one in prepared)
        if self.rehearsing:
            await self._decide(OutboxDropped(ids=ids, reason="mode"))
        else:
            approval = next((self._run.state.effect(key).approval for key in ids), "")
            await self._decide(OutboxReleased(ids=ids, approval=approval))
        return tuple([await self._carried_out(one) for one in prepared])

    async def _carried_out(self, one: Prepared) -> Json:
        effect = await self._effect(one)
        self._context.heard.append(answer_label(effect.call, effect.grants))
        return _value(await self._run.gateway.perform(effect))

    async def drop(self, prepared: Sequence[Prepared], why: Refusal) -> None:
        """Decide."""
        await self._decide(OutboxDropped(ids=tuple(one.id for one in prepared), reason=why))

    async def _decide(self, body: OutboxReleased | OutboxDropped) -> None:
        state, path = self._run.state, self._node.path
        if path in state.decisions:
            return
        still = {staged.body.id for staged in open_in(state, self._node, None)}
        if isinstance(body, OutboxReleased) and not still.issuperset(body.ids):
            raise NodeError(
                "EN090",
                f"what `{path}` was to release has changed since it was looked at",
                kind="failed",
                help="let each commit name its nodes, or let one wait for the other with `after`",
            )
        # folded at once, so that no other commit takes the same effects, and durable before anything is carried out
        self._run.journal.defer([Entry(body=body, path=path, attempt=self._node.attempts + 1, key=f"outbox:{path}")])
        await self._run.journal.append([])

    async def _effect(self, one: Prepared) -> Effect:
        """Return the effect as it was prepared, to be carried out by this node."""
        state = self._run.state
        staged = state.outbox[one.id]
        body, node = staged.body, owner(state, staged.path)
        assert node is not None, "what is prepared counts only while its node is there"
        call, labels = await self._call(staged), self._run.labels
        position = call.position if isinstance(call, ToolCall) else 0
        effect = await self._context.of(node).effect(call, body.effect, position)
        effect.releases, effect.path, effect.attempt = body.id, self._node.place, self._node.attempts + 1
        effect.progress, effect.trajectory = self._context.progress, None
        effect.labels = CallLabels(
            control=labels.join((body.control or USER, labels.control(self._node))),
            read=body.read or USER,
            arguments={argument.name: argument.label for argument in body.decision.arguments},
        )
        return effect


def _value(reply: Reply) -> Json:
    return reply.value if isinstance(reply, ToolReply) else msgspec.to_builtins(reply)
