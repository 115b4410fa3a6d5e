from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import Fenced, Rejected
from podium.ids import new_worker_id
from podium.ledger.record import Record
from podium.ledger.store import Appended, Claim
from podium.ledger.switch import Switch
from podium.ledger.verify import verify
from podium.ledger.writer import RunWriter
from podium.testing.conformance.store_world import IDS, begin_owned, bodies, cancel, done, intent
from podium.testing.faults import FaultPlan, Killed
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio


@dataclass
class Told:
    """What the writer told, by node or kind."""

    names: list[str] = field(default_factory=list[str])
    seqs: list[int] = field(default_factory=list[int])

    def __call__(self, records: Sequence[Record]) -> None:
        self.names += [record.path or type(record.body).__name__ for record in records]
        self.seqs += [record.seq for record in records]


@dataclass
class Desk:
    """A run with its owner."""

    store: MemoryStore
    claim: Claim
    writer: RunWriter
    told: Told

    async def keys(self) -> list[str]:
        return [record.key for record in await self.store.records(self.claim.row.id)][2:]


async def desk_of(store: MemoryStore) -> Desk:
    claim, told = await begin_owned(store), Told()
    return Desk(store, claim, RunWriter(store, claim, IDS, on_records=told), told)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    store = MemoryStore()
    yield await desk_of(store)
    await store.close()


async def test_an_append_returns_its_own_records(desk: Desk) -> None:
    records = await desk.writer.append([done("a"), done("b")])

    assert records == (await desk.store.records(desk.claim.row.id))[2:]
    assert (desk.told.names, desk.told.seqs) == (["a", "b"], [3, 4])
    assert desk.writer.seen == 4


async def test_what_was_deferred_goes_first_and_is_not_told_again(desk: Desk) -> None:
    desk.writer.defer([done("pure")])
    assert desk.writer.pending
    assert await desk.keys() == []

    records = await desk.writer.append([done("a")])

    assert [record.path for record in records] == ["a"]
    assert await desk.keys() == ["done:pure", "done:a"]
    assert desk.told.names == ["a"]
    assert not desk.writer.pending


async def test_what_others_posted_is_told_once_and_in_order(desk: Desk) -> None:
    await desk.store.post(desk.claim.row.id, cancel())
    await desk.writer.append([done("a")])
    await desk.store.post(desk.claim.row.id, cancel())
    await desk.writer.append()
    await desk.writer.append()

    assert desk.told.names == ["CancelRequested", "a", "CancelRequested"]
    assert desk.told.seqs == [3, 4, 5]


async def test_appends_at_the_same_time_share_a_commit() -> None:
    plan = FaultPlan()
    store = MemoryStore(faults=plan)
    desk = await desk_of(store)
    before = plan.passed

    answers = await asyncio.gather(*(desk.writer.append([done(f"n{i}")]) for i in range(50)))

    assert [record.path for answer in answers for record in answer] == [f"n{i}" for i in range(50)]
    assert plan.passed - before <= 2 * 3
    await store.close()


