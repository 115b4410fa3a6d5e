"""Opening a database: is it ours, is it new, does it need an upgrade?

The form of the tables has a version (Alembic's). A new or older database is brought to ours in one transaction, so
two processes that open it together do it once; a newer one is refused, because this version cannot know its rules.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from podium.adapters.stores.sqlite.connection import begin, connect, insist
from podium.adapters.stores.sqlite.failures import clear_errors, not_ours
from podium.adapters.stores.sqlite.schema import APPLICATION_ID
from podium.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0005"
"""The version of the tables that this code reads and writes."""

KNOWN = ("0001", "0002", "0003", "0004", HEAD)
"""All versions that can be upgraded, oldest first."""

Opened = Literal["store.created", "store.upgraded"]


def prepare(path: Path, *, create: bool) -> Opened | None:
    """Make sure that `path` is a database in our form; return what had to be done. Blocks.

    Raises:
        StoreError: ST016 when there is none and it shall not be created, ST013 when it is something else, ST014 when
            it is newer, and whatever the disk says.
    """
    with clear_errors(path):
        if not create and not path.exists():
            help_ = "start a run first, or choose the home that has one by setting `PODIUM_HOME`"
            raise StoreError("ST016", f"there is no store at `{path}`", help=help_)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = connect(path)
        try:
            version = _version(connection, path)
            if version == HEAD:
                return None
            insist(lambda: connection.execute("PRAGMA journal_mode = WAL"), path)
            return _upgrade(connection, path)
        finally:
            connection.close()


def _version(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return the version of the tables, None for an empty database."""
    found: list[str | None] = []
    # the lock of a process that is creating it right now is waited for
    insist(lambda: found.append(_read_version(connection, path)), path)
    version = found[-1]
    if version is not None and version not in KNOWN:
        help_ = "use the version of podium that wrote it, or a newer one"
        raise StoreError("ST014", f"`{path}` was written by a newer podium (tables `{version}`)", help=help_)
    return version


def _read_version(connection: sqlite3.Connection, path: Path) -> str | None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables and not application:
        return None
    if application != APPLICATION_ID or "alembic_version" not in tables:
        raise not_ours(path)
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return rows[0][0] if len(rows) == 1 else "unknown"


def _upgrade(connection: sqlite3.Connection, path: Path) -> Opened | None:
    # imported here: needed once in the life of a database, and slow to import
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool, pool_reset_on_return=None)
    # SQLAlchemy ends the transaction and does not know how to begin one that waits; Alembic stays out of both
    with engine.connect() as outer, outer.begin():
        begin(connection, path)
        version = _version(connection, path)  # another process may have been faster
        if version != HEAD:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _run_migrations(outer)
    if version == HEAD:
        return None
    return "store.created" if version is None else "store.upgraded"


def _run_migrations(connection: Connection) -> None:
    # as above
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
