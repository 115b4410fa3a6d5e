"""What a detector finds in a text, and which of several findings at one place counts.

Kinds are grouped, and a group may be named wherever a kind may: `secret` (whoever has it can act), `personal` (it tells
of somebody), `network` (addresses of machines), `date`. Names and places of people are not found: that takes a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

KINDS: dict[str, str] = {
    "private_key": "secret",
    "access_key": "secret",
    "token": "secret",
    "password": "secret",
    "known_secret": "secret",
    "random_text": "secret",
    "email": "personal",
    "phone": "personal",
    "card": "personal",
    "iban": "personal",
    "national_id": "personal",
    "driver_license": "personal",
    "passport": "personal",
    "birth_date": "personal",
    "age": "personal",
    "postcode": "personal",
    "wallet": "personal",
    "url": "network",
    "ip": "network",
    "mac": "network",
    "date": "date",
}
"""The group of each kind. `known_secret` is the value of a secret of this installation, `random_text` what looks like a
key of nobody's form, `wallet` the address of a crypto currency."""

GROUPS: frozenset[str] = frozenset(KINDS.values())


class Finding(NamedTuple):
    """Something that was found.

    Attributes:
        kind: One of `KINDS`, or a kind of a detector of somebody else's.
        start, end: Where, in characters.
        score: How certain it is: 1 for what a checksum or a fixed form proves, 0.5 for what only looks like it.
    """

    kind: str
    start: int
    end: int
    score: float


def kinds_of(names: Iterable[str]) -> frozenset[str]:
    """Return the kinds that are named, one by one or by their group; other names are taken as they are."""
    named = frozenset(names)
    return named - GROUPS | {kind for kind, group in KINDS.items() if group in named}


def resolve(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings that do not overlap, in their order: of those that do, the longest, then the most certain."""
    kept: list[Finding] = []
    for found in sorted(findings, key=lambda one: (one.start - one.end, -one.score, one.start)):
        if all(found.end <= other.start or other.end <= found.start for other in kept):
            kept.append(found)
    return tuple(sorted(kept, key=lambda one: one.start))
