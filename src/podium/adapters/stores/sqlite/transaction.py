"""The transaction of `ledger.journal` on SQLite, at the level of the driver.

This is the hot path, and what it must spare is hand-overs of the interpreter: the driver lets go of it at every step
of a statement, and beside a busy event loop each getting it back takes a whole switch interval. So:

1. Rows go in by few statements of many rows each (`executemany` is a step a row: beside a busy loop it took six times
   as long). The statements have 1, 2, 4, … rows, so that few are ever prepared.
2. The rows of the runs that somebody drives are remembered between transactions, and believed as long as
   `PRAGMA data_version` says that nobody else has written. Runs are known by their number here; it never changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, cast

import msgspec

from podium.adapters.stores.sqlite import accounts
from podium.adapters.stores.sqlite.schema import ADMIN_NUMBER
from podium.clock import Millis
from podium.ids import ADMIN, Digest, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Account, Hold
from podium.ledger.chain import unseal
from podium.ledger.record import Payload, Record
from podium.ledger.requests import Changes
from podium.ledger.store import INLINE_BYTES, Control, RunRow, StoredRecord, WorkflowSource
from podium.ledger.switch import Switch

READ_CONTROL = "SELECT switches, seq, head, at FROM control"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Switch, ...]).decode

ROW_FIELDS = tuple(name for name in RunRow.__struct_fields__ if name != "id")
_ROW_COLUMNS = ", ".join(ROW_FIELDS)
_AT_ONCE = 400
"""Runs or keys per statement; SQLite takes 32,766 variables, and preparing has a price too."""

_ROWS_MAX = 128
"""Rows of one INSERT or UPDATE; a power of two."""

_ADD_RECORDS = "INSERT OR ROLLBACK INTO record (run, seq, key, data, hash) VALUES {rows}"
# the same payload may come again with a later record that refers to it too
_ADD_PAYLOADS = (
    "INSERT OR ROLLBACK INTO payload (run, digest, salt, data) VALUES {rows} ON CONFLICT (run, digest) DO NOTHING"
)
_ADVANCE = (
    "WITH next(n, seq, head, at) AS (VALUES {rows}) "
    "UPDATE run SET seq = next.seq, head = next.head, updated_at = next.at FROM next WHERE run.n = next.n"
)


class Remembered:
    """What one connection knows of the runs that are driven, between its transactions.

    Attributes:
        numbers: Of the runs that it has met.
        rows: As they were last committed, of runs with an owner.
        version: `PRAGMA data_version` then.
        shares: Whether anybody has ever shared a budget; None while that is not known.
    """

    __slots__ = ("numbers", "rows", "shares", "version")

    def __init__(self) -> None:
        self.numbers: dict[RunId, int] = {}
        self.rows: dict[RunId, RunRow] = {}
        self.version = -1
        self.shares: bool | None = None

    def forget(self) -> None:
        """Know nothing any more."""
        self.numbers.clear()
        self.rows.clear()
        self.shares = None


class SqliteTransaction:
    """An open `BEGIN IMMEDIATE`; the thread that commits owns it."""

    def __init__(
        self, connection: sqlite3.Connection, remembered: Remembered, alive: Callable[[WorkerId], bool]
    ) -> None:
        self._connection = connection
        self._remembered = remembered
        self._numbers = remembered.numbers
        self._alive = alive

    def rows(self, runs: Sequence[RunId]) -> dict[RunId, RunRow]:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        remembered = self._remembered.rows
        if version != self._remembered.version:
            remembered.clear()
            self._remembered.shares = None
            self._remembered.version = version
        found = {run: remembered[run] for run in runs if run in remembered}
        for part in _parts([run for run in runs if run not in found]):
            marks = ",".join("?" * len(part))
            statement = f"SELECT n, id, {_ROW_COLUMNS} FROM run WHERE id IN ({marks})"  # noqa: S608 - marks and our own names
            for number, run, *values in self._connection.execute(statement, part):
                self._numbers[run] = number
                found[run] = row_of(run, values)
        return found

    def control(self) -> Control:
        return control_of(*self._connection.execute(READ_CONTROL).fetchone())

    def taken(self, keys: Sequence[tuple[RunId, str]]) -> set[tuple[RunId, str]]:
        self._numbers[ADMIN] = ADMIN_NUMBER
        numbered = [(self._numbers[run], key) for run, key in keys if run in self._numbers]
        runs = {self._numbers[run]: run for run, _ in keys if run in self._numbers}
        found = set[tuple[RunId, str]]()
        for part in _parts(numbered):
            marks = ",".join(["(?,?)"] * len(part))
            # CROSS JOIN keeps this order: each wanted key is looked up in the index
            statement = (
                f"WITH wanted(run, key) AS (VALUES {marks}) SELECT record.run, record.key FROM wanted "  # noqa: S608
                "CROSS JOIN record ON record.run = wanted.run AND record.key = wanted.key"
            )
            rows = self._connection.execute(statement, tuple(chain.from_iterable(part)))
            found.update((runs[number], key) for number, key in rows)
        return found

    def published(self, versions: Sequence[WorkflowVersion]) -> set[WorkflowVersion]:
        statement = "SELECT version FROM workflow WHERE version = ?"
        found = (self._connection.execute(statement, (version,)).fetchone() for version in versions)
        return {WorkflowVersion(row[0]) for row in found if row}

    def records(self, run: RunId, *, after: int) -> tuple[Record, ...]:
        statement = "SELECT seq, key, data, hash FROM record WHERE run = ? AND seq > ? ORDER BY seq"
        rows = self._connection.execute(statement, (self._numbers[run], after))
        return tuple(unseal(stored_of(run, *row)) for row in rows)

    def alive(self, worker: WorkerId) -> bool:
        return self._alive(worker)

    def under_way(self, slot: str) -> int:
        (count,) = self._connection.execute(
            "SELECT count(*) FROM run WHERE slot = ? AND turn = 'has'", (slot,)
        ).fetchone()
        return count

    def accounts(self, ids: Sequence[str]) -> tuple[Account, ...]:
        return accounts.accounts(self._connection, ids)

    def holds(self, runs: Sequence[RunId]) -> tuple[Hold, ...]:
        remembered = self._remembered
        if remembered.shares is None:
            remembered.shares = accounts.any_account(self._connection)
        return accounts.holds(self._connection, runs) if remembered.shares else ()

    def write(self, changes: Changes) -> None:
        for row in changes.created:
            self._create(row)
        numbers = self._numbers
        numbers[ADMIN] = ADMIN_NUMBER
        self._put(
            _ADD_RECORDS,
            [
                (numbers[new.stream], new.seq, new.key or None, new.data, bytes.fromhex(new.hash))
                for new in changes.records
            ],
        )
        self._put(_ADD_PAYLOADS, [_payload_values(numbers[run], payload) for run, payload in changes.payloads])
        self._put(
            _ADVANCE,
            [(numbers[row.id], row.seq, bytes.fromhex(row.head), row.updated_at) for row in changes.advanced],
        )
        if changes.changed:
            fields = ", ".join(f"{name} = ?" for name in ROW_FIELDS)
            self._connection.executemany(
                f"UPDATE run SET {fields} WHERE n = ?",  # noqa: S608 - our own names
                [(*_row_values(row), numbers[row.id]) for row in changes.changed],
            )
        self._write_installation(changes.workflows, changes.control)
        if changes.accounts or changes.let_go:
            accounts.write(self._connection, changes)
            self._remembered.shares = True
        self._remember(changes)

    def _put(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement of many rows for all of `rows`, in order."""
        done = 0
        while done < len(rows):
            # the largest power of two that is left
            count = 1 << min(len(rows) - done, _ROWS_MAX).bit_length() - 1
            values = tuple(chain.from_iterable(rows[done : done + count]))
            self._connection.execute(_of_rows(statement, count, len(rows[0])), values)
            done += count

    def _remember(self, changes: Changes) -> None:
        """Keep the rows of runs that are driven; forgotten again by the caller when the transaction fails."""
        rows = self._remembered.rows
        rows.update({row.id: row for row in changes.advanced if row.owner})
        for row in changes.changed:
            if row.owner:
                rows[row.id] = row
            else:
                rows.pop(row.id, None)

    def _create(self, row: RunRow) -> None:
        statement = f"INSERT INTO run (id, {_ROW_COLUMNS}) VALUES (?{', ?' * len(ROW_FIELDS)})"  # noqa: S608 - our own names
        cursor = self._connection.execute(statement, (row.id, *_row_values(row)))
        self._numbers[row.id] = cast("int", cursor.lastrowid)

    def _write_installation(self, workflows: Iterable[tuple[WorkflowSource, Millis]], control: Control | None) -> None:
        for workflow, at in workflows:
            values = (workflow.version, workflow.name, workflow.closure, workflow.source, workflow.file, at)
            self._connection.execute("INSERT INTO workflow VALUES (?, ?, ?, ?, ?, ?)", values)
        if control is not None:
            self._connection.execute(
                "UPDATE control SET switches = ?, seq = ?, head = ?, at = ?",
                (_encode(control.switches).decode(), control.seq, bytes.fromhex(control.head), control.at),
            )


