"""Rehearsal: in a dry run no model is asked; what a model would say is an example of the type that the node declares.

It stands before the route, because finding out which models there are may ask servers whether they live.
"""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec

from podium.effects.effect import Effect, Proceed
from podium.effects.outbox import made_up
from podium.node.calls import ModelCall, ModelReply, Reply
from podium.spec.types import Type

NOBODY = "none"
"""The name of the model that answers in a dry run."""


async def _answered(effect: Effect, call: ModelCall) -> Reply:
    value = made_up(effect, Type(call.schema) if call.schema is not None else None)
    return ModelReply(text=msgspec.json.encode(value).decode(), value=value, model=NOBODY)


def rehearsal(effect: Effect, proceed: Proceed) -> Awaitable[Reply]:
    """Answer for the model in a dry run; go on otherwise."""
    if effect.mode == "dry" and isinstance(effect.call, ModelCall):
        return _answered(effect, effect.call)
    return proceed(effect)
