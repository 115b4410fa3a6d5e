"""Reveal: what was taken out of the request is put back into the answer.

The record holds the answer as it came, with masks; whoever asked gets the values. So the values of a run never hold
masks: the next call has its own looked at and masked anew, and a person or a result shows what is meant.

Only what this very request held is put back. A mask that somebody else wrote into a text stays what it is, and so does
that of a secret.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from podium.effects.effect import Effect, Proceed
from podium.effects.loss import texts_of_call
from podium.gate.redact.masks import masks_in, unmasked
from podium.gate.redact.texts import rewritten, texts_of
from podium.node.calls import Call, ModelCall, ModelReply, Reply, ToolCall, ToolReply


async def reveal(effect: Effect, proceed: Proceed) -> Reply:
    """Put the values back into an answer, recorded or fresh."""
    call = effect.call
    reply = await proceed(effect)
    if not isinstance(call, ModelCall | ToolCall) or not (given := await _values(effect, call, reply)):
        return reply
    if isinstance(reply, ModelReply):
        text = unmasked(reply.text, given)
        return replace(reply, text=text, value=rewritten(reply.value, lambda one: unmasked(one.text, given)))
    assert isinstance(reply, ToolReply)
    return replace(reply, value=rewritten(reply.value, lambda one: unmasked(one.text, given)))


async def _values(effect: Effect, call: Call, reply: Reply) -> Mapping[str, str]:
    """Return `{mask: value}` for the masks in the answer whose values the request held."""
    if isinstance(reply, ModelReply):
        told = [reply.text, *(text.text for text in texts_of(reply.value))]
    elif isinstance(reply, ToolReply):
        told = [text.text for text in texts_of(reply.value)]
    else:
        return {}
    found = {mask for text in told if "<" in text for mask in masks_in(text)}
    if not found:
        return {}
    masks = await effect.masks.ready()
    asked = [text.text for text in texts_of_call(call)]
    values = ((mask, masks.value(mask)) for mask in found)
    return {mask: value for mask, value in values if value is not None and any(value in text for text in asked)}