async def test_a_loser_does_not_harm_those_who_went_with_it(desk: Desk) -> None:
    await desk.writer.append([done("a")])
    desk.writer.defer([done("pure")])

    answers = await asyncio.gather(
        *(desk.writer.append([done(name)]) for name in ("b", "a", "c")), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [tuple, Rejected, tuple]
    assert await desk.keys() == ["done:a", "done:pure", "done:b", "done:c"]
    assert desk.told.names == ["a", "b", "c"]


async def test_what_was_deferred_waits_when_an_append_is_refused(desk: Desk) -> None:
    await desk.store.stop(Switch(scope="everything", by="user:ann"))
    desk.writer.defer([done("pure")])

    with pytest.raises(Rejected, match="ST007"):
        await desk.writer.append([intent("e")])
    assert desk.writer.pending
    await desk.writer.append([done("a")])

    assert await desk.keys() == ["done:pure", "done:a"]


async def test_one_who_stops_waiting_does_not_take_the_answers_of_others(desk: Desk) -> None:
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(desk.writer.append([done("a")]))
        staying = group.create_task(desk.writer.append([done("b")]))
        await asyncio.sleep(0)
        leaving.cancel()

    assert [record.path for record in staying.result()] == ["b"]
    assert await desk.keys() == ["done:a", "done:b"]
    assert desk.told.seqs == [3, 4]


async def test_a_fenced_writer_writes_nothing_more(desk: Desk) -> None:
    run = desk.claim.row.id
    there = desk.store.beside()
    await desk.store.close()
    assert await there.claim(run, new_worker_id(IDS))
    writer = RunWriter(there, desk.claim, IDS)
    writer.defer([done("pure")])

    answers = await asyncio.gather(*(writer.append([done(n)]) for n in "ab"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [Fenced, Fenced]
    assert await bodies(there, run) == ["RunCreated", "RunClaimed", "RunClaimed"]
    await there.close()


async def test_a_kill_reaches_everybody_who_waits() -> None:
    plan = FaultPlan(at=10 + 3)
    desk = await desk_of(MemoryStore(faults=plan))
    await desk.writer.append([done("a")])

    answers = await asyncio.gather(*(desk.writer.append([done(n)]) for n in "bc"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [Killed, Killed]


async def test_a_defect_in_the_fold_reaches_the_one_who_waits(desk: Desk) -> None:
    def broken(_: Sequence[Record]) -> None:
        raise ZeroDivisionError

    writer = RunWriter(desk.store, desk.claim, IDS, on_records=broken)

    async with asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await writer.append([done("a")])


async def test_a_release_writes_what_was_deferred_first(desk: Desk) -> None:
    desk.writer.defer([done("pure")])

    assert await desk.writer.release("approval")

    row = await desk.store.row(desk.claim.row.id)
    assert row
    assert (row.status, row.owner, row.seq) == ("approval", "", 3)


async def test_a_release_is_refused_until_the_owner_has_looked(desk: Desk) -> None:
    await desk.store.post(desk.claim.row.id, cancel())

    assert not await desk.writer.release("approval")
    await desk.writer.append()
    assert await desk.writer.release("approval")

    assert desk.told.names == ["CancelRequested"]


async def test_a_payload_is_made_with_the_salt_of_the_installation(desk: Desk) -> None:
    out = desk.writer.payload({"n": 1})

    await desk.writer.append([done("a", out)])

    assert await desk.store.payload(desk.claim.row.id, out.ref) == b'{"n":1}'


@given(st.lists(st.sampled_from(["append", "post", "defer", "look", "wait"]), max_size=30))
async def test_whatever_happens_at_once_everything_is_told_once_and_in_order(steps: list[str]) -> None:
    store = MemoryStore()
    desk = await desk_of(store)
    deferred = 0

    async with asyncio.TaskGroup() as group:
        for index, step in enumerate(steps):
            match step:
                case "append":
                    group.create_task(desk.writer.append([done(f"a{index}"), done(f"b{index}")]))
                case "post":
                    group.create_task(store.post(desk.claim.row.id, cancel()))
                case "defer":
                    desk.writer.defer([done(f"d{index}")])
                    deferred += 1
                case "look":
                    group.create_task(desk.writer.append())
                case _:
                    await asyncio.sleep(0)
    await desk.writer.append()

    stored = [record.seq for record in await store.records(desk.claim.row.id) if not record.path.startswith("d")][2:]
    assert desk.told.seqs == stored
    assert desk.writer.seen == len(await store.records(desk.claim.row.id))
    assert len(await desk.keys()) == desk.writer.seen - 2
    assert sum(key.startswith("done:d") for key in await desk.keys()) == deferred
    assert (await verify(store)).problems == ()
    await store.close()


class GoneStore(MemoryStore):
    """A store that takes nothing any more, as one whose process was killed."""

    def append(self, *_asked: object, **_more: object) -> Awaitable[Appended]:
        raise Killed("gone")


async def test_whoever_waits_is_told_when_the_store_takes_nothing_any_more() -> None:
    store = GoneStore()
    desk = await desk_of(store)

    with pytest.raises(Killed):
        async with asyncio.timeout(5):  # without an answer it would wait for ever
            await desk.writer.append([done("a")])
    await store.close()
