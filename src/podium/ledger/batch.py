"""Where streams and runs stand while a batch is carried out: nothing is stored before its end."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from podium.clock import Millis
from podium.errors import Rejected
from podium.ids import Digest, RunId, WorkflowVersion
from podium.ledger.canonical import NotCanonical
from podium.ledger.chain import seal
from podium.ledger.record import (
    GENESIS,
    AnyBody,
    CancelRequested,
    DeadDropped,
    Entry,
    PauseRequested,
    Prioritised,
    Record,
    ResumeRequested,
    RetryRequested,
    RunCreated,
    RunEnded,
)
from podium.ledger.store import RowStatus, RunRow


class Stream:
    """Where one stream stands within the batch.

    Attributes:
        first: `seq` before the batch.
        added: What the batch has added so far.
    """

    __slots__ = ("added", "at", "first", "head", "name", "seq")

    def __init__(self, name: RunId, *, seq: int, head: Digest, at: Millis) -> None:
        self.name = name
        self.first = self.seq = seq
        self.head = head
        self.at = at
        self.added: list[Record] = []

    def seal(self, entries: Sequence[Entry], now: Millis) -> tuple[tuple[Record, bytes], ...]:
        """Return what the entries become, without taking them up.

        Raises:
            Rejected: ST009 when one of them could not be read again.
        """
        seq, head, at = self.seq, self.head, max(now, self.at)
        sealed: list[tuple[Record, bytes]] = []
        for entry in entries:
            seq += 1
            try:
                record, data = seal(entry, stream=self.name, seq=seq, prev=head, at=at)
            except NotCanonical as error:
                raise Rejected("ST009", f"a record cannot be stored: {error}") from None
            head = record.hash
            sealed.append((record, data))
        return tuple(sealed)

    def take(self, record: Record) -> None:
        """Take up what `seal` made."""
        self.seq, self.head, self.at = record.seq, record.hash, record.at
        self.added.append(record)


class Run(Stream):
    """A run within the batch, with its row.

    Attributes:
        stored: The row before the batch.
    """

    __slots__ = ("created", "row", "row_changed", "stored")

    def __init__(self, row: RunRow, *, created: bool = False) -> None:
        super().__init__(row.id, seq=row.seq, head=row.head, at=row.updated_at)
        self.row = self.stored = row
        self.created = created
        self.row_changed = False

    def change(self, **fields: object) -> None:
        """Change columns of the row."""
        self.row = replace(self.row, **fields)
        self.row_changed = True

    def final_row(self) -> RunRow:
        """Return the row as it is to be stored."""
        return replace(self.row, seq=self.seq, head=self.head, updated_at=self.at)


def first_row(run: RunId, body: RunCreated, now: Millis) -> RunRow:
    """Return the row of a run that is about to get its first record."""
    return RunRow(
        id=run,
        workflow=body.workflow,
        version=WorkflowVersion(body.version),
        status="running",
        created_at=now,
        updated_at=now,
        runnable_at=max(now, Millis(1)),
        seq=0,
        head=GENESIS,
        root=body.root,
        parent=body.parent,
        priority=body.priority,
        slot=body.slot,
        slots=body.slots,
        mode=body.mode,
    )


def takes(row: RunRow, body: AnyBody, when: Sequence[RowStatus]) -> bool:
    """Whether a run takes what somebody posts, as it stands."""
    if when and row.status not in when:
        return False
    match body:
        case RetryRequested():
            return row.is_over
        case DeadDropped():
            return row.dead
        case _:
            return not row.is_over


def posted(row: RunRow, body: AnyBody, now: Millis) -> dict[str, object]:
    """Return the columns of a run that change when somebody posts `body`: most of all it is woken."""
    match body:
        case Prioritised(priority=priority):
            return {"priority": priority}
        case DeadDropped():
            return {"dead": False}
        case PauseRequested() if not row.owner:
            return {"status": "paused", "runnable_at": Millis(0)}  # nothing begins in it, so nobody needs to look
        case _:
            pass
    # whoever has waited longest comes first, also when it is woken again
    since = row.runnable_at if row.runnable_at and not row.owner else max(now, Millis(1))
    woken: dict[str, object] = {"wake": row.wake + 1, "runnable_at": since}
    match body:
        case RetryRequested():
            return {**woken, "status": "running", "dead": False}
        case ResumeRequested() if not row.owner:
            return {**woken, "status": "running"}
        case CancelRequested() if row.queued:
            return {**woken, "turn": "spared"}
        case _:
            return woken


def over(body: RunEnded) -> dict[str, object]:
    """Return the columns of a run that change when it ends."""
    dead = body.status not in ("done", "cancelled") or body.not_undone > 0
    free = {"owner": "", "turn": "", "runnable_at": Millis(0), "next_timer_at": Millis(0)}
    return {**free, "status": body.status, "dead": dead}
