"""Kill switches: many of them, each for something, in the place of the one for everything."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the column in the place of `killed`; what was stopped stays so."""
    op.execute("ALTER TABLE control ADD COLUMN switches TEXT NOT NULL DEFAULT '[]'")
    # no parameter may be read out of the colon
    op.execute("""UPDATE control SET switches = '[{"scope"\\:"everything"}]' WHERE killed""")
    op.execute("ALTER TABLE control DROP COLUMN killed")
