"""The one algorithm of writing; every store runs it inside its own transaction.

`commit(batch, tx, now=…)` takes many requests in the order in which they came and answers each on its own:

1. The rows of all runs are locked in the order of their ids, then the accounts of shared budgets in the order of
   theirs; then all keys are looked up at once.
2. Each request is checked completely before it changes anything, and sees what earlier ones of the batch did. What is
   refused is answered with its `StoreError`; it harms nobody else.
3. `seq`, `prev` and `at` are given out here. `at` never runs backwards within a stream, though the clock may.
4. Everything is written at the end with few statements. Whether it then became durable is the store's part: until
   that is certain it gives no answer.

INVARIANT: an owned run has a claim with its epoch in the stream; a run that has ended has no owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from podium.clock import Millis
from podium.errors import Fenced, Rejected, StoreError
from podium.ids import ADMIN, RunId, WorkerId, WorkflowVersion
from podium.ledger.accounts import Book, named, touches
from podium.ledger.batch import Run, Stream, first_row, over, posted, takes
from podium.ledger.record import (
    AdminNoted,
    EffectIntent,
    Entry,
    Payload,
    Record,
    RunClaimed,
    RunCreated,
    RunEnded,
)
from podium.ledger.requests import (
    AnyRequest,
    Append,
    Changes,
    ClaimRun,
    Enter,
    Lift,
    NewRecord,
    Note,
    Post,
    Publish,
    Release,
    Request,
    RunRequest,
    Start,
    Stop,
    Transaction,
)
from podium.ledger.store import CLAIM_RECORDS, Appended, Claim, Control, RunRow, WorkflowSource
from podium.ledger.switch import MAX_SWITCHES, Act, Switch, stopped_by

Answer = Any
"""What the request's type says, or a `StoreError`."""


def commit(batch: Sequence[Request[Any]], tx: Transaction, *, now: Millis) -> list[Answer]:
    """Carry out a batch inside `tx`; return an answer or a `StoreError` for each request, in order.

    Raises:
        StoreError: when the transaction itself fails; then nothing of the batch may stay.
    """
    journal = _Journal(batch, tx, now)
    answers = [journal.answer(request) for request in batch]
    tx.write(journal.changes())
    return answers


