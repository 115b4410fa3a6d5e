"""The port to a store: what the engine asks of SQLite, Postgres or memory.

The store keeps two things apart. **Records** are the truth; they are only ever added. **Rows** (`RunRow`) are
delivery: who drives which run, what wakes it, and what lists need; they can be rebuilt from the records.

1. `append` is for the worker that owns a run and is fenced by its epoch. `post` is for everybody else and is checked
   against the run's status and the entry's unique key. Both are group-committed: many requests, one transaction,
   one sync; each is answered on its own, and one that is refused does not harm the others.
2. `post` wakes: it increments `wake` and sets `runnable_at`. `release` is a compare-and-set on `wake`, so no wake is
   lost between the owner's last look and its letting go. A live owner learns of posts from the replies of `append`
   and from `changed`.
3. `claim` increments `epoch` and appends `run.claimed`. A run may be claimed when nobody owns it, its owner is dead,
   or its owner is the claimer itself (after a failed write); and, when only so many runs with its `slot` may be under
   way, when it has its turn or there is one left. It keeps its turn, also while it waits, until it ends.
4. When a call returns, what it wrote has been synced to disk. When it raises `StoreError`, nothing was written.
5. Intents and outcomes that name shared budgets change their accounts in the same transaction
   (`podium.ledger.accounts`).
6. Payloads above `INLINE_BYTES` are written and synced to files of their own before the transaction.

Every implementation passes `podium.testing.conformance.RunStoreSuite`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import Literal, Protocol, get_args

from msgspec import Struct

from podium.clock import Millis
from podium.errors import LedgerError
from podium.ids import Digest, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.record import GENESIS, AdminNoted, Entry, Payload, PayloadRef, Record, RunMode, RunStatus
from podium.ledger.switch import Switch

CLAIM_RECORDS = 32
"""Streams up to this length come with the claim: most runs are claimed when they have just begun."""

INLINE_BYTES = 64 * 1024
"""Payloads up to this size stand in the database, larger ones in files beside it."""

WaitReason = Literal["approval", "timer", "signal", "paused", "doubt"]
LiveStatus = Literal["running"] | WaitReason
RowStatus = RunStatus | LiveStatus
"""How a run stands; the wait reasons are shown as `waiting(reason)`."""

ENDED: frozenset[str] = frozenset(get_args(RunStatus))
"""The statuses of a run that is over."""


class RunRow(Struct, frozen=True, kw_only=True):
    """A run as lists and dispatchers see it.

    Attributes:
        runnable_at: When a worker should look at it, or 0 for not before it is woken.
        next_timer_at: The earliest time at which it must be woken although nobody posts, or 0.
        seq, head: Its last record.
        priority: 0 to 9; higher ones are taken up first.
        slot, slots: At most `slots` runs with the same `slot` are under way at once; no such limit when `slots` is 0.
        turn: Whether it `has` one of them, from its first claim until it ends; `spared`: it was asked to stop before
            its turn came, and needs none for that.
        mode: What it may do to the world.
        dead: It gave up or ended with errors, and nobody has retried or dropped it since.
    """

    id: RunId
    workflow: str
    version: WorkflowVersion
    status: RowStatus
    created_at: Millis
    updated_at: Millis
    epoch: int = 0
    owner: WorkerId | Literal[""] = ""
    wake: int = 0
    runnable_at: Millis = Millis(0)
    next_timer_at: Millis = Millis(0)
    seq: int
    head: Digest
    root: RunId
    parent: str = ""
    tenant: str = ""
    priority: int = 5
    slot: str = ""
    slots: int = 0
    turn: Literal["", "has", "spared"] = ""
    dead: bool = False
    mode: RunMode = "live"

    @property
    def queued(self) -> bool:
        """Whether it waits for its turn, or would if there were none left."""
        return self.slots > 0 and not self.turn and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED


class Tally(Struct, frozen=True, kw_only=True):
    """How many runs of one version stand alike.

    Attributes:
        queued: Whether they wait for their turn.
        oldest: When the one that has not moved for the longest time last did.
        file: Where the version came from, as it was given.
    """

    workflow: str
    version: WorkflowVersion
    file: str
    status: RowStatus
    queued: bool
    runs: int
    oldest: Millis


class Claim(Struct, frozen=True, kw_only=True):
    """The right to append to a run until somebody claims it again.

    Attributes:
        records: All of the stream where it is short (`CLAIM_RECORDS`), nothing where it has to be read.
    """

    row: RunRow
    epoch: int
    wake: int
    records: tuple[Record, ...] = ()


class Appended(Struct, frozen=True, kw_only=True):
    """What an append did.

    Attributes:
        records: Ours, as stored, in order.
        foreign: What others posted since our last append or the claim, in order, all before ours.
        wake: The value to release with: every post up to it is in `foreign` or was seen before.
    """

    records: tuple[Record, ...]
    foreign: tuple[Record, ...]
    wake: int


class WorkflowSource(Struct, frozen=True, kw_only=True):
    """A published version: its resolved closure as canonical JSON and the text it came from.

    Attributes:
        by: Who publishes it; it is noted in `_admin` alone, and "" when it is read again.
    """

    version: WorkflowVersion
    name: str
    closure: bytes
    source: str
    file: str
    by: str = ""


class Control(Struct, frozen=True, kw_only=True):
    """The one row of the installation: what is stopped, and where its stream stands."""

    switches: tuple[Switch, ...] = ()
    seq: int = 0
    head: Digest = GENESIS
    at: Millis = Millis(0)


class StoredRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A record as it stands in the store, for `verify`: nothing decoded, nothing trusted."""

    stream: RunId
    seq: int
    data: bytes
    hash: Digest
    key: str = ""


