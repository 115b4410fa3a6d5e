"""Questions to the database; each takes a connection and blocks, the store calls them in its threads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, func, literal_column, select, true

from podium.adapters.stores.sqlite.accounts import (
    READ_ACCOUNTS,
    READ_HOLDS,
    READ_SHARES,
    account_of,
    hold_of,
    share_of,
)
from podium.adapters.stores.sqlite.schema import ADMIN_NUMBER, RECORD, RUN, WORKFLOW
from podium.adapters.stores.sqlite.transaction import READ_CONTROL, ROW_FIELDS, as_bytes, control_of, row_of, stored_of
from podium.clock import Millis
from podium.errors import UsageError
from podium.ids import ADMIN, Digest, RunId, WorkflowVersion
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.store import ENDED, Control, RowStatus, RunRow, StoredRecord, Tally, WorkflowSource

_ROW = (RUN.c.id, *(RUN.c[name] for name in ROW_FIELDS))
_RECORDS = "SELECT seq, key, data, hash FROM record WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
_NUMBER = "SELECT n FROM run WHERE id = ?"

_OTHER = RUN.alias()
_UNDER_WAY = (
    select(func.count())
    .where(_OTHER.c.slot == RUN.c.slot, _OTHER.c.turn == literal_column("'has'"))
    .correlate(RUN)
    .scalar_subquery()
)
_HAS_TURN = (RUN.c.slots == 0) | (RUN.c.turn != "") | (RUN.c.slots > _UNDER_WAY)

PAYLOADS_AT_ONCE = 256
"""At most 16 MiB of inline payloads."""


class FoundPayload(NamedTuple):
    """A payload as it stands in the table; `data` is None when the bytes stand in a file."""

    salt: bytes
    data: bytes | None


def workflow(connection: Connection, version: WorkflowVersion) -> WorkflowSource:
    """Return a published version.

    Raises:
        UsageError: ST008 when there is none.
    """
    found = connection.execute(select(WORKFLOW).where(WORKFLOW.c.version == version)).one_or_none()
    if found is None:
        raise UsageError("ST008", f"version `{version[:12]}` of a workflow is not published")
    return WorkflowSource(version=version, name=found.name, closure=found.closure, source=found.source, file=found.file)


def row(connection: Connection, run: RunId) -> RunRow | None:
    """Return a run's row."""
    found = connection.execute(select(*_ROW).where(RUN.c.id == run)).one_or_none()
    return None if found is None else _row(found)


def rows(
    connection: Connection, *, status: Sequence[RowStatus], workflow: str, dead: bool, limit: int
) -> tuple[RunRow, ...]:
    """Return runs, newest first."""
    query = select(*_ROW).order_by(RUN.c.created_at.desc(), RUN.c.id).limit(limit)
    if status:
        query = query.where(RUN.c.status.in_(status))
    if workflow:
        query = query.where(RUN.c.workflow == workflow)
    if dead:
        query = query.where(RUN.c.dead == literal_column("1"))  # a parameter would not find the index
    return tuple(_row(found) for found in connection.execute(query))


def tallies(connection: Connection) -> tuple[Tally, ...]:
    """Return how many runs there are of each version and status."""
    queued = (RUN.c.slots > 0) & (RUN.c.turn == "") & RUN.c.status.not_in(ENDED)
    alike = (RUN.c.workflow, RUN.c.version, RUN.c.status, queued.label("queued"))
    counts = (func.count().label("runs"), func.min(RUN.c.updated_at).label("oldest"), WORKFLOW.c.file)
    of = RUN.join(WORKFLOW, WORKFLOW.c.version == RUN.c.version)
    query = select(*alike, *counts).select_from(of).group_by(*alike).order_by(*alike)
    return tuple(
        Tally(
            workflow=found.workflow,
            version=WorkflowVersion(found.version),
            file=found.file,
            status=found.status,
            queued=bool(found.queued),
            runs=found.runs,
            oldest=Millis(found.oldest),
        )
        for found in connection.execute(query)
    )


def wakes(connection: Connection, runs: Sequence[RunId]) -> dict[RunId, int]:
    """Return `wake` of each of these runs."""
    marks = ",".join("?" * len(runs))
    found = _quickly(connection, f"SELECT id, wake FROM run WHERE id IN ({marks})", runs)  # noqa: S608 - marks
    return {RunId(run): wake for run, wake in found}


def find(connection: Connection, prefix: str) -> tuple[RunId, ...]:
    """Return at most ten ids that begin with `prefix`."""
    if not prefix.isascii():
        return ()
    past = prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else "\U0010ffff"
    query = select(RUN.c.id).where(RUN.c.id >= prefix, RUN.c.id < past).order_by(RUN.c.id).limit(10)
    return tuple(RunId(run) for run in connection.scalars(query))


def owners(connection: Connection) -> tuple[str, ...]:
    """Return the workers that own a run."""
    return tuple(connection.scalars(select(RUN.c.owner).where(RUN.c.owner != "").distinct()))


