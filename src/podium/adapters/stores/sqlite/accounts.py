"""Shared budgets in the database: accounts, what is held in them, what each run has used.

Every run that is claimed or ends may hold something. Where nobody has ever shared a budget that question is not asked:
a statement at each claim is a hand-over of the interpreter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from podium.clock import Millis
from podium.ids import EffectKey, RunId
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.requests import Changes
from podium.spec.amounts import Amounts

_UNITS = "tokens, nano_usd, calls, micro_wh"
_HELD = "held_tokens, held_nano_usd, held_calls, held_micro_wh"

READ_ACCOUNTS = f"SELECT id, {_UNITS}, {_HELD}, unpriced, unmetered, updated_at FROM budget"  # noqa: S608 - our own names
READ_HOLDS = f"SELECT run, effect, budget, doubt, {_UNITS} FROM budget_hold"  # noqa: S608 - our own names
READ_SHARES = f"SELECT budget, run, {_UNITS} FROM budget_share"  # noqa: S608 - our own names

_PUT_ACCOUNT = f"INSERT OR REPLACE INTO budget (id, {_UNITS}, {_HELD}, unpriced, unmetered, updated_at) VALUES ({','.join('?' * 12)})"  # noqa: S608, E501 - our own names
_PUT_HOLD = f"INSERT OR REPLACE INTO budget_hold (run, effect, budget, doubt, {_UNITS}) VALUES (?,?,?,?,?,?,?,?)"  # noqa: S608 - our own names
_DROP_HOLD = "DELETE FROM budget_hold WHERE run = ? AND effect = ? AND budget = ? AND doubt = ?"
_ADD_SHARE = (
    f"INSERT INTO budget_share (budget, run, {_UNITS}) VALUES (?,?,?,?,?,?) ON CONFLICT (budget, run) DO UPDATE SET "  # noqa: S608 - our own names
    + ", ".join(f"{unit} = {unit} + excluded.{unit}" for unit in _UNITS.split(", "))
)


def any_account(connection: sqlite3.Connection) -> bool:
    """Return whether anybody has ever shared a budget."""
    return connection.execute("SELECT EXISTS (SELECT 1 FROM budget)").fetchone()[0] == 1


def accounts(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[Account, ...]:
    """Return the accounts that there are."""
    marks = ",".join("?" * len(ids))
    return tuple(account_of(*row) for row in connection.execute(f"{READ_ACCOUNTS} WHERE id IN ({marks})", tuple(ids)))


def holds(connection: sqlite3.Connection, runs: Sequence[RunId]) -> tuple[Hold, ...]:
    """Return what these runs hold."""
    marks = ",".join("?" * len(runs))
    return tuple(hold_of(*row) for row in connection.execute(f"{READ_HOLDS} WHERE run IN ({marks})", tuple(runs)))


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Insert, update and delete what a batch changed."""
    for hold in changes.let_go:
        connection.execute(_DROP_HOLD, (hold.run, hold.effect, hold.budget, hold.doubt))
    for hold in changes.holds:
        connection.execute(_PUT_HOLD, (hold.run, hold.effect, hold.budget, hold.doubt, *_values(hold.amounts)))
    for account in changes.accounts:
        figures = (*_values(account.used), *_values(account.held), account.unpriced, account.unmetered)
        connection.execute(_PUT_ACCOUNT, (account.id, *figures, account.updated_at))
    for share in changes.shares:
        connection.execute(_ADD_SHARE, (share.budget, share.run, *_values(share.used)))


def account_of(name: str, *columns: int) -> Account:
    """Return an account from the columns of `READ_ACCOUNTS`."""
    unpriced, unmetered, updated_at = columns[8:]
    return Account(
        id=name,
        used=Amounts(*columns[:4]),
        held=Amounts(*columns[4:8]),
        unpriced=unpriced,
        unmetered=unmetered,
        updated_at=Millis(updated_at),
    )


def hold_of(run: str, effect: str, budget: str, doubt: int, *amounts: int) -> Hold:
    """Return a hold from the columns of `READ_HOLDS`."""
    return Hold(RunId(run), EffectKey(effect), budget, bool(doubt), Amounts(*amounts))


def share_of(budget: str, run: str, *amounts: int) -> Share:
    """Return a share from the columns of `READ_SHARES`."""
    return Share(budget, RunId(run), Amounts(*amounts))


def _values(amounts: Amounts) -> tuple[Any, ...]:
    return amounts.tokens, amounts.nano_usd, amounts.calls, amounts.micro_wh
