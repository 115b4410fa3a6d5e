"""What a store can be asked to write, and what `journal.commit` asks of a store's transaction.

A store queues requests, opens a transaction, hands both to `commit`, makes the transaction durable, and gives each
requester its own answer. `Submitting` is the part of `RunStore` that only turns calls into requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from podium.clock import Millis
from podium.ids import Digest, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.record import AdminNoted, Entry, Payload, Record
from podium.ledger.store import Appended, Claim, Control, RowStatus, RunRow, WorkflowSource
from podium.ledger.switch import Switch

T = TypeVar("T")

FaultPoint = Literal["before commit", "inside commit", "after commit"]
"""Where a commit can be made to fail: before anything, with everything inserted, durable but not yet answered."""

Faults = Callable[[FaultPoint], None]
"""Called at every fault point. What it raises outside `Exception` ends the store as a kill would."""


def no_faults(_: FaultPoint) -> None:
    """Go on."""


class Request(Struct, Generic[T], frozen=True, kw_only=True, gc=False):
    """Something to write; `T` is the answer."""


class Publish(Request[None], frozen=True, kw_only=True):
    """See `RunStore.publish`."""

    workflow: WorkflowSource


class Note(Request[None], frozen=True, kw_only=True):
    """Add to the stream `_admin`."""

    body: AdminNoted


class Enter(Request[Record], frozen=True, kw_only=True):
    """See `RunStore.enter`."""

    entry: Entry


class Stop(Request[bool], frozen=True, kw_only=True):
    """See `RunStore.stop`."""

    switch: Switch
    reason: Payload | None


class Lift(Request[bool], frozen=True, kw_only=True):
    """See `RunStore.lift`."""

    switch: Switch
    by: str
    reason: Payload | None


class Start(Request[Record], frozen=True, kw_only=True):
    """See `RunStore.start`."""

    run: RunId
    entry: Entry


class ClaimRun(Request[Claim | None], frozen=True, kw_only=True):
    """See `RunStore.claim`."""

    run: RunId
    worker: WorkerId


class Append(Request[Appended], frozen=True, kw_only=True):
    """See `RunStore.append`."""

    run: RunId
    epoch: int
    entries: tuple[Entry, ...]
    seen: int


class Post(Request[Record], frozen=True, kw_only=True):
    """See `RunStore.post`."""

    run: RunId
    entry: Entry
    when: tuple[RowStatus, ...]


class Release(Request[bool], frozen=True, kw_only=True):
    """See `RunStore.release`."""

    run: RunId
    epoch: int
    wake: int
    status: RowStatus
    next_timer_at: Millis


RunRequest = Start | ClaimRun | Append | Post | Release
AnyRequest = Publish | Note | Enter | Stop | Lift | RunRequest


class NewRecord(Struct, frozen=True, gc=False):
    """A record to insert."""

    stream: RunId
    seq: int
    key: str
    data: bytes
    hash: Digest


@dataclass(slots=True)
class Changes:
    """What a batch writes.

    Attributes:
        created, changed: Whole rows.
        advanced: Rows of which only `seq`, `head` and `updated_at` changed; by far the most.
        accounts: Whole, new or changed. `holds`: new or changed; `let_go`: not there any more.
        shares: To be added to what the run has used.
    """

    records: list[NewRecord] = field(default_factory=list[NewRecord])
    payloads: list[tuple[RunId, Payload]] = field(default_factory=list[tuple[RunId, Payload]])
    workflows: list[tuple[WorkflowSource, Millis]] = field(default_factory=list[tuple[WorkflowSource, Millis]])
    created: list[RunRow] = field(default_factory=list[RunRow])
    changed: list[RunRow] = field(default_factory=list[RunRow])
    advanced: list[RunRow] = field(default_factory=list[RunRow])
    control: Control | None = None
    accounts: list[Account] = field(default_factory=list[Account])
    holds: list[Hold] = field(default_factory=list[Hold])
    let_go: list[Hold] = field(default_factory=list[Hold])
    shares: list[Share] = field(default_factory=list[Share])


class Transaction(Protocol):
    """An open transaction of a store: it alone writes until it ends."""

    def rows(self, runs: Sequence[RunId]) -> dict[RunId, RunRow]:
        """Return the rows that there are, locked in the order given."""
        ...

    def control(self) -> Control:
        """Return the control row, locked."""
        ...

    def taken(self, keys: Sequence[tuple[RunId, str]]) -> set[tuple[RunId, str]]:
        """Return those of `keys` that a record has."""
        ...

    def published(self, versions: Sequence[WorkflowVersion]) -> set[WorkflowVersion]:
        """Return those of `versions` that are stored."""
        ...

    def records(self, run: RunId, *, after: int) -> tuple[Record, ...]:
        """Return the records of a run with `seq > after`, in order."""
        ...

    def alive(self, worker: WorkerId) -> bool:
        """Return whether the worker's process lives."""
        ...

    def under_way(self, slot: str) -> int:
        """Return how many stored runs have a turn of this slot."""
        ...

    def accounts(self, ids: Sequence[str]) -> tuple[Account, ...]:
        """Return the accounts that there are, locked in the order given."""
        ...

    def holds(self, runs: Sequence[RunId]) -> tuple[Hold, ...]:
        """Return what these runs hold in accounts."""
        ...

    def write(self, changes: Changes) -> None:
        """Insert and update everything."""
        ...


class Submitting(ABC):
    """The writing half of `RunStore`: each call is a request, answered when it is durable."""

    @abstractmethod
    def submit(self, request: Request[T]) -> Awaitable[T]:
        """Have a request committed, together with whatever else waits; a future, where that can be."""

    @abstractmethod
    async def alive(self, worker: WorkerId) -> None:
        """See `RunStore.alive`."""

    async def publish(self, workflow: WorkflowSource) -> None:
        await self.submit(Publish(workflow=workflow))

    async def note(self, body: AdminNoted) -> None:
        await self.submit(Note(body=body))

    async def enter(self, entry: Entry) -> Record:
        return await self.submit(Enter(entry=entry))

    async def start(self, run: RunId, entry: Entry) -> Record:
        return await self.submit(Start(run=run, entry=entry))

    async def claim(self, run: RunId, worker: WorkerId) -> Claim | None:
        await self.alive(worker)  # a claim of somebody who does not live would be anybody's at once
        return await self.submit(ClaimRun(run=run, worker=worker))

    def append(self, run: RunId, epoch: int, entries: Sequence[Entry], *, seen: int) -> Awaitable[Appended]:
        return self.submit(Append(run=run, epoch=epoch, entries=tuple(entries), seen=seen))

    async def post(self, run: RunId, entry: Entry, *, when: Sequence[RowStatus] = ()) -> Record:
        return await self.submit(Post(run=run, entry=entry, when=tuple(when)))

    async def release(self, run: RunId, epoch: int, *, wake: int, status: RowStatus, next_timer_at: int = 0) -> bool:
        timer = Millis(next_timer_at)
        return await self.submit(Release(run=run, epoch=epoch, wake=wake, status=status, next_timer_at=timer))

    async def stop(self, switch: Switch, *, reason: Payload | None = None) -> bool:
        return await self.submit(Stop(switch=switch, reason=reason))

    async def lift(self, switch: Switch, *, by: str, reason: Payload | None = None) -> bool:
        return await self.submit(Lift(switch=switch, by=by, reason=reason))
