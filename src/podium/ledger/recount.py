"""Recounting: what the records of all runs say of the budgets that they share, against what the store says.

The sum does not depend on the order in which runs wrote: each account is the sum of what each run did to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from podium.ledger.accounts import Account, Book, Hold, Share
from podium.ledger.store import RunStore
from podium.spec.amounts import NOTHING


async def difference(store: RunStore, books: Iterable[Book]) -> str:
    """Return where the accounts of a store are not what the records say, "" when they are.

    Args:
        store: Asked once for each kind of row.
        books: One for each run, with all its records entered.
    """
    accounts: dict[str, Account] = {}
    holds: list[Hold] = []
    shares: list[Share] = []
    for book in books:
        holds += book.holds()
        shares += book.shares()
        for account in book.changed():
            before = accounts.get(account.id)
            accounts[account.id] = account if before is None else before.and_also(account)
    found = {account.id: account for account in await store.accounts()}
    for name in sorted(accounts.keys() | found.keys()):
        if _figures(accounts.get(name)) != _figures(found.get(name)):
            return f"budget `{name}` is not what the records of its runs come to"
    if set(holds) != set(await store.holds()):
        return "what is held in budgets is not what the records of their runs come to"
    if set(shares) != {share for share in await store.shares() if share.used != NOTHING}:
        return "what runs have used of budgets is not what their records come to"
    return ""


def _figures(account: Account | None) -> object:
    return account and (account.used, account.held, account.unpriced, account.unmetered)