@cache
def _of_rows(statement: str, rows: int, columns: int) -> str:
    """Return the statement with places for so many rows."""
    row = f"({','.join('?' * columns)})"
    return statement.format(rows=",".join([row] * rows))


def row_of(run: str, values: Sequence[Any]) -> RunRow:
    """Return the row of `run` from its other columns, in the order of `ROW_FIELDS`."""
    fields = dict(zip(ROW_FIELDS, values, strict=True))
    fields["head"] = fields["head"].hex()
    fields["dead"] = bool(fields["dead"])
    return RunRow(id=RunId(run), **fields)


def stored_of(run: RunId, seq: int, key: str | None, data: bytes, hash_: bytes) -> StoredRecord:
    """Return a record as it stands in the table."""
    return StoredRecord(stream=run, seq=seq, data=as_bytes(data), hash=Digest(as_bytes(hash_).hex()), key=key or "")


def control_of(switches: str, seq: int, head: bytes, at: int) -> Control:
    """Return the installation's row from what `READ_CONTROL` gives."""
    return Control(switches=_switches(switches), seq=seq, head=Digest(head.hex()), at=Millis(at))


@lru_cache(maxsize=8)
def _switches(text: str) -> tuple[Switch, ...]:
    return _decode(text)


def as_bytes(value: bytes | str) -> bytes:
    """Return the bytes of a column that somebody may have tampered with so that it comes as text."""
    return value if isinstance(value, bytes) else str(value).encode()


def _row_values(row: RunRow) -> list[Any]:
    values = [getattr(row, name) for name in ROW_FIELDS]
    values[ROW_FIELDS.index("head")] = bytes.fromhex(row.head)
    return values


def _payload_values(run: int, payload: Payload) -> tuple[int, bytes, bytes, bytes | None]:
    inline = payload.data if payload.ref.size <= INLINE_BYTES else None
    return run, bytes.fromhex(payload.ref.digest), payload.salt, inline


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
