"""The crash drill around what people do: a kill before, inside or after each of their records changes nothing.

A person is a function that is asked whenever the run rests. It looks at the records, as a person looks at the run, does
the next thing that is to be done, and says whether it did anything; after a kill it is asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from podium.engine.control import (
    answer,
    cancel,
    drop_dead,
    kill,
    open_questions,
    pause,
    resume_paused,
)
from podium.engine.override import Action, override
from podium.ids import NodePath, RunId
from podium.ledger.record import (
    ApprovalGiven,
    CancelRequested,
    DeadDropped,
    NodeParked,
    OverrideRequested,
    PauseRequested,
    Record,
    ResumeRequested,
    RunCreated,
)
from podium.ledger.store import RowStatus
from podium.ledger.verify import verify
from podium.testing.drill import Drill, Fate, FatefulWorld
from podium.testing.running import Bench, compile_text

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Person = Callable[[Bench, RunId, RowStatus], Awaitable[bool]]

HEAD = """podium: 1
name: drill
inputs:
  n: {type: integer}
tools:
  keyed: {python: scripted, effect: write, delivery: keyed}
nodes:
"""
ASKS = """\
  put: {tool: keyed.put, with: {n: "1"}}
  may: {human: May it go on?, after: [put]}
  then: {tool: keyed.put, with: {n: "2"}, after: [may]}
result: then.out
"""
UNDOES = """\
  a: {tool: keyed.put, with: {n: "1"}, compensate: {tool: keyed.undo, with: {n: "u1"}}}
  b: {tool: keyed.put, with: {n: "2"}, after: [a], compensate: {tool: keyed.undo, with: {n: "u2"}}}
  may: {human: May it go on?, after: [b]}
"""
FAILS = """\
  bad: {tool: keyed.put, with: {n: "1"}, on_error: ask}
  then: {transform: "${bad.out}", after: [bad]}
