"""Who is told what and when, once; and what happens when nobody takes it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from podium.app.notices import Noticing
from podium.effects.notices import Notice
from podium.effects.safeguards import Safeguards
from podium.engine.control import answer
from podium.errors import PodiumError
from podium.gate.approval import Verdict
from podium.gate.roles import Directory, Person, voter_of
from podium.ids import ADMIN, NodePath, RunId, SystemIds
from podium.ledger.record import NoticeSent
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

STAFF = Directory(
    {
        name: Person(name=name, roles=(role,), email=f"{name}@example.org")
        for name, role in {"anna": "legal", "bert": "legal", "carl": "lead"}.items()
    }
)
ASK = "podium: 1\nname: publish\nnodes:\n  ask: {human: Publish?, show: \"'secret notes'\", approval: APPROVAL}\n"


class Post:
    """A channel that keeps what it takes, and refuses the first few."""

    def __init__(self, *, refuses: int = 0) -> None:
        self.taken: list[Notice] = []
        self.tried = 0
        self.refuses = refuses

    async def send(self, notice: Notice) -> None:
        self.tried += 1
        if self.tried <= self.refuses:
            raise PodiumError("AP092", "not now")
        self.taken.append(notice)

    @property
    def told(self) -> list[tuple[str, list[str]]]:
        return [(notice.what, [one.name for one in notice.to]) for notice in self.taken]


class Office(Bench):
    def __init__(self, approval: str) -> None:
        self.fake = FakeClock(tick_ms=1)
        super().__init__(
            compile_text(ASK.replace("APPROVAL", approval)),
            store=MemoryStore(clock=self.fake),
            model=ScriptedModel(),
            tools=ScriptedTools(None),
            clock=self.fake,
            ids=SystemIds(),
            safeguards=Safeguards(people=STAFF),
        )

    def noticing(self, *posts: Post) -> Noticing:
        channels = {f"post{number}": post for number, post in enumerate(posts)}
        return Noticing(self.store, STAFF, channels, self.fake, link="https://podium.example.org")

    async def begin(self) -> RunId:
        run = await self.start({})
        assert await self.settle(run, {}) == "approval"
        return run

    async def says(self, run: RunId, name: str, verdict: Verdict = "approved", to: str = "") -> None:
        voter, other = voter_of(STAFF.people[name]), voter_of(STAFF.people[to]) if to else None
        post = (self.store, self.ids, run, NodePath("ask"))
        await answer(*post, verdict=verdict, by="", channel="test", voter=voter, to=other)
        await self.settle(run, {})

    async def recorded(self) -> list[NoticeSent]:
        return [one.body for one in await self.store.records(ADMIN) if isinstance(one.body, NoticeSent)]


async def test_those_who_may_answer_are_told_once_and_not_what_is_asked() -> None:
    office, post = Office("{roles: [legal]}"), Post()
    run = await office.begin()
    noticing = office.noticing(post)

    assert [await noticing.look(), await noticing.look()] == [1, 0]
    assert post.told == [("asked", ["anna", "bert"])]
    assert "secret notes" not in repr(post.taken)
    assert await office.recorded() == [
        NoticeSent(run=run, node="ask", what="asked", channel="post0", to=("anna", "bert"))
    ]
    assert (await verify(office.store, ADMIN)).problems == ()


async def test_another_process_tells_nobody_again() -> None:
    office, post = Office("{roles: [legal]}"), Post()
    await office.begin()
    await office.noticing(post).look()

    assert await office.noticing(post).look() == 0


async def test_whoever_has_agreed_is_left_alone_and_the_next_stage_is_told() -> None:
    office, post = Office("{stages: [{roles: [legal], count: 2}, {roles: [lead]}], remind: 1h}"), Post()
    run = await office.begin()
    noticing = office.noticing(post)
    await noticing.look()
    await office.says(run, "anna")
    office.fake.advance(timedelta(hours=1))
    await noticing.look()
    await office.says(run, "bert")
    await noticing.look()

    assert post.told == [
        ("asked", ["anna", "bert"]),
        ("reminder", ["bert"]),
        ("asked", ["carl"]),
    ]


async def test_steps_of_the_chain_are_told_when_they_are_reached() -> None:
    chain = "{roles: [legal], expires: 1h, on_expiry: escalate, escalate: [{to: {roles: [lead]}}]}"
    office, post = Office(chain), Post()
    await office.begin()
    noticing = office.noticing(post)
    await noticing.look()
    office.fake.advance(timedelta(hours=1))
    await noticing.look()

    assert post.told == [("asked", ["anna", "bert"]), ("escalated", ["carl"])]


async def test_whoever_it_is_left_to_is_told() -> None:
    office, post = Office("{roles: [legal]}"), Post()
    run = await office.begin()
    noticing = office.noticing(post)
    await noticing.look()
    await office.says(run, "anna", "delegated", to="bert")
    await noticing.look()

    assert post.told == [("asked", ["anna", "bert"]), ("delegated", ["bert"])]


async def test_a_channel_is_tried_a_few_times_and_then_the_next_one() -> None:
    office, flaky, other = Office("{roles: [legal]}"), Post(refuses=2), Post()
    await office.begin()
    await office.noticing(flaky, other).look()
    assert (flaky.tried, len(flaky.taken), other.tried) == (3, 1, 0)

    office, dead, other = Office("{roles: [legal]}"), Post(refuses=99), Post()
    await office.begin()
    await office.noticing(dead, other).look()
    assert (dead.tried, len(other.taken)) == (3, 1)
    assert [sent.channel for sent in await office.recorded()] == ["post1"]


async def test_what_nobody_takes_is_recorded_so_and_the_run_waits_on() -> None:
    office, dead = Office("{roles: [legal]}"), Post(refuses=99)
    run = await office.begin()
    noticing = office.noticing(dead)

    assert [await noticing.look(), await noticing.look()] == [1, 0]
    assert [sent.channel for sent in await office.recorded()] == [""]
    assert await office.settle(run, {}) == "approval"


async def test_what_is_answered_is_told_to_nobody() -> None:
    office, post = Office("{roles: [legal]}"), Post()
    run = await office.begin()
    await office.says(run, "anna")

    assert (await office.noticing(post).look(), post.taken) == (0, [])


async def test_without_channels_nothing_is_looked_at() -> None:
    office = Office("{roles: [legal]}")
    await office.begin()

    assert await office.noticing().look() == 0
    assert await office.recorded() == []


async def test_it_serves_until_it_is_told_to_stop() -> None:
    office = Office("{roles: [legal]}")
    await office.begin()
    stop = asyncio.Event()

    class Last(Post):
        async def send(self, notice: Notice) -> None:
            await super().send(notice)
            stop.set()

    post = Last()
    async with asyncio.timeout(5):
        await office.noticing(post).serve(stop)
    assert len(post.taken) == 1
