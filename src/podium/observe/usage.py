"""What a run has used: a fold over its records, without I/O.

What nobody knows is counted apart and never taken for nothing. Each attempt is a call, whatever became of it; one that
was sent and whose end nobody knows counts with what it had reserved, as it does in budgets.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from podium.clock import Millis
from podium.ids import EffectKey
from podium.ledger.record import (
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    NodeParked,
    Record,
    Reservation,
    RunClaimed,
    RunCreated,
    RunEnded,
)
from podium.spec.amounts import NOTHING, UNKNOWN, Amounts

ASKED = ("approval", "ask")
"""Reasons to wait for which a person is asked, but for what has gone wrong by accident."""


class Usage(Struct, frozen=True, kw_only=True):
    """What a run has used so far.

    Attributes:
        used: Settled or charged.
        output_tokens: The part of the tokens that are answers.
        unpriced, unmetered: Calls whose cost, or energy, nobody knows.
        approvals: Questions that people were asked.
        ms: From its first record to its last, waiting included.
    """

    used: Amounts = NOTHING
    output_tokens: int = 0
    unpriced: int = 0
    unmetered: int = 0
    approvals: int = 0
    ms: int = 0


class UsageFold:
    """The fold; one object, one run."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._open: dict[EffectKey, Amounts] = {}
        self._charged: dict[EffectKey, Amounts] = {}
        self._began = Millis(0)

    def add_all(self, records: Iterable[Record]) -> None:
        """Take records, in order."""
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take the next record of the run."""
        body = record.body
        match body:
            case RunCreated():
                self._began = record.at
            case EffectIntent(id=key, reservation=reservation):
                self._open[key] = (reservation or Reservation()).most.known
            case EffectOutcome(id=key, status="unknown"):
                self._charge(key)
            case EffectOutcome():
                self._settle(body)
            case DoubtSettled(id=key, landed=landed):
                charged = self._charged.pop(key, NOTHING)
                if not landed:
                    self._use(NOTHING - charged)
            case RunClaimed() | RunEnded():
                for key in list(self._open):
                    self._charge(key)
            case NodeParked(reason=reason) if reason in ASKED:
                self.usage = replace(self.usage, approvals=self.usage.approvals + 1)
            case _:
                pass
        self.usage = replace(self.usage, ms=max(0, record.at - self._began))

    def _settle(self, body: EffectOutcome) -> None:
        self._open.pop(body.id, None)
        self._charged.pop(body.id, None)
        self._use(body.used.known)
        usage = self.usage
        self.usage = replace(
            usage,
            output_tokens=usage.output_tokens + body.output_tokens,
            unpriced=usage.unpriced + (body.nano_usd == UNKNOWN),
            unmetered=usage.unmetered + (body.micro_wh == UNKNOWN),
        )

    def _charge(self, key: EffectKey) -> None:
        held = self._open.pop(key, None)
        if held is not None:
            self._charged[key] = self._charged.get(key, NOTHING) + held
            self._use(held)

    def _use(self, amounts: Amounts) -> None:
        used = self.usage.used
        self.usage = replace(
            self.usage,
            used=Amounts(
                used.tokens + amounts.tokens,
                used.nano_usd + amounts.nano_usd,
                used.calls + amounts.calls,
                used.micro_wh + amounts.micro_wh,
            ),
        )
