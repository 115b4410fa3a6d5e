"""Does the evidence hold? Names the first record of a stream that does not, and why.

In this order, for each record of a stream:

1. its place: no gap, none twice (LE003);
2. its bytes give its hash (LE001), are canonical JSON of a known kind (LE004), and say that they stand here (LE005);
3. it names the hash of the record before it (LE002);
4. it is possible after what came before: time, epochs, keys, outcomes after intents, nothing after the end, nothing
   done on a word that nobody gave (LE009);
5. its payloads are there (LE006) and are what it says (LE007);
6. the record of another run that it goes on from is there, with the hash that it names (LE010).

What the store says of shared budgets is what the records of all runs come to (LE011), and what it says is stopped is
what was stopped (LE008). What counted on a standing approval stands in the stream of the installation (LE009). The
workflow of each run is the one of its version (LE012).

At the end of a stream its head is the one that the store's row knows (LE008): a cut tail has no other witness until
there are signed tree heads. After the first bad record of a stream the rest of that stream proves nothing and is not
looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable

from msgspec import Struct

from podium.errors import LedgerError, UsageError
from podium.ids import ADMIN, Digest, RunId, WorkflowVersion
from podium.ledger.accounts import Book, touches
from podium.ledger.chain import unseal
from podium.ledger.consent import Consent, Standings, Use
from podium.ledger.payload import references
from podium.ledger.record import (
    GENESIS,
    AdminNoted,
    AutonomySet,
    DeadDropped,
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    ForkedFrom,
    NoticeSent,
    PayloadRef,
    Record,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    RunStatus,
    StandingGiven,
    StandingRevoked,
    StandingUsed,
)
from podium.ledger.recount import difference
from podium.ledger.store import ENDED, RunRow, RunStore, StoredRecord

_PAGE = 2_000
_ADMIN = (AdminNoted, NoticeSent, StandingGiven, StandingUsed, StandingRevoked, AutonomySet)
"""What stands in the installation's own stream."""
_LOOKS = 20
"""How often shared budgets are compared while runs go on beside it."""

_HELP = "somebody changed the store; keep it as it is, and compare it with a backup"


class Verified(Struct, frozen=True, kw_only=True):
    """A stream that holds, up to `seq`."""

    stream: RunId
    seq: int
    head: Digest


