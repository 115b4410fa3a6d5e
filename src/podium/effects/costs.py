"""Costs: the most that a call can use, before it is made; and what it has used, afterwards.

The most of a model call is its longest answer and the longest that its prompt can be. No tokenizer makes more tokens
than there are bytes, so the prompt is counted by its bytes and a few for each message. What must be left for it is the
answer alone: otherwise the last quarter of every budget could never be used.
"""

from __future__ import annotations

from msgspec.json import Encoder

from podium.effects.effect import Effect
from podium.gate.price import Price
from podium.ledger.record import Reservation, SharedBudget
from podium.node.calls import ModelCall, ToolCall, Usage
from podium.spec.amounts import UNKNOWN
from podium.spec.budget import CostSpec

MESSAGE_TOKENS = 16
"""What a model's template may add to each message."""

_encode = Encoder().encode

_UNPAID = frozenset({"unavailable", "rate_limited", "invalid_input", "cancelled", "denied", "limit", "internal"})
"""Kinds of errors after which a tool has done nothing that it could ask money for."""


def most_tokens(call: ModelCall) -> int:
    """Return the most tokens that a prompt can have."""
    told = sum(len(message.text.encode()) + MESSAGE_TOKENS for message in call.messages)
    return told + (0 if call.schema is None else len(_encode(call.schema)))


def reservation(effect: Effect, budgets: tuple[SharedBudget, ...]) -> Reservation | None:
    """Return what an effect sets aside; None when it is one call and nothing else."""
    call = effect.call
    if isinstance(call, ModelCall):
        return _of_model(call, effect.price, budgets)
    cost = _declared(effect)
    if cost is None and not budgets:
        return None
    cost = cost or CostSpec()
    return Reservation(nano_usd=cost.nano_usd, micro_wh=cost.micro_wh or 0, budgets=budgets)


def _of_model(call: ModelCall, price: Price | None, budgets: tuple[SharedBudget, ...]) -> Reservation:
    prompt, answer = most_tokens(call), call.max_tokens
    if price is None:
        return Reservation(
            tokens=prompt + answer, nano_usd=UNKNOWN, micro_wh=UNKNOWN, input_tokens=prompt, budgets=budgets
        )
    known = price.energy is not None
    return Reservation(
        tokens=prompt + answer,
        nano_usd=price.nano_usd(prompt, answer),
        micro_wh=price.micro_wh(prompt + answer),
        input_tokens=prompt,
        input_nano_usd=price.nano_usd(prompt, 0),
        input_micro_wh=price.micro_wh(prompt) if known else 0,
        budgets=budgets,
    )


def cost(effect: Effect, usage: Usage | None, error_kind: str = "") -> tuple[int, int]:
    """Return what an attempt has cost, `(nano_usd, micro_wh)`, `UNKNOWN` where nobody knows.

    Args:
        usage: The tokens of a model call, None for other calls.
        error_kind: Of the error that it ended with, "" when it went well.
    """
    if isinstance(effect.call, ModelCall):
        tokens = usage or Usage()
        if tokens == Usage() and error_kind in _UNPAID:
            return 0, 0
        if effect.price is None or (tokens == Usage() and error_kind):
            return UNKNOWN, UNKNOWN
        price = effect.price
        return (
            price.nano_usd(tokens.input_tokens, tokens.output_tokens),
            price.micro_wh(tokens.input_tokens + tokens.output_tokens),
        )
    if error_kind in _UNPAID:
        return 0, 0
    declared = _declared(effect)
    if declared is None:
        return 0, UNKNOWN
    return declared.nano_usd, UNKNOWN if declared.micro_wh is None else declared.micro_wh


def _declared(effect: Effect) -> CostSpec | None:
    call = effect.call
    if not isinstance(call, ToolCall) or (grant := effect.grants.get(call.tool)) is None:
        return None
    return grant.cost_of(call.function)
