"""Commit: lets happen what was only prepared, all of it or nothing.

```yaml run="ok"
podium: 1
name: two-letters
tools:
  files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, staged: true}
nodes:
  ada: {tool: files.write, with: {path: ada.md, text: Dear Ada}}
  bob: {tool: files.write, with: {path: bob.md, text: Dear Bob}}
  post: {commit: [ada, bob], guard: size(prepared) <= 10}
result: post.out
```

A write of a tool with `staged: true` does not happen when its node runs: it is put into the run's outbox, and the node
is done with `{"staged": id}` in place of an answer. A commit names the nodes whose effects it releases, with everything
inside them, and waits for them; `all` means whatever has been prepared so far by nodes of the commit's own scope that
are done.

- `guard` is an expression over `prepared`, a list of `{node, effect, target, call}`. When it does not hold nothing is
  released, and the node is left by port `denied`.
- `approve` asks people about all of it at once, with everything that will be done; `approval` says who must agree. A
  commit without either asks when one of the effects needs an approval. No leaves by port `rejected`, silence by port
  `expired`; nothing is released.
- The gate decides about every effect again before anything is released. What is not allowed any more is released by
  nobody, and neither is the rest: port `denied`.

What is promised is that the decision is one: after a crash either all effects of it are carried out, each under the key
under which it was prepared, or none. Several systems cannot change in one moment; when one of them fails for good, what
the others have done is undone by the `compensate` of the nodes that prepared it, the last one first. What is never
released does not happen, and the run says how much that was.

The result is a list of `{node, effect, answer}`, in the order in which the effects were prepared. With nothing to
release the node is left by port `empty`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from podium.errors import EffectDenied
from podium.gate.approval import joined
from podium.node.contract import Answer, Context, Done, Json, NodeConfig, Park, Port, Question, Values
from podium.node.outbox import Prepared, Refusal
from podium.spec.approval import ASKED, Approval, rule_of
from podium.spec.model import Condition, Name, TextTemplate
from podium.spec.types import Type

TEXT = Type({"type": "string"})
PREPARED = Type.list_of(Type.object_of({"node": TEXT, "effect": TEXT, "target": TEXT, "call": Type.any()}))
RELEASED = Type.list_of(Type.object_of({"node": TEXT, "effect": TEXT, "answer": Type.any()}))

PORTS: Mapping[Refusal, Port] = {
    "guard": Port("denied"),
    "denied": Port("denied"),
    "rejected": Port("rejected"),
    "expired": Port("expired"),
}
"""By which port a commit is left that releases nothing."""


class CommitConfig(NodeConfig):
    """What is released, under which condition, and on whose word."""

    commit: Literal["all"] | Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    """The nodes whose effects are released, or `all` that has been prepared in its scope."""

    guard: Condition | None = None
    """What must hold of `prepared`, the effects that would be released."""

    approve: TextTemplate | None = None
    """The question that is asked before anything is released."""

    approval: Approval = "never"
    """Who must agree; `required` is anybody, within a day."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def releases(self) -> tuple[str, ...] | Literal["all"]:
        """Return what it names."""
        return self.commit

    def late_fields(self) -> frozenset[str]:
        """Return `guard`: what is prepared is known when it runs."""
        return frozenset({"guard"})

    def late_names(self) -> Mapping[str, Type]:
        """Return `prepared`."""
        return {"prepared": PREPARED}

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
        """Return the type of what was released."""
        return RELEASED


class CommitNode:
    """Looks, asks, decides once, and lets the effects happen in their order."""

    type: ClassVar[str] = "commit"
    config: ClassVar[type[NodeConfig]] = CommitConfig

    async def run(self, ctx: Context, config: CommitConfig, values: Values) -> Done | Park:
        """Decide, or ask a person first."""
        prepared = await _look(ctx, config)
        if not prepared:
            return Done([], port=Port("empty"), reason="nothing was prepared")
        if ctx.outbox.decided is not None:
            return await _decided(ctx, prepared)
        if config.guard is not None and not _holds(ctx, config.guard, prepared):
            return await _nothing(ctx, prepared, "guard", f"`{config.guard}` does not hold")
        return await _asked_or_released(ctx, config, values, prepared, agreed=False)

    async def resume(self, ctx: Context, config: CommitConfig, values: Values, answer: Answer) -> Done | Park:
        """Release exactly what was shown, or nothing."""
        prepared = await _look(ctx, config)
        if ctx.outbox.decided is not None:
            return await _decided(ctx, prepared)
        if answer.verdict == "expired":
            return await _nothing(ctx, prepared, "expired", "nobody answered in time")
        if answer.verdict != "approved":
            said = f"rejected by {answer.by}" if answer.by else "rejected"
            return await _nothing(ctx, prepared, "rejected", f"{said}: {answer.reason}" if answer.reason else said)
        if answer.value is not None:
            return await _nothing(ctx, prepared, "rejected", "what is prepared can be approved, and not be changed")
        return await _asked_or_released(ctx, config, values, prepared, agreed=True)


async def _look(ctx: Context, config: CommitConfig) -> tuple[Prepared, ...]:
    return await ctx.outbox.look(None if config.commit == "all" else config.commit)


async def _asked_or_released(
    ctx: Context, config: CommitConfig, values: Values, prepared: Sequence[Prepared], *, agreed: bool
) -> Done | Park:
    """Release what the gate allows, when everybody who must be asked has been; `agreed`: its own question is."""
    try:
        demand = await ctx.outbox.weigh(prepared)
    except EffectDenied as denied:
        return await _nothing(ctx, prepared, "denied", denied.message)
    own = (rule_of(config.approval) or ASKED.rule) if _asks(config) and not agreed else None
    if ctx.outbox.rehearsing or (own is None and not demand.why):
        return await _released(ctx, prepared)
    rules = [rule for rule in (own, demand.rule if demand.why else None) if rule is not None]
    shown: Json = {"effects": [_shown(one) for one in prepared], "why": list(demand.why)}
    text = values.get("approve") or "May these be done?"
    ids = tuple(one.id for one in prepared)
    return Park(Question(text=text, show=shown, rule=joined(rules), staged=ids))


def _asks(config: CommitConfig) -> bool:
    return config.approve is not None or config.approval != "never"


def _shown(one: Prepared) -> Json:
    told = {"node": one.node, "effect": one.effect, "target": one.target, "call": one.call}
    return {**told, "preview": one.preview} if one.preview else told


def _holds(ctx: Context, guard: Condition, prepared: Sequence[Prepared]) -> bool:
    told = [{"node": one.node, "effect": one.effect, "target": one.target, "call": one.call} for one in prepared]
    return ctx.evaluate(guard, prepared=told) is True


async def _decided(ctx: Context, prepared: Sequence[Prepared]) -> Done:
    """Go on from a decision that was made before a crash, or before an attempt that failed."""
    decided = ctx.outbox.decided
    if decided is None or decided == "released":
        return await _released(ctx, prepared)
    return Done([], port=PORTS[decided], reason="it was decided before")


async def _released(ctx: Context, prepared: Sequence[Prepared]) -> Done:
    answers = await ctx.outbox.release(prepared)
    told = [
        {"node": one.node, "effect": one.effect, "answer": answer}
        for one, answer in zip(prepared, answers, strict=True)
    ]
    return Done(told)


async def _nothing(ctx: Context, prepared: Sequence[Prepared], why: Refusal, reason: str) -> Done:
    await ctx.outbox.drop(prepared, why)
    return Done([], port=PORTS[why], reason=reason)