def runnable(
    connection: Connection, now: Millis, *, dead: Collection[str], limit: int, only: RunId | None
) -> tuple[RunId, ...]:
    """Return what `RunStore.runnable` says, given which owners are dead."""
    meant = true() if only is None else RUN.c.id == only
    # in the words of the partial indexes: with parameters instead, a hundred thousand waiting runs were all looked at
    free = (RUN.c.owner == literal_column("''")) & meant
    woken_at, timer_at, zero = RUN.c.runnable_at, RUN.c.next_timer_at, literal_column("0", Integer)
    woken = _due(connection, woken_at, free & (woken_at > zero) & (woken_at <= now) & _HAS_TURN, limit)
    timers = _due(connection, timer_at, free & (timer_at > zero) & (timer_at <= now), limit)
    left = _due(connection, RUN.c.updated_at, RUN.c.owner.in_(dead) & meant, limit) if dead else []
    ranked = sorted((*woken, *timers, *left))
    return tuple(dict.fromkeys(run for _, _, run in ranked))[:limit]


def _due(
    connection: Connection, at: ColumnElement[int], where: ColumnElement[bool], limit: int
) -> list[tuple[int, int, RunId]]:
    """Return `(-priority, at, run)`."""
    query = select(RUN.c.id, RUN.c.priority, at).where(where).order_by(RUN.c.priority.desc(), at).limit(limit)
    return [(-priority, due, RunId(run)) for run, priority, due in connection.execute(query)]


def next_timer(connection: Connection) -> Millis:
    """Return the earliest timer of all runs that nobody owns, or 0."""
    unowned = RUN.c.owner == literal_column("''")  # the words of the index, as above
    query = select(RUN.c.next_timer_at).where(RUN.c.next_timer_at > literal_column("0", Integer), unowned)
    return Millis(connection.scalar(query.order_by(RUN.c.next_timer_at).limit(1)) or 0)


def stored(connection: Connection, run: RunId, after: int, limit: int) -> tuple[StoredRecord, ...]:
    """Return records as they stand in the table."""
    number = _number(connection, run)
    if number is None:
        return ()
    return tuple(stored_of(run, *record) for record in _quickly(connection, _RECORDS, (number, after, limit)))


def streams(connection: Connection) -> tuple[RunId, ...]:
    """Return every stream that has a record or a row; records without a row as `#number`."""
    ids = {n: RunId(run) for n, run in connection.execute(select(RUN.c.n, RUN.c.id))}
    numbers = connection.scalars(select(RECORD.c.run).distinct())
    ids.update((n, _name(n)) for n in numbers if n not in ids)
    return tuple(sorted(ids.values()))


def payloads(connection: Connection, run: RunId, digests: Sequence[Digest]) -> dict[Digest, FoundPayload]:
    """Return those that are there; ask for at most `PAYLOADS_AT_ONCE`."""
    marks = ",".join("?" * len(digests))
    found = _quickly(
        connection,
        f"SELECT digest, salt, data FROM payload WHERE run = ? AND digest IN ({marks})",  # noqa: S608 - marks
        (_number(connection, run), *map(bytes.fromhex, digests)),
    )
    return {
        Digest(as_bytes(digest).hex()): FoundPayload(as_bytes(salt), None if data is None else as_bytes(data))
        for digest, salt, data in found
    }


def _quickly(connection: Connection, statement: str, values: Sequence[object]) -> Sequence[Any]:
    """Ask the driver itself, where it is asked often or for very much.

    A ledger is verified by the million rows, and rows of SQLAlchemy cost twice as much; a question to it costs a
    third of a millisecond before it is asked, in a thread that takes the interpreter from the runs.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement, values)
        return cursor.fetchall()
    finally:
        cursor.close()


def control(connection: Connection) -> Control:
    """Return the installation's row."""
    (found,) = _quickly(connection, READ_CONTROL, ())
    return control_of(*found)


def accounts(connection: Connection) -> tuple[Account, ...]:
    """Return the accounts of shared budgets."""
    return tuple(account_of(*row) for row in _quickly(connection, f"{READ_ACCOUNTS} ORDER BY id", ()))


def holds(connection: Connection) -> tuple[Hold, ...]:
    """Return what effects hold in them."""
    found = _quickly(connection, f"{READ_HOLDS} ORDER BY run, effect, budget, doubt", ())
    return tuple(hold_of(*row) for row in found)


def shares(connection: Connection, budget: str) -> tuple[Share, ...]:
    """Return what each run has used of an account, or of all."""
    found = _quickly(connection, f"{READ_SHARES} WHERE ? IN ('', budget) ORDER BY budget, run", (budget,))
    return tuple(share_of(*row) for row in found)


def _row(found: Sequence[Any]) -> RunRow:
    run, *values = found
    return row_of(run, values)


def _number(connection: Connection, run: RunId) -> int | None:
    if run == ADMIN:
        return ADMIN_NUMBER
    if run.startswith("#"):
        return int(run[1:])
    found = _quickly(connection, _NUMBER, (run,))
    return found[0][0] if found else None


def _name(number: int) -> RunId:
    return ADMIN if number == ADMIN_NUMBER else RunId(f"#{number}")
