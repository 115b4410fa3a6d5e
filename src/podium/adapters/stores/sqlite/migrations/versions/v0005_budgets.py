"""Shared budgets: what of them is used and held, by which effects, and by which runs."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNITS = ("tokens", "nano_usd", "calls", "micro_wh")
_USED = ", ".join(f"{unit} INTEGER NOT NULL" for unit in _UNITS)
_HELD = ", ".join(f"held_{unit} INTEGER NOT NULL" for unit in _UNITS)


def upgrade() -> None:
    """Create the tables."""
    op.execute(
        f"CREATE TABLE budget (id TEXT NOT NULL PRIMARY KEY, {_USED}, {_HELD}, "
        "unpriced INTEGER NOT NULL, unmetered INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT"
    )
    op.execute(
        "CREATE TABLE budget_hold (run TEXT NOT NULL, effect TEXT NOT NULL, budget TEXT NOT NULL, "
        f"doubt INTEGER NOT NULL, {_USED}, PRIMARY KEY (run, effect, budget, doubt)) STRICT"
    )
    op.execute(
        "CREATE TABLE budget_share (budget TEXT NOT NULL, run TEXT NOT NULL, "
        f"{_USED}, PRIMARY KEY (budget, run)) STRICT"
    )
