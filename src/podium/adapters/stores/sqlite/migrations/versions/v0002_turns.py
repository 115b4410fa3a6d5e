"""Turns and dead letters: which runs wait until others have ended, and which gave up.

Runs of before wait for nobody and have the middle one of the priorities; those that gave up are listed as such.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for column in ("slot TEXT", "turn TEXT"):
        op.execute(f"ALTER TABLE run ADD COLUMN {column} NOT NULL DEFAULT ''")
    for column in ("slots INTEGER", "dead INTEGER"):
        op.execute(f"ALTER TABLE run ADD COLUMN {column} NOT NULL DEFAULT '0'")
    op.execute("UPDATE run SET priority = 5, dead = status IN ('failed', 'denied', 'limit', 'done_with_errors')")
    op.execute("CREATE INDEX run_turn ON run (slot) WHERE turn = 'has'")
    op.execute("CREATE INDEX run_dead ON run (created_at) WHERE dead = 1")
