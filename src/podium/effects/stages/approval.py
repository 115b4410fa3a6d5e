"""Approval: a person agrees to exactly this request, or it does not happen.

The approval binds the SHA-256 of the request's bytes. When the node comes back after the wait, every stage before
this one has decided again, and a request that is not the approved one is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import msgspec

from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended
from podium.errors import EffectDenied
from podium.node.calls import Reply, ToolCall


def approval(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Ask when the grant says so and nobody has answered yet."""
    asked = [obligation for obligation in effect.obligations if obligation.kind == "approval"]
    if not asked:
        return proceed(effect)
    known = effect.known
    if not known.approval:
        raise Suspended(
            effect.id,
            EffectQuestion(
                reason="approval",
                text=f"May `{effect.name}` be called?",
                show={
                    **_what(effect),
                    "target": effect.target,
                    "why": [obligation.about or obligation.reason for obligation in asked],
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


def _what(effect: Effect) -> dict[str, Any]:
    call = effect.call
    if isinstance(call, ToolCall):
        return {"tool": call.tool, "function": call.function, "arguments": call.arguments}
    return {"call": msgspec.to_builtins(call)}
