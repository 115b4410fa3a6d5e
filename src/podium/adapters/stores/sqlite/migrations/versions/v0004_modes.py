"""Modes: lists show which runs are shadow or dry runs. All runs of before are live."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE run ADD COLUMN mode TEXT NOT NULL DEFAULT 'live'")
