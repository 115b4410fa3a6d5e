"""Memory and SQLite give the same answers to whatever they are asked, so what is tested on one holds for the other.

Random requests over a few runs, several at the same time, on both stores with the same clock; then everything that can
be read is compared, and the ledgers verify.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.adapters.stores.sqlite import SqliteStore
from podium.clock import Millis
from podium.errors import PodiumError
from podium.ids import ADMIN, RunId, WorkerId
from podium.ledger.payload import payload
from podium.ledger.record import AdminNoted, DeadDropped, Entry, PauseRequested, Prioritised, ResumeRequested
from podium.ledger.store import RowStatus, RunStore
from podium.ledger.switch import Switch
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_budgets import holding
from podium.testing.conformance.store_world import IDS, WORKFLOW, cancel, created, done, ended, intent, retry
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio

Store = TypeVar("Store", bound=RunStore)

RUNS = [RunId(f"rrun{index}00000000") for index in range(4)]
WORKERS = [WorkerId("wann000000000"), WorkerId("wbob000000000")]
# made once, so that both stores get the same bytes and salts
CREATED = {
    run: created(run, priority=index, slot="notes" * (index > 1), slots=index // 2) for index, run in enumerate(RUNS)
}
ENTRIES = [
    *(done(name) for name in "abc"),
    done("d", payload(b"out", IDS)),
    intent("e"),
    cancel(),
    *(holding(name, tokens) for name, tokens in (("f", 30), ("g", 60), ("h", 60))),
    Entry(body=done("a").body, path=done("\ud800").path),
]
WISHES = [
    *ENTRIES,
    Entry(body=PauseRequested(by="user:bob")),
    Entry(body=ResumeRequested(by="user:bob")),
    Entry(body=Prioritised(by="user:bob", priority=9)),
    Entry(body=DeadDropped(by="user:bob")),
]


@dataclass(frozen=True)
class Ask:
    """One request; numbers are taken as they come, so many are refused."""

    verb: Literal["start", "claim", "append", "end", "post", "retry", "release", "kill"]
    run: RunId
    worker: WorkerId
    entries: tuple[Entry, ...]
    wish: Entry
    epoch: int
    seen: int
    status: RowStatus
    on: bool


asks = st.builds(
    Ask,
    verb=st.sampled_from(["start", "claim", "append", "append", "append", "end", "post", "retry", "release", "kill"]),
    run=st.sampled_from(RUNS),
    worker=st.sampled_from(WORKERS),
    entries=st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=3).map(tuple),
    wish=st.sampled_from(WISHES),
    epoch=st.integers(1, 2),
    seen=st.integers(0, 6),
    status=st.sampled_from(["approval", "timer", "running"]),
    on=st.booleans(),
)
# what is asked in one step is asked at the same time; the clock moves, also backwards, in between
steps = st.lists(st.tuples(st.integers(-5, 10), st.lists(asks, min_size=1, max_size=6)), max_size=12)


def asked(store: RunStore, ask: Ask) -> Awaitable[Any]:
    match ask.verb:
        case "start":
            return store.start(ask.run, CREATED[ask.run])
        case "claim":
            return store.claim(ask.run, ask.worker)
        case "append":
            return store.append(ask.run, ask.epoch, ask.entries, seen=ask.seen)
        case "end":
            return store.append(ask.run, ask.epoch, [ended("failed" if ask.on else "done")], seen=ask.seen)
        case "post":
            return store.post(ask.run, ask.wish)
        case "retry":
            return store.post(ask.run, retry(), when=["failed", "done"])
        case "release":
            return store.release(ask.run, ask.epoch, wake=ask.seen % 3, status=ask.status, next_timer_at=ask.seen)
        case "kill":
            switch = Switch(scope="everything", by="user:ann")
            return store.stop(switch) if ask.on else store.lift(switch, by="user:ann")


async def told(answer: Awaitable[Any]) -> object:
    try:
        return await answer
    except PodiumError as error:
        return type(error), str(error)


async def everything(store: RunStore, now: Millis) -> dict[str, object]:
    """Return all that can be read; only one of them was created."""
    notes = [record.body for record in await store.records(ADMIN)]
    return {
        "rows": [await store.row(run) for run in RUNS],
        "records": [await store.stored(run) for run in RUNS],
        "notes": [note for note in notes if isinstance(note, AdminNoted) and note.action != "store.created"],
        "runnable": await store.runnable(now, limit=10),
        "next_timer": await store.next_timer(),
        "wakes": await store.wakes(RUNS),
        "listed": await store.rows(limit=10),
        "dead": await store.rows(dead=True),
        "tallies": await store.tallies(),
        "accounts": await store.accounts(),
        "holds": await store.holds(),
        "shares": await store.shares(),
        "switches": (await store.control()).switches,
    }


@asynccontextmanager
async def closing(store: Store) -> AsyncGenerator[Store]:
    try:
        yield store
    finally:
        await store.close()


@settings(max_examples=30)
@given(script=steps)
async def test_both_stores_answer_alike(script: list[tuple[int, list[Ask]]]) -> None:
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as home:
        async with (
            closing(MemoryStore(clock=clock)) as memory,
            closing(await SqliteStore.open(Path(home), clock=clock, ids=IDS)) as sqlite,
        ):
            stores: tuple[RunStore, ...] = (memory, sqlite)
            for store in stores:
                await store.publish(WORKFLOW)
                for worker in WORKERS:  # so that a claim does not stand back for the making of a file
                    await store.alive(worker)

            for seconds, together in script:
                clock.jump(timedelta(seconds=seconds))
                answers = [await asyncio.gather(*(told(asked(store, ask)) for ask in together)) for store in stores]
                assert answers[1] == answers[0]

            found = [await everything(store, clock.now()) for store in stores]
            assert found[1] == found[0]
            assert [(await verify(store)).problems for store in stores] == [(), ()]