class RunStore(Protocol):
    """See the module's rules."""

    async def publish(self, workflow: WorkflowSource) -> None:
        """Keep a workflow version; the same version twice is no change. Noted in `_admin` the first time."""
        ...

    async def note(self, body: AdminNoted) -> None:
        """Add to `_admin` what happened to the installation."""
        ...

    async def enter(self, entry: Entry) -> Record:
        """Add any other record of the installation to `_admin`.

        Raises:
            Rejected: ST006 when its key is taken.
        """
        ...

    async def workflow(self, version: WorkflowVersion) -> WorkflowSource:
        """Return a published version.

        Raises:
            UsageError: when there is none.
        """
        ...

    async def start(self, run: RunId, entry: Entry) -> Record:
        """Create a run with its `run.created` entry, runnable at once.

        Raises:
            Rejected: when the id is taken, or the version is not published.
        """
        ...

    async def claim(self, run: RunId, worker: WorkerId) -> Claim | None:
        """Take a run; None when a living worker owns it, it has ended, or its turn has not come.

        Appends `run.claimed`.
        """
        ...

    def append(self, run: RunId, epoch: int, entries: Sequence[Entry], *, seen: int) -> Awaitable[Appended]:
        """Add the owner's records in one transaction.

        It is asked for by the call; awaiting it, or a callback of it where it is a future, tells how it went.

        Args:
            seen: The `seq` up to which the owner knows the stream; later records come back as `foreign`.
            entries: May be empty, to fetch what others posted.

        Raises:
            Fenced: when `epoch` is not the run's any more.
            OverBudget: when a shared budget has no room for an `effect.intent`.
            Rejected: when a key is taken, or (for an `effect.intent`) a kill switch that fits it is on.
        """
        ...

    async def post(self, run: RunId, entry: Entry, *, when: Sequence[RowStatus] = ()) -> Record:
        """Add somebody else's record and wake the run.

        Args:
            when: The statuses in which it is allowed; empty means any status of a run that has not ended. An ended
                run takes `run.retry_requested`, by which it becomes `running` again, and, when it gave up,
                `dead.dropped`, by which nothing begins.

        Raises:
            Rejected: code ST004 when there is no such run, ST005 when its status does not allow it, ST006 when the
                key is taken.
        """
        ...

    async def release(self, run: RunId, epoch: int, *, wake: int, status: RowStatus, next_timer_at: int = 0) -> bool:
        """Let go of a run; False when somebody has woken it since `wake` (then it is still ours).

        With status `running` it is runnable at once, so that another worker goes on. A run that ended needs no
        release: appending `run.ended` lets go of it.

        Raises:
            Fenced: when `epoch` is not the run's any more.
        """
        ...

    async def row(self, run: RunId) -> RunRow | None:
        """Return a run's row."""
        ...

    async def wakes(self, runs: Sequence[RunId]) -> dict[RunId, int]:
        """Return `wake` of each of these runs, in one look: has somebody posted?"""
        ...

    async def find(self, prefix: str) -> tuple[RunId, ...]:
        """Return the ids that begin with `prefix`, at most ten."""
        ...

    async def rows(
        self, *, status: Sequence[RowStatus] = (), workflow: str = "", dead: bool = False, limit: int = 50
    ) -> tuple[RunRow, ...]:
        """Return runs, newest first; with `dead`, only those that gave up or ended with errors."""
        ...

    async def tallies(self) -> tuple[Tally, ...]:
        """Return how many runs there are of each version and status, by workflow, version and status."""
        ...

    async def runnable(self, now: Millis, *, limit: int, only: RunId | None = None) -> tuple[RunId, ...]:
        """Return runs that a worker should claim: woken, timer due, or with a dead owner; `only` asks for one run.

        By priority, 9 before 0, then the longest waiting first. Runs whose turn has not come are left out.
        """
        ...

    async def next_timer(self) -> Millis:
        """Return the earliest `next_timer_at` of all runs that nobody owns, or 0."""
        ...

    async def records(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[Record, ...]:
        """Return records of a run with `seq > after`, in order."""
        ...

    async def stored(self, run: RunId, *, after: int = 0, limit: int = 10_000) -> tuple[StoredRecord, ...]:
        """Return records as they stand in the store."""
        ...

    async def streams(self) -> tuple[RunId, ...]:
        """Return every stream that has a record, and every run that has a row."""
        ...

    async def payload(self, run: RunId, ref: PayloadRef) -> bytes:
        """Return a payload, checked against its digest.

        Raises:
            LedgerError: LE006 when it is missing, LE007 when it is not what the record says.
        """
        ...

    async def check_payloads(self, run: RunId, refs: Sequence[PayloadRef]) -> dict[Digest, LedgerError]:
        """Return what `payload` would raise for these, by digest, reading each and keeping none."""
        ...

    async def save_file(self, source: Path) -> tuple[Digest, int]:
        """Copy a file into the content-addressed store: `(SHA-256, bytes)`. Any size, constant memory, synced."""
        ...

    def file_path(self, digest: Digest) -> Path:
        """Return where a saved file stands, for reading."""
        ...

    async def stop(self, switch: Switch, *, reason: Payload | None = None) -> bool:
        """Turn a kill switch on: no `effect.intent` that it fits is accepted any more (ST007). Noted in `_admin`.

        False, and nothing is noted, when the same is stopped already.

        Raises:
            Rejected: ST025 when too much is stopped already.
        """
        ...

    async def lift(self, switch: Switch, *, by: str, reason: Payload | None = None) -> bool:
        """Turn the kill switch with this scope and subject off; False when it was not on. Noted in `_admin`."""
        ...

    async def control(self) -> Control:
        """Return the installation's row: what is stopped, and where the stream `_admin` stands."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts of shared budgets, by id."""
        ...

    async def holds(self) -> tuple[Hold, ...]:
        """Return what effects hold in them, by run."""
        ...

    async def shares(self, budget: str = "") -> tuple[Share, ...]:
        """Return what each run has used of an account, or of all, by account and run."""
        ...

    async def alive(self, worker: WorkerId) -> None:
        """Say that this process lives from now on, until it closes the store or dies; dies are noticed at once."""
        ...

    def changed(self) -> AsyncIterator[None]:
        """Yield whenever the store may have changed, by us or by another process (at most 50 ms late).

        Several changes may come as one; there is a first yield at once.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go of everything."""
        ...