class _Journal:
    def __init__(self, batch: Sequence[Request[Any]], tx: Transaction, now: Millis) -> None:
        self._tx = tx
        self._now = now
        self._changes = Changes()
        wanted = {request.run for request in batch if isinstance(request, RunRequest) and request.run.isascii()}
        self._runs = {run: Run(row) for run, row in tx.rows(sorted(wanted)).items()} if wanted else {}
        keys = [(run, entry.key) for run, entry in _keyed(batch)]
        self._taken = tx.taken(keys) if keys else set[tuple[RunId, str]]()
        self._control: Control | None = None
        self._admin: Stream | None = None
        self._book = _book(batch, tx)

    def answer(self, request: Request[Any]) -> Answer:
        try:
            return self._carry_out(request)
        except StoreError as error:
            return error

    def _carry_out(self, request: AnyRequest | Request[Any]) -> Answer:
        match request:
            case Append():
                return self._append(request)
            case Post():
                return self._post(request)
            case ClaimRun():
                return self._claim(request)
            case Release():
                return self._release(request)
            case Start():
                return self._start(request)
            case Publish():
                return self._publish(request.workflow)
            case Stop():
                return self._stop(request)
            case Lift():
                return self._lift(request)
            case Note():
                return self._note(request.body)
            case Enter():
                return self._add(self._admin_stream(), (request.entry,))[0]
            case _:
                raise TypeError(f"unknown request {type(request).__name__}")

    # ── the owner ──

    def _append(self, request: Append) -> Appended:
        run = self._owned(request)
        kinds = {type(entry.body) for entry in request.entries}
        if EffectIntent in kinds and (switches := self._load_control().switches):
            _refuse_stopped(switches, run.row, request.entries)
        if RunEnded in kinds and any(isinstance(entry.body, RunEnded) for entry in request.entries[:-1]):
            raise Rejected("ST005", f"run `{run.name}` cannot go on in the same append that ends it")
        # read before ours are added
        foreign = self._since(run, request.seen)
        records = self._add(run, request.entries)
        if records and isinstance(ended := records[-1].body, RunEnded):
            run.change(**over(ended))
        return Appended(records=records, foreign=foreign, wake=run.row.wake)

    def _claim(self, request: ClaimRun) -> Claim | None:
        run = self._existing(request.run)
        row = run.row
        held = row.owner not in ("", request.worker)
        if row.is_over or (held and self._tx.alive(WorkerId(row.owner))):
            return None
        if row.queued:
            if self._under_way(row.slot) >= row.slots:
                return None
            run.change(turn="has")
        epoch = row.epoch + 1
        self._add(run, (Entry(body=RunClaimed(epoch=epoch, worker=request.worker)),))
        run.change(epoch=epoch, owner=request.worker, status="running")
        records = self._since(run, 0) if run.seq <= CLAIM_RECORDS else ()
        return Claim(row=run.final_row(), epoch=epoch, wake=row.wake, records=records)

    def _release(self, request: Release) -> bool:
        run = self._owned(request)
        if run.row.wake != request.wake:
            return False
        # a run that nobody drives and that waits for nothing would be stranded
        runnable_at = self._now if request.status == "running" else Millis(0)
        run.change(owner="", status=request.status, runnable_at=runnable_at, next_timer_at=request.next_timer_at)
        return True

    def _owned(self, request: Append | Release) -> Run:
        run = self._existing(request.run)
        if run.row.epoch != request.epoch or not run.row.owner:
            raise Fenced(request.run, request.epoch)
        return run

    # ── everybody else ──

    def _post(self, request: Post) -> Record:
        run = self._existing(request.run)
        row, body = run.row, request.entry.body
        if not takes(row, body, request.when):
            raise Rejected("ST005", f"run `{request.run}` is `{row.status}`, which does not take this any more or yet")
        (record,) = self._add(run, (request.entry,))
        run.change(**posted(row, body, self._now))
        return record

    def _start(self, request: Start) -> Record:
        body = request.entry.body
        if not isinstance(body, RunCreated):
            raise Rejected("ST009", f"expected `run.created` as the first record of run `{request.run}`")
        if request.run in self._runs:
            raise Rejected("ST003", f"run `{request.run}` exists already")
        if not self._is_published(WorkflowVersion(body.version)):
            raise Rejected("ST008", f"version `{body.version[:12]}` of workflow `{body.workflow}` is not published")
        run = Run(first_row(request.run, body, self._now), created=True)
        (record,) = self._add(run, (request.entry,))
        self._runs[request.run] = run
        return record

    # ── the installation ──

    def _publish(self, workflow: WorkflowSource) -> None:
        if not self._is_published(workflow.version):
            self._note(AdminNoted(action="workflow.published", subject=workflow.version, by=workflow.by or "system"))
            self._changes.workflows.append((workflow, self._now))

    def _stop(self, request: Stop) -> bool:
        control, switch, reason = self._load_control(), request.switch, request.reason
        if any(on.is_about(switch) for on in control.switches):
            return False
        if len(control.switches) >= MAX_SWITCHES:
            raise Rejected("ST025", f"{MAX_SWITCHES} kill switches are on, and no more can be", help="lift some first")
        noted = AdminNoted(
            action="kill_switch.on", subject=switch.name, by=switch.by, reason=reason.ref if reason else None
        )
        self._note(noted, reason)
        self._control = replace(control, switches=(*control.switches, replace(switch, at=self._now)))
        return True

    def _lift(self, request: Lift) -> bool:
        control, switch, reason = self._load_control(), request.switch, request.reason
        left = tuple(on for on in control.switches if not on.is_about(switch))
        if len(left) == len(control.switches):
            return False
        noted = AdminNoted(
            action="kill_switch.off", subject=switch.name, by=request.by, reason=reason.ref if reason else None
        )
        self._note(noted, reason)
        self._control = replace(control, switches=left)
        return True

    def _note(self, body: AdminNoted, reason: Payload | None = None) -> None:
        self._add(self._admin_stream(), (Entry(body=body, payloads=(reason,) if reason else ()),))

    def _admin_stream(self) -> Stream:
        if self._admin is None:
            control = self._load_control()
            self._admin = Stream(ADMIN, seq=control.seq, head=control.head, at=control.at)
        return self._admin

    # ── parts ──

    def _existing(self, run: RunId) -> Run:
        found = self._runs.get(run)
        if found is None:
            raise Rejected("ST004", f"run `{run}` does not exist", help="list runs with `podium runs list`")
        return found

    def _is_published(self, version: WorkflowVersion) -> bool:
        here = any(workflow.version == version for workflow, _ in self._changes.workflows)
        return here or version in self._tx.published((version,))

    def _load_control(self) -> Control:
        if self._control is None:
            self._control = self._tx.control()
        return self._control

    def _under_way(self, slot: str) -> int:
        """Return how many runs have a turn of this slot, with what this batch has changed."""
        count = self._tx.under_way(slot)
        for run in self._runs.values():
            if run.row.slot == slot:
                count += (run.row.turn == "has") - (run.stored.turn == "has")
        return count

    def _since(self, run: Run, seen: int) -> tuple[Record, ...]:
        earlier = self._tx.records(run.name, after=seen) if seen < run.first else ()
        return (*earlier, *(record for record in run.added if record.seq > seen))

    def _add(self, stream: Stream, entries: Sequence[Entry]) -> tuple[Record, ...]:
        self._refuse_taken_keys(stream.name, entries)
        sealed = stream.seal(entries, self._now)
        # the last that may refuse: from here on everything is carried out
        self._book.enter(stream.name, [entry.body for entry in entries], at=max(self._now, stream.at))
        changes = self._changes
        for (record, data), entry in zip(sealed, entries, strict=True):
            stream.take(record)
            changes.records.append(NewRecord(stream.name, record.seq, record.key, data, record.hash))
            for payload in entry.payloads:
                changes.payloads.append((stream.name, payload))
            if record.key:
                self._taken.add((stream.name, record.key))
        return tuple(record for record, _ in sealed)

    def _refuse_taken_keys(self, stream: RunId, entries: Sequence[Entry]) -> None:
        mine = set[str]()
        for entry in entries:
            if entry.key and (entry.key in mine or (stream, entry.key) in self._taken):
                help_ = "somebody was faster, or this is a repetition; look at the run before trying again"
                raise Rejected("ST006", f"run `{stream}` has a record with key `{entry.key}` already", help=help_)
            mine.add(entry.key)

    def changes(self) -> Changes:
        """Return everything that was carried out."""
        changes = self._changes
        for run in self._runs.values():
            if run.created:
                changes.created.append(run.final_row())
            elif run.row_changed:
                changes.changed.append(run.final_row())
            elif run.added:
                changes.advanced.append(run.final_row())
        if self._admin is not None:
            admin = self._admin
            changes.control = replace(self._load_control(), seq=admin.seq, head=admin.head, at=admin.at)
        book = self._book
        changes.accounts, changes.holds, changes.let_go = book.changed(), book.put(), book.gone()
        changes.shares = book.shares()
        return changes