"""


class PeopleDrill(Drill):
    """A drill in which a person decides."""

    def __init__(self, nodes: str, person: Person, fates: dict[str, Fate] | None = None) -> None:
        super().__init__(compile_text(HEAD + nodes), fates=fates)
        self._person = person

    async def _rest(self, bench: Bench, world: FatefulWorld, run: RunId) -> RowStatus:
        for _ in range(50):
            status = await bench.settle(run, {})
            if not await self._person(bench, run, status):
                report = await verify(bench.store)
                assert not report.problems, report.problems
                return status
        raise AssertionError

    def _nothing_left_to_undo(self, records: tuple[Record, ...]) -> None:
        """A killed run has undone nothing, as it was told."""
        if not any(isinstance(record.body, CancelRequested) and record.body.kill for record in records):
            super()._nothing_left_to_undo(records)


async def had(bench: Bench, run: RunId, *kinds: type) -> list[bool]:
    """Return which kinds of records a run has."""
    bodies = [type(record.body) for record in await bench.history(run)]
    return [kind in bodies for kind in kinds]


async def says_yes(bench: Bench, run: RunId) -> None:
    await answer(bench.store, bench.ids, run, NodePath("may"), verdict="approved", by="ann", channel="test")


async def pauses_answers_and_resumes(bench: Bench, run: RunId, status: RowStatus) -> bool:
    if status == "done":
        return False
    paused, answered, resumed = await had(bench, run, PauseRequested, ApprovalGiven, ResumeRequested)
    if not paused:
        await pause(bench.store, bench.ids, run, by="ann", reason="let me look")
    elif not answered:
        assert status == "paused"
        await says_yes(bench, run)
    elif not resumed:
        assert status == "paused"
        await resume_paused(bench.store, bench.ids, run, by="ann")
    return True


async def cancels(bench: Bench, run: RunId, status: RowStatus) -> bool:
    if status != "approval":
        return False
    await cancel(bench.store, bench.ids, run, by="ann", reason="enough")
    return True


async def kills(bench: Bench, run: RunId, status: RowStatus) -> bool:
    if status != "approval":
        return False
    await kill(bench.store, bench.ids, run, by="ann")
    return True


def overrides(action: Action, value: object = None) -> Person:
    """A person who decides about the first failure, and lets a second one be."""

    async def person(bench: Bench, run: RunId, status: RowStatus) -> bool:
        if status != "approval" or any(await had(bench, run, OverrideRequested)):
            return False
        (path,) = await open_questions(bench.store, run)
        engine, store, ids = bench.engine, bench.store, bench.ids
        await override(engine, store, ids, run, path, action=action, by="ann", value=value)
        return True

    return person


async def drops(bench: Bench, run: RunId, status: RowStatus) -> bool:
    if status != "failed" or any(await had(bench, run, DeadDropped)):
        return False
    await drop_dead(bench.store, bench.ids, run, by="ann")
    return True


async def forks_of(bench: Bench, run: RunId) -> list[RunId]:
    """Return the runs that go on from a run."""
    found: list[RunId] = []
    for row in await bench.store.rows(limit=100):
        first = (await bench.history(row.id))[0].body
        if isinstance(first, RunCreated) and first.fork is not None and first.fork.run == run:
            found.append(row.id)
    return found


async def forks(bench: Bench, run: RunId, status: RowStatus) -> bool:
    """Answer, and when the run is done let another one go on from its last node; drive that to its end."""
    if status == "approval":
        await says_yes(bench, run)
        return True
    assert status == "done"
    if not (begun := await forks_of(bench, run)):
        await bench.engine.fork(run, again=["then"], principal="ann")
        return True
    (fork,) = begun
    status = await bench.settle(fork, {})
    if status == "approval":  # no approval is inherited
        (parked,) = (await open_questions(bench.store, fork)).values()
        assert isinstance(parked.body, NodeParked)
        path = NodePath(parked.path)
        await answer(bench.store, bench.ids, fork, path, verdict="approved", by="ann", channel="test")
        return True
    assert status == "done"
    return False


SCENARIOS: dict[str, tuple[str, Person, dict[str, Fate]]] = {
    "pause": (ASKS, pauses_answers_and_resumes, {}),
    "cancel": (UNDOES, cancels, {}),
    "cancel, undoing is flaky": (UNDOES, cancels, {"u2": "flaky"}),
    "kill": (UNDOES, kills, {}),
    "override: retry": (FAILS, overrides("retry"), {"1": "fails"}),
    "override: input": (FAILS, overrides("input", {"with": {"n": "2"}}), {"1": "fails"}),
    "override: output": (FAILS, overrides("output", {"n": "7"}), {"1": "fails"}),
    "override: skip": (FAILS, overrides("skip"), {"1": "fails"}),
    "override: abort": (FAILS, overrides("abort"), {"1": "fails"}),
    "drop": (FAILS.replace(", on_error: ask", ""), drops, {"1": "fails"}),
    "fork": (ASKS, forks, {}),
}
EXPECTED: dict[str, tuple[RowStatus, list[tuple[str, str]]]] = {
    "pause": ("done", [("keyed.put", "1"), ("keyed.put", "2")]),
    "cancel": (
        "cancelled",
        [("keyed.put", "1"), ("keyed.put", "2"), ("keyed.undo", "u2"), ("keyed.undo", "u1")],
    ),
    "kill": ("cancelled", [("keyed.put", "1"), ("keyed.put", "2")]),
    "override: retry": ("approval", []),
    "override: input": ("done", [("keyed.put", "2")]),
    "override: output": ("done", []),
    "override: skip": ("done", []),
    "override: abort": ("failed", []),
    "drop": ("failed", []),
    "fork": ("done", [("keyed.put", "1"), ("keyed.put", "2"), ("keyed.put", "2")]),
}
"""How each ends, and what was done to the world, in this order."""
EXPECTED["cancel, undoing is flaky"] = EXPECTED["cancel"]


def effects(world: FatefulWorld) -> list[tuple[str, str]]:
    return [(effect.name, str(effect.arguments["n"])) for effect in world.effects]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_what_people_do_survives_a_kill_anywhere(name: str, tally: Counter[str]) -> None:
    drill = PeopleDrill(*SCENARIOS[name])

    calm = await drill.run()

    assert (calm.final.status, effects(calm.world)) == EXPECTED[name]
    tally["workflows"] += 1
    async for killed in drill.kills(calm):
        tally[f"people, {killed.plan.hit}"] += 1
        assert effects(killed.world) == effects(calm.world), killed.plan.hit
