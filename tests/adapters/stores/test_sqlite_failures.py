"""What goes wrong with a database file: one clear error each, nothing half written, and on it goes afterwards."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from podium.adapters.stores.sqlite import SqliteStore
from podium.adapters.stores.sqlite.failures import from_os, from_sqlite
from podium.adapters.stores.sqlite.schema import metadata
from podium.adapters.stores.sqlite.upgrade import prepare
from podium.errors import LedgerError, StoreError
from podium.ids import RunId, SystemIds
from podium.ledger.payload import payload
from podium.ledger.record import Payload
from podium.ledger.store import INLINE_BYTES
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import IDS, begin, begin_owned, cancel, done

pytestmark = pytest.mark.anyio


async def open_store(home: Path, *, create: bool = True) -> SqliteStore:
    return await SqliteStore.open(home, clock=FakeClock(), ids=SystemIds(), create=create)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def store(home: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_store(home)
    yield opened
    await opened.close()


def directly(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "podium.db", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def overwrite(path: Path, content: bytes, *, at: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


# ── opening ──


async def test_no_store_is_made_where_one_is_only_looked_for(home: Path) -> None:
    with pytest.raises(StoreError, match="ST016"):
        await open_store(home, create=False)

    assert not await asyncio.to_thread(home.exists)


async def test_a_file_that_is_no_database_is_left_as_it_is(home: Path) -> None:
    await asyncio.to_thread(home.mkdir)
    await asyncio.to_thread((home / "podium.db").write_bytes, b"dear diary, " * 1000)

    with pytest.raises(StoreError, match="ST013"):
        await open_store(home)

    assert await asyncio.to_thread((home / "podium.db").read_bytes) == b"dear diary, " * 1000


async def test_a_database_of_another_program_is_left_as_it_is(home: Path) -> None:
    await asyncio.to_thread(home.mkdir)
    await asyncio.to_thread(directly, home, "CREATE TABLE note (text)")

    with pytest.raises(StoreError, match="ST013"):
        await open_store(home)


async def test_a_store_of_a_newer_version_is_refused(home: Path) -> None:
    await (await open_store(home)).close()
    await asyncio.to_thread(directly, home, "UPDATE alembic_version SET version_num = '0099'")

    with pytest.raises(StoreError, match=r"ST014.*`0099`"):
        await open_store(home)


async def test_a_store_opens_again_with_everything(home: Path) -> None:
    first = await open_store(home)
    run = await begin(first)
    await first.close()

    again = await open_store(home, create=False)

    assert [row.id for row in await again.rows()] == [run]
    assert (await verify(again)).problems == ()
    await again.close()


async def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "file").write_text, "")

    with pytest.raises(StoreError, match="ST017"):
        await open_store(tmp_path / "file" / "home")


async def test_only_its_owner_can_read_the_store(store: SqliteStore, home: Path) -> None:
    claim = await begin_owned(store)
    await store.append(claim.row.id, claim.epoch, [done("a", large())], seen=2)

    def modes() -> set[tuple[bool, int]]:
        return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (home, *home.rglob("*"))}

    assert await asyncio.to_thread(modes) == {(True, 0o700), (False, 0o600)}


# ── history is only added to ──


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET data = x'00'",
        "DELETE FROM record",
        "DELETE FROM record WHERE seq = 1",
        "UPDATE payload SET data = x'00'",
        "UPDATE workflow SET source = ''",
        "INSERT OR REPLACE INTO record (run, seq, data, hash) SELECT run, seq, x'00', hash FROM record",
        "INSERT OR REPLACE INTO record (run, seq, key, data, hash) VALUES (1, 2, NULL, x'00', zeroblob(32))",
        "UPDATE run SET head = 'text'",
        "INSERT INTO control VALUES (2, 0, 0, zeroblob(32), 0)",
        "INSERT INTO record (run, seq, data, hash) VALUES (0, 0, x'00', zeroblob(32))",
        "INSERT INTO record (run, seq, data, hash) VALUES (0, 99, x'00', zeroblob(31))",
    ],
)
async def test_the_database_refuses_to_change_history(store: SqliteStore, home: Path, statement: str) -> None:
    claim = await begin_owned(store)
    await store.append(claim.row.id, claim.epoch, [done("a", payload(b"x", IDS))], seen=2)

    with pytest.raises(sqlite3.IntegrityError):
        await asyncio.to_thread(directly, home, statement)

    assert (await verify(store)).problems == ()


TRIGGERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"


def tamper(home: Path, statement: str) -> None:
    """Change history as somebody would who owns the file."""
    with closing(sqlite3.connect(home / "podium.db", isolation_level=None)) as database:
        for (name,) in database.execute(TRIGGERS).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement)


@pytest.mark.parametrize(
    ("statement", "code", "seq"),
    [
        (
            "UPDATE record SET data = CAST(replace(data, 'user:ann', 'user:eve') AS BLOB) WHERE seq = 1 AND run = 1",
            "LE001",
            1,
        ),
        ("UPDATE record SET hash = zeroblob(32) WHERE seq = 2 AND run = 1", "LE001", 2),
        ("DELETE FROM record WHERE seq = 2 AND run = 1", "LE003", 2),
        ("DELETE FROM record WHERE seq = 4 AND run = 1", "LE008", None),
        ("UPDATE record SET key = 'done:z' WHERE seq = 3 AND run = 1", "LE005", 3),
        ("DELETE FROM payload WHERE length(data) = 5", "LE006", 3),
        ("UPDATE payload SET data = x'6a656c6c6f' WHERE length(data) = 5", "LE007", 3),
        ("UPDATE payload SET salt = zeroblob(16) WHERE length(data) = 5", "LE007", 3),
        ("UPDATE run SET status = 'done'", "LE008", None),
        ("UPDATE run SET head = zeroblob(32)", "LE008", None),
        ("DELETE FROM run", "LE005", 1),
        ("DELETE FROM record WHERE run = 0 AND seq = 2", "LE008", None),
    ],
)
async def test_whoever_changes_history_behind_the_database_is_found_out(
    store: SqliteStore, home: Path, statement: str, code: str, seq: int | None
) -> None:
    claim = await begin_owned(store)
    await store.append(claim.row.id, claim.epoch, [done("a", payload(b"hello", IDS)), done("b")], seen=2)

    await asyncio.to_thread(tamper, home, statement)

    assert [(problem.code, problem.seq) for problem in (await verify(store)).problems] == [(code, seq)]


CHANGES: dict[str, Callable[[Path], object]] = {
    "removed": lambda path: path.unlink(),
    "altered": lambda path: overwrite(path, b"?"),
    "emptied": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize(("change", "code"), [("removed", "LE006"), ("altered", "LE007"), ("emptied", "LE007")])
async def test_whoever_changes_a_large_payload_is_found_out(
    store: SqliteStore, home: Path, change: str, code: str
) -> None:
    claim = await begin_owned(store)
    out = large()
    await store.append(claim.row.id, claim.epoch, [done("a", out)], seen=2)

    await asyncio.to_thread(CHANGES[change], home / "blobs" / out.ref.digest[:2] / out.ref.digest)

    with pytest.raises(LedgerError, match=code):
        await store.payload(claim.row.id, out.ref)
    assert [(problem.code, problem.seq) for problem in (await verify(store)).problems] == [(code, 3)]


async def test_a_damaged_database_is_said_when_it_is_read(home: Path) -> None:
    first = await open_store(home)
    claim = await begin_owned(first)
    for index in range(50):
        await first.append(claim.row.id, 1, [done(f"n{index}", payload(b"x" * 4000, IDS))], seen=index + 2)
    await first.close()
    size = (await asyncio.to_thread((home / "podium.db").stat)).st_size
    await asyncio.to_thread(overwrite, home / "podium.db", b"\xff" * (size // 2), at=size // 2)

    again = await open_store(home)

    with pytest.raises(StoreError, match="ST012"):
        await again.records(claim.row.id)
    with pytest.raises(StoreError, match="ST012"):
        await begin(again)
    await again.close()


# ── while it is open ──


async def test_a_lock_that_is_not_let_go_of_is_said_and_nothing_is_written(home: Path) -> None:
    store = await SqliteStore.open(home, clock=FakeClock(), ids=SystemIds(), patience_s=0.05)
    run = await begin(store)
    other = sqlite3.connect(home / "podium.db", isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match="ST001"):
        await store.post(run, cancel())
    assert len(await store.records(run)) == 1
    await asyncio.to_thread(other.execute, "ROLLBACK")
    await asyncio.to_thread(other.close)

    await store.post(run, cancel())
    await store.close()


async def test_a_full_disk_is_said_and_the_store_goes_on_when_there_is_space(store: SqliteStore, home: Path) -> None:
    claim = await begin_owned(store)
    run = claim.row.id
    limit = store._committer._connection  # pyright: ignore[reportPrivateUsage] - its limit holds for it alone

    await asyncio.to_thread(limit.execute, "PRAGMA max_page_count = 1")  # SQLite takes the present size
    with pytest.raises(StoreError, match="ST010"):
        await fill(store, run)
    written = await store.records(run)
    assert (await verify(store)).problems == ()

    await asyncio.to_thread(limit.execute, "PRAGMA max_page_count = 1000000")
    await store.append(run, 1, [done("after", payload(b"x" * 60_000, IDS))], seen=2)
    assert len(await store.records(run)) == len(written) + 1
    assert (await verify(store)).problems == ()


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond a megabyte, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_large_payload_that_finds_no_space_leaves_nothing_behind(
    store: SqliteStore, home: Path, small_files: None
) -> None:
    claim = await begin_owned(store)

    with pytest.raises(StoreError, match="ST010"):
        await store.append(claim.row.id, 1, [done("a", payload(b"x" * 2_000_000, IDS))], seen=2)

    assert await asyncio.to_thread(files_below, home / "blobs") == []
    await store.append(claim.row.id, 1, [done("a", large())], seen=2)
    assert (await verify(store)).problems == ()


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def fill(store: SqliteStore, run: RunId) -> None:
    for index in range(100):
        await store.append(run, 1, [done(f"n{index}", payload(b"x" * 60_000, IDS))], seen=2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_says_so_whatever_reports_it() -> None:
    path = Path("podium.db")

    def writing() -> OSError:
        try:
            descriptor = os.open("/dev/full", os.O_WRONLY)
            try:
                os.write(descriptor, b"x")
            finally:
                os.close(descriptor)
        except OSError as error:
            return error
        raise AssertionError

    assert from_os(writing(), path).code == "ST010"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SQLITE_BUSY", "ST001"),
        ("SQLITE_BUSY_SNAPSHOT", "ST001"),
        ("SQLITE_FULL", "ST010"),
        ("SQLITE_READONLY", "ST011"),
        ("SQLITE_READONLY_DBMOVED", "ST011"),
        ("SQLITE_CANTOPEN", "ST011"),
        ("SQLITE_CORRUPT", "ST012"),
        ("SQLITE_CORRUPT_INDEX", "ST012"),
        ("SQLITE_NOTADB", "ST013"),
        ("SQLITE_IOERR_FSYNC", "ST017"),
        ("", "ST017"),
    ],
)
def test_each_failure_of_sqlite_has_its_code(name: str, code: str) -> None:
    error = sqlite3.OperationalError("it says")
    if name:
        error.sqlite_errorname = name

    assert from_sqlite(error, Path("podium.db")).code == code


def large() -> Payload:
    return payload(b"x" * (INLINE_BYTES + 1), IDS)


async def test_a_payload_of_fifty_megabytes_goes_through(store: SqliteStore) -> None:
    data = b"0123456789abcdef" * (50_000_000 // 16)
    out = payload(data, IDS)
    claim = await begin_owned(store)

    await store.append(claim.row.id, claim.epoch, [done("a", out)], seen=2)

    assert await store.payload(claim.row.id, out.ref) == data
    assert (await verify(store)).problems == ()


def shape(database: Path) -> dict[str, object]:
    """Return columns, indexes and names of checks of each table."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        shapes: dict[str, object] = {}
        for table in metadata.tables:
            columns = connection.exec_driver_sql(f"PRAGMA table_xinfo({table})").all()
            indexes = connection.exec_driver_sql(f"PRAGMA index_list({table})").all()
            parts = [connection.exec_driver_sql(f"PRAGMA index_xinfo({index[1]})").all() for index in indexes]
            checks = sorted(str(check["name"]) for check in inspect(connection).get_check_constraints(table))
            shapes[table] = columns, sorted(zip([index[1:] for index in indexes], parts, strict=True)), checks
    engine.dispose()
    return shapes


def test_the_tables_that_are_read_are_those_that_the_migrations_make(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    prepare(home / "podium.db", create=True)
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()

    assert shape(home / "podium.db") == shape(tmp_path / "declared.db")


def test_preparing_twice_changes_nothing(home: Path) -> None:
    home.mkdir()

    assert prepare(home / "podium.db", create=True) == "store.created"
    assert prepare(home / "podium.db", create=True) is None