def _book(batch: Sequence[Request[Any]], tx: Transaction) -> Book:
    """Return the accounts that a batch has to do with, and what its runs hold."""
    runs, ids = set[RunId](), set[str]()
    for run, entry in _entries(batch):
        if touches(entry.body):
            runs.add(run)
            ids.update(named(entry.body))
    runs.update(request.run for request in batch if isinstance(request, ClaimRun))
    if not runs:
        return Book()
    holds = tx.holds(sorted(runs))
    ids.update(hold.budget for hold in holds)
    return Book(tx.accounts(sorted(ids)) if ids else (), holds)


def _entries(batch: Sequence[Request[Any]]) -> Iterator[tuple[RunId, Entry]]:
    for request in batch:
        match request:
            case Append(run=run, entries=entries):
                yield from ((run, entry) for entry in entries)
            case Post(run=run, entry=entry):
                yield run, entry
            case _:
                pass


def _keyed(batch: Sequence[Request[Any]]) -> Iterator[tuple[RunId, Entry]]:
    """Yield the entries with a key that a store can look up; the others are refused when they are sealed."""
    for request in batch:
        match request:
            case Append(run=run, entries=entries):
                yield from ((run, entry) for entry in entries if entry.key and _is_text(entry.key))
            case Post(run=run, entry=entry) | Start(run=run, entry=entry) if entry.key and _is_text(entry.key):
                yield run, entry
            case Enter(entry=entry) if entry.key and _is_text(entry.key):
                yield ADMIN, entry
            case _:
                pass


def _refuse_stopped(switches: Sequence[Switch], row: RunRow, entries: Sequence[Entry]) -> None:
    """Refuse an append with an intent that a kill switch fits.

    Raises:
        Rejected: ST007.
    """
    for entry in entries:
        body = entry.body
        if not isinstance(body, EffectIntent):
            continue
        act = Act(
            runs=(row.id, row.root, row.parent),
            workflow=row.workflow,
            tenant=row.tenant,
            effect=body.effect,
            target=body.target,
            chain=body.decision.chain,
        )
        if (switch := stopped_by(switches, act)) is not None:
            by = f" by {switch.by}" if switch.by else ""
            help_ = "`podium stop list` shows what is stopped; it goes on after `podium stop lift`"
            raise Rejected("ST007", f"`{switch.told}` was stopped{by}, so `{body.effect}` may not start", help=help_)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
