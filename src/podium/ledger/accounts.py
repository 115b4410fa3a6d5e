"""Accounts: what of the budgets that runs share is used, and what is held for calls under way.

Like the rows of runs they are delivery, not truth: everything in them follows from the records (`Book.enter`), and
`podium ledger verify` works it out anew and compares. But they decide: the transaction that would write an intent
looks at them, and refuses it when one of its budgets has no room.

1. An intent holds the most that its effect can use in every budget that its reservation names. When one has no room,
   nothing is held anywhere (`OverBudget`).
2. A known outcome gives the hold back and counts what was used.
3. What nobody knows is charged: a hold whose outcome is unknown, or whose worker died, or whose run has ended, counts
   as used. It is given back when somebody says that it did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from podium.clock import Millis
from podium.errors import OverBudget
from podium.ids import EffectKey, RunId
from podium.ledger.record import (
    AnyBody,
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    Reservation,
    RunClaimed,
    RunEnded,
)
from podium.spec.amounts import NOTHING, UNKNOWN, Amounts, room


class Account(Struct, frozen=True, kw_only=True):
    """One shared budget in one period.

    Attributes:
        id: `support/2026-11`.
        used: Settled or charged.
        held: For calls under way.
        unpriced, unmetered: Calls whose cost, or energy, nobody knows; they stand in `used` as nothing.
        updated_at: When something in it last changed.
    """

    id: str
    used: Amounts = NOTHING
    held: Amounts = NOTHING
    unpriced: int = 0
    unmetered: int = 0
    updated_at: Millis = Millis(0)

    def and_also(self, other: Account) -> Account:
        """Return the account in which both are counted."""
        return replace(
            self,
            used=_sum(self.used, other.used),
            held=_sum(self.held, other.held),
            unpriced=self.unpriced + other.unpriced,
            unmetered=self.unmetered + other.unmetered,
            updated_at=max(self.updated_at, other.updated_at),
        )


class Hold(Struct, frozen=True):
    """What an effect holds in an account; `doubt` when it is charged because nobody knows how the effect ended."""

    run: RunId
    effect: EffectKey
    budget: str
    doubt: bool
    amounts: Amounts


class Share(Struct, frozen=True):
    """What one run has used of an account."""

    budget: str
    run: RunId
    used: Amounts

    def more(self, used: Amounts) -> Share:
        """Return it with more used, or less."""
        return replace(self, used=_sum(self.used, used))


class _Place(Struct, frozen=True, gc=False):
    effect: EffectKey
    budget: str
    doubt: bool


Holds = dict[_Place, Amounts]


def touches(body: AnyBody) -> bool:
    """Tell whether a record may change an account."""
    match body:
        case EffectIntent(reservation=Reservation(budgets=budgets)) | EffectOutcome(budgets=budgets):
            return bool(budgets)
        case DoubtSettled() | RunClaimed() | RunEnded():
            return True
        case _:
            return False


def named(body: AnyBody) -> tuple[str, ...]:
    """Return the accounts that a record names."""
    match body:
        case EffectIntent(reservation=Reservation(budgets=budgets)):
            return tuple([budget.id for budget in budgets])
        case EffectOutcome(budgets=budgets):
            return budgets
        case _:
            return ()


class Book:
    """The accounts and holds that a batch, or a whole ledger, has to do with."""

    def __init__(self, accounts: Iterable[Account] = (), holds: Iterable[Hold] = ()) -> None:
        self.accounts = {account.id: account for account in accounts}
        self._holds: dict[RunId, Holds] = {}
        self._shares: dict[tuple[str, RunId], Amounts] = {}
        for hold in holds:
            self._of(hold.run)[_Place(hold.effect, hold.budget, hold.doubt)] = hold.amounts
        self._stored_accounts = dict(self.accounts)
        self._stored_holds = {run: dict(found) for run, found in self._holds.items()}

    def enter(self, run: RunId, bodies: Iterable[AnyBody], *, at: Millis, checked: bool = True) -> None:
        """Count what records say, all of them or none; without `checked` there is always room.

        Raises:
            OverBudget: a budget has no room for an effect.
        """
        touching = [body for body in bodies if touches(body)]
        if not touching:
            return
        before = (dict(self.accounts), dict(self._of(run)), dict(self._shares))
        try:
            for body in touching:
                self._enter(run, body, at, checked=checked)
        except OverBudget:
            self.accounts, self._holds[run], self._shares = before
            raise

    def _enter(self, run: RunId, body: AnyBody, at: Millis, *, checked: bool) -> None:
        match body:
            case EffectIntent(reservation=Reservation() as reservation):
                self._reserve(run, body.id, reservation, at, checked=checked)
            case EffectOutcome(status="unknown", budgets=budgets):
                for budget in budgets:
                    self._charge(run, _Place(body.id, budget, doubt=False), at)
            case EffectOutcome():
                self._settle(run, body, at)
            case DoubtSettled():
                self._told(run, body, at)
            case _:
                for place in [place for place in self._of(run) if not place.doubt]:
                    self._charge(run, place, at)

    def _reserve(self, run: RunId, effect: EffectKey, asked: Reservation, at: Millis, *, checked: bool) -> None:
        if checked:
            self._check(asked)
        most = asked.most.known
        for budget in asked.budgets:
            place = _Place(effect, budget.id, doubt=False)
            self._of(run)[place] = self._of(run).get(place, NOTHING) + most
            self._change(budget.id, at, held=most)

    def _check(self, asked: Reservation) -> None:
        waits: OverBudget | None = None
        for budget in asked.budgets:
            account = self.accounts.get(budget.id) or Account(id=budget.id)
            found = room(budget.limits, used=account.used, held=account.held, most=asked.most, need=asked.need)
            if found.verdict == "limit":
                raise OverBudget(budget.id, "limit", found.unit)
            if found.verdict == "wait":
                waits = waits or OverBudget(budget.id, "wait", found.unit)
        if waits is not None:
            raise waits

    def _settle(self, run: RunId, body: EffectOutcome, at: Millis) -> None:
        holds = self._of(run)
        for budget in body.budgets:
            held = holds.pop(_Place(body.id, budget, doubt=False), NOTHING)
            holds.pop(_Place(body.id, budget, doubt=True), None)  # nobody will ever say that it was less
            self._change(budget, at, used=body.used.known, held=NOTHING - held)
            self._use(run, budget, body.used.known)
            account = self.accounts[budget]
            self.accounts[budget] = replace(
                account,
                unpriced=account.unpriced + (body.nano_usd == UNKNOWN),
                unmetered=account.unmetered + (body.micro_wh == UNKNOWN),
            )

    def _charge(self, run: RunId, place: _Place, at: Millis) -> None:
        """Count a hold as used: nobody knows how its effect ended."""
        holds = self._of(run)
        held = holds.pop(place, None)
        if held is None:
            return
        doubt = _Place(place.effect, place.budget, doubt=True)
        holds[doubt] = holds.get(doubt, NOTHING) + held
        self._change(place.budget, at, used=held, held=NOTHING - held)
        self._use(run, place.budget, held)

    def _told(self, run: RunId, body: DoubtSettled, at: Millis) -> None:
        """Somebody knows whether the effect happened: it stays charged, or nothing was used."""
        holds = self._of(run)
        for place in [place for place in holds if place.effect == body.id and place.doubt]:
            amounts = holds.pop(place)
            if not body.landed:
                self._change(place.budget, at, used=NOTHING - amounts)
                self._use(run, place.budget, NOTHING - amounts)

    def _change(self, budget: str, at: Millis, *, used: Amounts = NOTHING, held: Amounts = NOTHING) -> None:
        account = self.accounts.get(budget) or Account(id=budget)
        self.accounts[budget] = replace(
            account,
            used=_sum(account.used, used),
            held=_sum(account.held, held),
            updated_at=max(at, account.updated_at),
        )

    def _use(self, run: RunId, budget: str, amounts: Amounts) -> None:
        self._shares[budget, run] = _sum(self._shares.get((budget, run), NOTHING), amounts)

    def _of(self, run: RunId) -> Holds:
        return self._holds.setdefault(run, {})

    # ── what has changed ──

    def changed(self) -> list[Account]:
        """Return the accounts that are not as they were stored."""
        stored = self._stored_accounts
        return [account for name, account in sorted(self.accounts.items()) if stored.get(name) != account]

    def holds(self) -> Iterator[Hold]:
        """Yield all holds that there are now."""
        for run, holds in sorted(self._holds.items()):
            for place, amounts in holds.items():
                yield Hold(run, place.effect, place.budget, place.doubt, amounts)

    def put(self) -> list[Hold]:
        """Return the holds that are new or changed."""
        stored = self._stored_holds
        return [
            hold
            for hold in self.holds()
            if stored.get(hold.run, {}).get(_Place(hold.effect, hold.budget, hold.doubt)) != hold.amounts
        ]

    def gone(self) -> list[Hold]:
        """Return the stored holds that are not there any more."""
        return [
            Hold(run, place.effect, place.budget, place.doubt, amounts)
            for run, holds in self._stored_holds.items()
            for place, amounts in holds.items()
            if place not in self._holds[run]
        ]

    def shares(self) -> list[Share]:
        """Return what runs have used more than was stored, or less."""
        return [Share(budget, run, used) for (budget, run), used in sorted(self._shares.items()) if used != NOTHING]


def _sum(one: Amounts, other: Amounts) -> Amounts:
    """Return the sum of amounts that may be negative, unlike `+`, for which less than nothing is unknown."""
    return Amounts(
        one.tokens + other.tokens,
        one.nano_usd + other.nano_usd,
        one.calls + other.calls,
        one.micro_wh + other.micro_wh,
    )
