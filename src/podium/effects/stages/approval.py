"""Approval: a person agrees to exactly this request, or it does not happen.

The approval binds the SHA-256 of the request's bytes. When the node comes back after the wait, every stage before
this one has decided again, and a request that is not the approved one is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable

from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended
from podium.errors import EffectDenied
from podium.node.calls import Reply, ToolCall


def approval(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Ask when the grant says so and nobody has answered yet."""
    if not effect.needs_approval:
        return proceed(effect)
    known = effect.known
    if not known.approval:
        assert isinstance(effect.call, ToolCall)
        raise Suspended(
            effect.id,
            EffectQuestion(
                reason="approval",
                text=f"May `{effect.name}` be called?",
                show={
                    "tool": effect.call.tool,
                    "function": effect.call.function,
                    "arguments": effect.call.arguments,
                    "target": effect.target,
                },
                request_hash=effect.request_hash,
            ),
        )
    if known.approved_request != effect.request_hash:
        raise EffectDenied(
            "GA003",
            f"what `{effect.name}` would send is not what was approved",
            help="run the workflow again; the new request needs its own approval",
        )
    effect.reasons.append("approved")
    return proceed(effect)
