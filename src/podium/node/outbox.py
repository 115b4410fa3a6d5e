"""What a node may do with the outbox of its run: look at what was prepared, and decide about it, once and for all.

A decision is one record: all of it is released, or all of it is dropped. A body that is run again after a crash asks
for the same decision and finds it made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from podium.ids import EffectKey, NodePath
from podium.spec.approval_rule import ANYONE, Rule

Json = Any

Refusal = Literal["guard", "rejected", "expired", "denied"]
"""Why nothing is released: a check, a person, nobody in time, the gate."""


class Prepared(Struct, frozen=True, kw_only=True):
    """An effect that stands in the outbox.

    Attributes:
        node: The node that prepared it.
        effect: Such as `tool.mail.send`. `target`: what would be called.
        call: What would be done, by name: for a tool its arguments.
        preview: What it would change, as its tool tells, or "".
    """

    id: EffectKey
    node: NodePath
    effect: str
    target: str
    call: Json
    preview: str = ""


class Demand(Struct, frozen=True, kw_only=True):
    """What the gate demands before the effects may be released, and nobody has agreed to yet.

    Attributes:
        why: What people must be asked for, a sentence each; nobody has to be asked when it is empty.
        rule: Who must agree.
    """

    why: tuple[str, ...] = ()
    rule: Rule = ANYONE


class Outbox(Protocol):
    """The outbox, as a commit sees it."""

    @property
    def rehearsing(self) -> bool:
        """Whether nothing will be released, because this is a shadow or dry run."""
        ...

    @property
    def decided(self) -> Literal["released"] | Refusal | None:
        """What this node has decided, None while it has not; in a rehearsal, `released` is what it would be."""
        ...

    async def look(self, nodes: Sequence[str] | None) -> tuple[Prepared, ...]:
        """Return what is prepared, in that order, by these nodes of the scope and what is inside them; None for all.

        Once somebody has been asked, or a decision has been made, it is what that was about.
        """
        ...

    async def weigh(self, prepared: Sequence[Prepared]) -> Demand:
        """Let the gate decide again about each of them.

        Raises:
            EffectDenied: one of them may not happen.
        """
        ...

    async def release(self, prepared: Sequence[Prepared]) -> tuple[Json, ...]:
        """Decide that all of them happen, and carry them out in their order; return what each answered.

        Raises:
            EffectError: one of them failed; the decision stands, and those before it have happened.
            NodeError: EN090 when one of them does not stand in the outbox any more, because another commit has decided
                about it, or its node was sent back to work.
        """
        ...

    async def drop(self, prepared: Sequence[Prepared], why: Refusal) -> None:
        """Decide that none of them happens."""
        ...
