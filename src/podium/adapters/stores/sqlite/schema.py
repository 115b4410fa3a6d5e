"""The tables, as reads see them; `migrations` makes them.

Records and payloads stand in the order in which they came (`pos`), and runs have a number (`n`) besides their id:
what is written together stands together, so that a commit touches few pages. (Clustered by text ids, a commit of 32
appends wrote eight times as many bytes.) The installation's own stream is run number 0 and has no row in `run`.
"""

from __future__ import annotations

from sqlalchemy import BLOB, CheckConstraint, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, text

APPLICATION_ID = 0x506F6449
"""`PoDI`, in the header of the file; tells our database from any other."""

ADMIN_NUMBER = 0

metadata = MetaData()

RUN = Table(
    "run",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("workflow", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("updated_at", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("wake", Integer, nullable=False),
    Column("runnable_at", Integer, nullable=False),
    Column("next_timer_at", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", BLOB, nullable=False),
    Column("root", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("slot", Text, nullable=False, server_default=""),
    Column("turn", Text, nullable=False, server_default=""),
    Column("slots", Integer, nullable=False, server_default="0"),
    Column("dead", Integer, nullable=False, server_default="0"),
    Column("mode", Text, nullable=False, server_default="live"),
    CheckConstraint("n > 0", name="run_n"),
    CheckConstraint("length(head) = 32", name="run_head"),
    # each names what a worker asks for; a run that merely moves on touches none of them
    Index("run_woken", text("priority DESC"), "runnable_at", sqlite_where=text("runnable_at > 0 AND owner = ''")),
    Index("run_timer", "next_timer_at", sqlite_where=text("next_timer_at > 0 AND owner = ''")),
    Index("run_owner", "owner", sqlite_where=text("owner <> ''")),
    Index("run_created", "created_at"),
    Index("run_turn", "slot", sqlite_where=text("turn = 'has'")),
    Index("run_dead", "created_at", sqlite_where=text("dead = 1")),
    sqlite_strict=True,
)

RECORD = Table(
    "record",
    metadata,
    Column("pos", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("key", Text),
    Column("data", BLOB, nullable=False),
    Column("hash", BLOB, nullable=False),
    UniqueConstraint("run", "seq", name="record_place"),
    CheckConstraint("seq > 0", name="record_seq"),
    CheckConstraint("length(hash) = 32", name="record_hash"),
    Index("record_key", "run", "key", unique=True, sqlite_where=text("key IS NOT NULL")),
    sqlite_strict=True,
)

PAYLOAD = Table(
    "payload",
    metadata,
    Column("pos", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("digest", BLOB, nullable=False),
    Column("salt", BLOB, nullable=False),
    # NULL: the bytes stand in a file below `blobs`
    Column("data", BLOB),
    UniqueConstraint("run", "digest", name="payload_digest"),
    CheckConstraint("length(digest) = 32", name="payload_digest_length"),
    sqlite_strict=True,
)

WORKFLOW = Table(
    "workflow",
    metadata,
    Column("version", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("closure", BLOB, nullable=False),
    Column("source", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("published_at", Integer, nullable=False),
    sqlite_strict=True,
)

CONTROL = Table(
    "control",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("head", BLOB, nullable=False),
    Column("at", Integer, nullable=False),
    # JSON list of `ledger.switch.Switch`
    Column("switches", Text, nullable=False, server_default="[]"),
    CheckConstraint("id = 1", name="control_one_row"),
    CheckConstraint("length(head) = 32", name="control_head"),
    sqlite_strict=True,
)

_UNITS = ("tokens", "nano_usd", "calls", "micro_wh")


def _amounts(prefix: str = "") -> list[Column[int]]:
    return [Column(f"{prefix}{unit}", Integer, nullable=False) for unit in _UNITS]


BUDGET = Table(
    "budget",
    metadata,
    Column("id", Text, primary_key=True),
    *_amounts(),
    *_amounts("held_"),
    Column("unpriced", Integer, nullable=False),
    Column("unmetered", Integer, nullable=False),
    Column("updated_at", Integer, nullable=False),
    sqlite_strict=True,
)

BUDGET_HOLD = Table(
    "budget_hold",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("run", "effect", "budget")),
    Column("doubt", Integer, primary_key=True),
    *_amounts(),
    sqlite_strict=True,
)

BUDGET_SHARE = Table(
    "budget_share",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("budget", "run")),
    *_amounts(),
    sqlite_strict=True,
)
