"""The first form: runs, records, payloads, workflow versions, control.

History can only be added to: triggers refuse UPDATE and DELETE where the evidence stands. A payload may be deleted
(erasure), never changed.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE run (
        n INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        workflow TEXT NOT NULL,
        version TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        owner TEXT NOT NULL,
        wake INTEGER NOT NULL,
        runnable_at INTEGER NOT NULL,
        next_timer_at INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        head BLOB NOT NULL,
        root TEXT NOT NULL,
        parent TEXT NOT NULL,
        tenant TEXT NOT NULL,
        priority INTEGER NOT NULL,
        CONSTRAINT run_n CHECK (n > 0),
        CONSTRAINT run_head CHECK (length(head) = 32)
    ) STRICT
    """,
    "CREATE INDEX run_woken ON run (priority DESC, runnable_at) WHERE runnable_at > 0 AND owner = ''",
    "CREATE INDEX run_timer ON run (next_timer_at) WHERE next_timer_at > 0 AND owner = ''",
    "CREATE INDEX run_owner ON run (owner) WHERE owner <> ''",
    "CREATE INDEX run_created ON run (created_at)",
    """
    CREATE TABLE record (
        pos INTEGER NOT NULL PRIMARY KEY,
        run INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        key TEXT,
        data BLOB NOT NULL,
        hash BLOB NOT NULL,
        CONSTRAINT record_place UNIQUE (run, seq),
        CONSTRAINT record_seq CHECK (seq > 0),
        CONSTRAINT record_hash CHECK (length(hash) = 32)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX record_key ON record (run, key) WHERE key IS NOT NULL",
    """
    CREATE TABLE payload (
        pos INTEGER NOT NULL PRIMARY KEY,
        run INTEGER NOT NULL,
        digest BLOB NOT NULL,
        salt BLOB NOT NULL,
        data BLOB,
        CONSTRAINT payload_digest UNIQUE (run, digest),
        CONSTRAINT payload_digest_length CHECK (length(digest) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE workflow (
        version TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        closure BLOB NOT NULL,
        source TEXT NOT NULL,
        file TEXT NOT NULL,
        published_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE control (
        id INTEGER NOT NULL PRIMARY KEY,
        killed INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        head BLOB NOT NULL,
        at INTEGER NOT NULL,
        CONSTRAINT control_one_row CHECK (id = 1),
        CONSTRAINT control_head CHECK (length(head) = 32)
    ) STRICT
    """,
    "INSERT INTO control VALUES (1, 0, 0, zeroblob(32), 0)",
)

# `INSERT OR REPLACE` deletes without asking the DELETE trigger; a record that does not come next is refused here too
_NEXT_ONLY = """
    CREATE TRIGGER record_insert_refused BEFORE INSERT ON record
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM record WHERE run = NEW.run)
    BEGIN SELECT RAISE(ABORT, 'record is history and only added to'); END
"""

_GUARDED = (("record", "UPDATE"), ("record", "DELETE"), ("payload", "UPDATE"), ("workflow", "UPDATE"))


def upgrade() -> None:
    """Create everything."""
    for statement in _TABLES:
        op.execute(statement)
    op.execute(_NEXT_ONLY)
    for table, what in _GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_{what.lower()}_refused BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is history and only added to'); END"
        )