class VerifyReport(Struct, frozen=True, kw_only=True):
    """What was looked at, and what is wrong: at most one damaged record a stream, and every payload that is."""

    streams: int
    records: int
    payloads: int
    problems: tuple[LedgerError, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class StreamCheck:
    """Checks one stream, record by record."""

    def __init__(self, stream: RunId) -> None:
        self.stream = stream
        self.seq = 0
        self.head: Digest = GENESIS
        self.epoch = 0
        self.ended: RunStatus | None = None
        self._at = 0
        self.fork: ForkedFrom | None = None
        self._keys = set[str]()
        self._unanswered: dict[str, int] = {}
        self.book = Book()
        self.version = ""
        self.consent = Consent()
        self.standings = Standings()
        self.stopped: dict[str, str] = {}
        """Of the installation: what is stopped, and by whom."""

    def add_all(self, page: Iterable[StoredRecord]) -> list[tuple[int, PayloadRef]]:
        """Check records in order; return what they refer to as `(seq, ref)`.

        Raises:
            LedgerError: at the first that does not hold.
        """
        found: list[tuple[int, PayloadRef]] = []
        for stored in page:
            record = self.add(stored)
            found.extend((record.seq, ref) for ref in references(record.body))
        return found

    def add(self, stored: StoredRecord) -> Record:
        """Check the next record."""
        if stored.seq != self.seq + 1:
            raise self.wrong("LE003", f"expected record {self.seq + 1}, got {stored.seq}", self.seq + 1)
        record = unseal(stored)
        if record.prev != self.head:
            raise self.wrong("LE002", "it does not follow from the record before it", stored.seq)
        if record.at < self._at:
            raise self.wrong("LE009", "it is older than the record before it", stored.seq)
        self._check_key(record)
        reason = self._admin_reason(record) if self.stream == ADMIN else self._run_reason(record)
        if reason:
            raise self.wrong("LE009", reason, stored.seq)
        self.seq, self.head, self._at = record.seq, record.hash, record.at
        if touches(record.body):
            self.book.enter(self.stream, (record.body,), at=record.at, checked=False)
        return record

    def result(self) -> Verified:
        """Return how far the stream holds."""
        return Verified(stream=self.stream, seq=self.seq, head=self.head)

    def wrong(self, code: str, reason: str, seq: int | None) -> LedgerError:
        """Return the error of this stream."""
        where = f"record {seq} of `{self.stream}` does not hold" if seq else f"stream `{self.stream}` does not hold"
        return LedgerError(code, f"{where}: {reason}", stream=self.stream, seq=seq, help=_HELP)

    def _check_key(self, record: Record) -> None:
        if record.key:
            if record.key in self._keys:
                raise self.wrong("LE009", f"its key `{record.key}` was used before", record.seq)
            self._keys.add(record.key)

    def _admin_reason(self, record: Record) -> str:
        match record.body:
            case AdminNoted(action="kill_switch.on", subject=subject, by=by):
                self.stopped[subject] = by
            case AdminNoted(action="kill_switch.off", subject=subject):
                self.stopped.pop(subject, None)
            case body if not isinstance(body, _ADMIN):
                return "it does not belong to the installation's stream"
            case _:
                pass
        return self.standings.reason(record.body)

    def _run_reason(self, record: Record) -> str:
        body = record.body
        if isinstance(body, RunCreated) != (record.seq == 1):
            return "a run begins with `run.created`, once"
        if self.ended and not isinstance(body, RetryRequested | DeadDropped):
            return "the run had ended, and nobody had asked for a retry"
        match body:
            case RunCreated(fork=fork, version=version):
                self.fork, self.version = fork, version
            case EffectIntent(id=effect):
                self._unanswered[effect] = self._unanswered.get(effect, 0) + 1
            case EffectOutcome(id=effect):
                left = self._unanswered.get(effect, 0)
                if not left:
                    return "it is the outcome of an effect without an intent"
                self._unanswered[effect] = left - 1
            case DoubtSettled(id=effect):
                if effect not in self._unanswered:
                    return "it settles an effect that has no intent"
            case RunClaimed(epoch=epoch):
                if epoch != self.epoch + 1:
                    return f"expected epoch {self.epoch + 1}, got {epoch}"
                self.epoch = epoch
            case RunEnded(status=status):
                self.ended = status
            case RetryRequested():
                self.ended = None
            case DeadDropped() if not self.ended:
                return "it gives up on a run that had not ended"
            case AdminNoted() | NoticeSent() | StandingGiven() | StandingUsed() | StandingRevoked() | AutonomySet():
                return "it belongs to the installation's stream"
            case _:
                pass
        return self.consent.reason(body, record.key)

    def row_reason(self, row: RunRow) -> str:
        """Return why `row` does not fit the end of this stream, or ""."""
        if row.seq < self.seq:
            return f"its row knows {row.seq} records, there are {self.seq}"
        if row.seq > self.seq:
            return f"its last records are missing: its row knows {row.seq}, there are {self.seq}"
        if row.head != self.head:
            return "its row knows another last record"
        if (self.ended or "") != (row.status if row.status in ENDED else ""):
            return f"its row says `{row.status}`, which is not how its records end"
        if row.epoch != self.epoch:
            return f"its row says epoch {row.epoch}, its records {self.epoch}"
        return ""


def verify_stream(stored: Iterable[StoredRecord]) -> Verified | LedgerError:
    """Check the records of one stream, the first one first; payloads and rows are not looked at."""
    check: StreamCheck | None = None
    try:
        for record in stored:
            check = check or StreamCheck(record.stream)
            check.add(record)
    except LedgerError as error:
        return error
    return check.result() if check else Verified(stream=RunId(""), seq=0, head=GENESIS)


async def verify(store: RunStore, run: RunId | None = None) -> VerifyReport:
    """Check one stream with its payloads and its row, or everything that the store has; runs may go on meanwhile."""
    streams = (run,) if run is not None else await store.streams()
    checks = [_Check(store, stream) for stream in streams]
    for check in checks:
        await check.run()
    problems = [problem for check in checks for problem in check.problems]
    problems += await _check_versions(store, checks)
    if run is None and not problems:
        problems += await _check_standings(checks)
    if run is None and not problems:
        problems += await _check_accounts(store, checks)
    return VerifyReport(
        streams=len(checks),
        records=sum(check.stream.seq for check in checks),
        payloads=sum(check.payloads for check in checks),
        problems=tuple(problems),
    )


async def _check_versions(store: RunStore, checks: list[_Check]) -> list[LedgerError]:
    """Compare the workflow of each version with its hash."""
    found: list[LedgerError] = []
    first = {check.stream.version: check.stream for check in reversed(checks) if check.stream.version}
    for version, stream in sorted(first.items()):
        try:
            kept = (await store.workflow(WorkflowVersion(version))).closure
        except UsageError:
            kept = b""
        if hashlib.sha256(kept).hexdigest() != version:
            reason = f"the store has another workflow as version `{version[:12]}`, or none"
            found.append(stream.wrong("LE012", reason, 1))
    return found


async def _check_standings(checks: list[_Check]) -> list[LedgerError]:
    """Compare what runs did on standing approvals with what counted on them."""
    admin = next((check for check in checks if check.stream.stream == ADMIN), None)
    if admin is not None:
        await admin.catch_up()  # runs that were read after it may have used more
    uses = admin.stream.standings.uses if admin is not None else set[Use]()
    return [
        check.stream.wrong("LE009", f"it names the standing approval `{id_}`, on which `{effect}` never counted", None)
        for check in checks
        for id_, effect in sorted(check.stream.consent.claimed - uses)
    ]


async def _check_accounts(store: RunStore, checks: list[_Check]) -> list[LedgerError]:
    """Compare the shared budgets with the records, which may be ahead of them or behind while runs go on."""
    for _ in range(_LOOKS):
        reason = await difference(store, [check.stream.book for check in checks])
        if not reason:
            return []
        seen = sum(check.stream.seq for check in checks)
        known = {check.stream.stream for check in checks}
        checks += [_Check(store, stream) for stream in await store.streams() if stream not in known]
        for check in checks:
            await check.catch_up()
        if sum(check.stream.seq for check in checks) == seen:
            return [LedgerError("LE011", reason, stream=ADMIN, seq=None, help=_HELP)]
    return []  # so much is being written that the two were never read at the same moment


class _Check:
    """One stream of a store."""

    def __init__(self, store: RunStore, stream: RunId) -> None:
        self._store = store
        self.stream = StreamCheck(stream)
        self.payloads = 0
        self.problems: list[LedgerError] = []

    async def run(self) -> None:
        try:
            await self._check_records()
            await self._check_end()
            await self._check_origin()
        except LedgerError as error:
            self.problems.append(error)

    async def catch_up(self) -> None:
        """Check what has been added since."""
        try:
            await self._check_records()
        except LedgerError as error:
            self.problems.append(error)

    async def _check_records(self) -> None:
        """Check what is there beyond the last one that was checked."""
        stream = self.stream
        while page := await self._store.stored(stream.stream, after=stream.seq, limit=_PAGE):
            # in a thread: a page takes some ten milliseconds
            referred = await asyncio.to_thread(stream.add_all, page)
            self.payloads += len(referred)
            bad = await self._store.check_payloads(stream.stream, [ref for _, ref in referred])
            found = ((seq, bad[ref.digest]) for seq, ref in referred if ref.digest in bad)
            self.problems.extend(stream.wrong(error.code, error.message, seq) for seq, error in found)

    async def _check_origin(self) -> None:
        """Look at the record of another run that this one goes on from."""
        fork = self.stream.fork
        if fork is None:
            return
        found = await self._store.stored(fork.run, after=fork.seq - 1, limit=1)
        if [(record.seq, record.hash) for record in found] != [(fork.seq, fork.hash)]:
            reason = f"it goes on from record {fork.seq} of `{fork.run}`, which is not there as it was"
            raise self.stream.wrong("LE010", reason, 1)

    async def _check_end(self) -> None:
        """Compare with the row, which may be ahead while the run goes on."""
        stream = self.stream
        while True:
            reason = await self._end_reason()
            seen = stream.seq
            if reason:
                await self._check_records()
            if stream.seq == seen:
                break
        if reason:
            raise stream.wrong("LE008", reason, None)

    async def _end_reason(self) -> str:
        stream = self.stream
        if stream.stream == ADMIN:
            control = await self._store.control()
            if (control.seq, control.head) != (stream.seq, stream.head):
                return f"the store knows {control.seq} records of it, there are {stream.seq}"
            on = {switch.name: switch.by for switch in control.switches}
            return "" if on == stream.stopped else "what the store says is stopped is not what its records say"
        row = await self._store.row(stream.stream)
        return stream.row_reason(row) if row else "there is no such run, or its row is gone"
