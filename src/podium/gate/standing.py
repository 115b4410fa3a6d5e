"""Standing approvals: somebody agrees beforehand to calls of one kind, within bounds.

1. A standing approval is a yes of one person, with what they held when they gave it. It counts for a call as if they
   had said it now, by the rule of that call: four eyes, roles and the number of voices hold as ever.
2. Every call that it counts for uses it up once, and adds its amount. A call that comes back after a crash is the same
   call: it has its use already.
3. An argument that cannot be read (no number where an amount is wanted, no recipient where one is) does not fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import urlsplit

from podium.ids import EffectKey
from podium.spec.standing import Scope

Json = Any

MICRO = Decimal(1_000_000)
MAX_MICRO = 2**53 - 1

RECIPIENTS = frozenset(
    {
        *("to", "cc", "bcc", "recipient", "recipients", "receiver", "receivers", "addressee", "addressees"),
        *("email", "emails", "participants", "attendees", "iban", "account", "payee", "channel", "user", "users"),
    }
)
"""Names of arguments that say who is affected."""


def fits(scope: Scope, *, effect: str, workflow: str, run: str, arguments: Mapping[str, Json], now: int) -> bool:
    """Whether a call is one that somebody agreed to, as far as its own arguments say."""
    return (
        scope.effect == effect
        and scope.workflow == workflow
        and scope.run in ("", run)
        and (not scope.until or now < scope.until)
        and (not scope.argument or amount_of(arguments.get(scope.argument)) is not None)
        and _within(scope.recipients, recipients(arguments))
        and _within(scope.origins, origins(arguments))
    )


def has_left(scope: Scope, used: Mapping[EffectKey, int], effect: EffectKey, arguments: Mapping[str, Json]) -> bool:
    """Whether a call may still use it, given the amounts of the calls that did; one that did may."""
    if effect in used:
        return True
    more = amount_in(scope, arguments)
    enough = not scope.argument or sum(used.values()) + more <= scope.most_micro
    return enough and (not scope.uses or len(used) < scope.uses)


def amount_in(scope: Scope, arguments: Mapping[str, Json]) -> int:
    """Return the amount of a call that fits, in millionths; 0 where none counts."""
    return (amount_of(arguments.get(scope.argument)) or 0) if scope.argument else 0


def amount_of(value: Json) -> int | None:
    """Return an amount in millionths, rounded up; None for what is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = (Decimal(str(value)) * MICRO).to_integral_value(ROUND_CEILING)
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and 0 <= amount <= MAX_MICRO else None


def mark(text: str) -> str:
    """Return the digest by which a recipient or an origin is known in records."""
    return hashlib.sha256(text.strip().casefold().encode()).hexdigest()


def recipients(arguments: Mapping[str, Json]) -> frozenset[str]:
    """Return the digests of all recipients that the arguments name."""
    named = (value for name, value in arguments.items() if name.casefold() in RECIPIENTS)
    return frozenset(mark(text) for value in named for text in _texts(value))


def origins(arguments: Mapping[str, Json]) -> frozenset[str]:
    """Return the digests of the origins of all addresses that stand whole in the arguments."""
    return frozenset(mark(found) for text in _texts(dict(arguments)) if (found := origin(text)))


def origin(text: str) -> str:
    """Return scheme, host and port of an address, "" for what is none."""
    try:
        parts = urlsplit(text.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.scheme and parts.hostname else ""


def _within(allowed: tuple[str, ...], named: frozenset[str]) -> bool:
    return not allowed or (bool(named) and named <= set(allowed))


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in cast("dict[str, Json]", value).values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in cast("list[Json]", value):
                yield from _texts(inner)
        case _:
            return
