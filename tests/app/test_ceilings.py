"""How far workflows may go by themselves: each change is one record, and counts at the next call, wherever it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.app.ceilings import FRESH_S, StoredCeilings
from podium.effects.autonomy import workflows_of
from podium.effects.safeguards import Safeguards
from podium.errors import PodiumError, Rejected, UsageError
from podium.gate.price import Price
from podium.graph.compile import compile_workflow
from podium.ids import ADMIN, RunId, SystemIds
from podium.ledger.record import AutonomySet, RunCreated
from podium.ledger.store import RunStore
from podium.ledger.verify import verify
from podium.spec.autonomy import Autonomy
from podium.spec.positions import Positions
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

POST = """podium: 1
name: post
AUTONOMY
tools:
  mail: {python: scripted, effect: write, delivery: keyed}
nodes:
  post: {tool: mail.send, with: {to: ada}}
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[RunStore]:
    if request.param == "memory":
        yield MemoryStore(clock=clock)
        return
    opened = await SqliteStore.open(tmp_path, clock=clock, ids=SystemIds(), create=True)
    yield opened
    await opened.close()


async def change(
    ceilings: StoredCeilings,
    level: Autonomy,
    *evidence: RunId,
    workflow: str = "post",
    because: str = "it did well",
) -> None:
    way = "raise" if level in ("bounded", "autonomous") else "lower"
    await ceilings.change(workflow, level, way=way, by="ann", because=because, evidence=evidence, ids=SystemIds())


async def test_who_changed_it_from_what_and_on_which_runs_it_rests_is_recorded(
    store: RunStore, clock: FakeClock
) -> None:
    ceilings = StoredCeilings(store, clock, default="supervised")
    done = await run_workflow(POST.replace("AUTONOMY", ""), tools={"mail.send": None}, store=store, clock=clock)

    await change(ceilings, "bounded", done.run)
    await change(ceilings, "suggest")

    bodies = [record.body for record in await store.records(ADMIN) if isinstance(record.body, AutonomySet)]
    assert [(one.level, one.before, one.by, one.evidence) for one in bodies] == [
        ("bounded", "supervised", "ann", (done.run,)),
        ("suggest", "bounded", "ann", ()),
    ]
    assert (await verify(store)).intact


async def test_a_call_may_go_as_far_as_the_least_of_those_in_whose_names_it_is_made(
    store: RunStore, clock: FakeClock
) -> None:
    ceilings = StoredCeilings(store, clock, default="bounded")
    await change(ceilings, "autonomous", workflow="desk")
    await change(ceilings, "suggest", workflow="refunds")

    assert await ceilings.ceiling(["desk"]) == "autonomous"
    assert await ceilings.ceiling(["desk", "unheard-of"]) == "bounded"
    assert await ceilings.ceiling(["desk", "refunds"]) == "suggest"
    assert await ceilings.ceiling([]) == "bounded"
    chain = ("person:ann", "workflow:desk@3fa9c01b22d4", "agent:triage@3", "workflow:refunds")
    assert list(workflows_of(chain)) == ["desk", "refunds"]


async def test_what_another_process_lowers_counts_a_moment_later(store: RunStore, clock: FakeClock) -> None:
    mine, others = StoredCeilings(store, clock), StoredCeilings(store, clock)
    assert await mine.ceiling(["post"]) == "autonomous"

    await change(others, "suggest")
    await clock.sleep(FRESH_S)

    assert await mine.ceiling(["post"]) == "suggest"


async def test_of_two_who_change_it_at_once_the_second_must_look_again(store: RunStore, clock: FakeClock) -> None:
    two = [StoredCeilings(store, clock, default="supervised") for _ in range(2)]

    said = await asyncio.gather(change(two[0], "bounded"), change(two[1], "suggest"), return_exceptions=True)

    assert sorted(error.code for error in said if isinstance(error, PodiumError)) in (["ST006"], [])
    changes = (await StoredCeilings(store, clock).changes())["post"]
    assert len(changes) == 2 - sum(isinstance(error, Rejected) for error in said)


async def test_what_does_not_raise_is_not_raised(store: RunStore, clock: FakeClock) -> None:
    ceilings = StoredCeilings(store, clock, default="bounded")

    with pytest.raises(UsageError, match="`post` may be `bounded`, so `bounded` does not raise it"):
        await change(ceilings, "bounded")
    with pytest.raises(UsageError) as caught:
        await ceilings.change("post", "autonomous", way="lower", by="ann", because="x", evidence=(), ids=SystemIds())

    assert caught.value.code == "AP130"


@pytest.mark.parametrize("which", ["none", "another", "waiting"])
async def test_only_ended_runs_of_the_workflow_are_evidence(store: RunStore, clock: FakeClock, which: str) -> None:
    text, name = POST.replace("AUTONOMY", "autonomy: supervised"), "post"
    if which == "another":
        text, name = "podium: 1\nname: other\nnodes: {a: {transform: '1'}}\n", "post"
    run = (
        RunId("r000000000000")
        if which == "none"
        else (await run_workflow(text, tools={"mail.send": None}, store=store, clock=clock)).run
    )
    ceilings = StoredCeilings(store, clock, default="suggest")

    with pytest.raises(UsageError) as caught:
        await change(ceilings, "bounded", run, workflow=name)

    assert caught.value.code == "AP131"
    assert await ceilings.changes() == {}


async def test_a_change_needs_a_reason(store: RunStore, clock: FakeClock) -> None:
    with pytest.raises(UsageError) as caught:
        await change(StoredCeilings(store, clock), "suggest", because=" ")

    assert caught.value.code == "AP131"


def under(ceilings: StoredCeilings) -> Safeguards:
    return Safeguards(price=lambda _: Price(), ceilings=ceilings)


@pytest.mark.parametrize(
    ("file", "ceiling", "status"),
    [
        ("autonomous", "supervised", "approval"),
        ("supervised", "autonomous", "approval"),
        ("bounded", "bounded", "done"),
        (None, "supervised", "approval"),
    ],
)
async def test_the_shorter_of_the_two_leashes_holds(
    store: RunStore, clock: FakeClock, file: str | None, ceiling: Autonomy, status: str
) -> None:
    ceilings = StoredCeilings(store, clock, default=ceiling)
    text = POST.replace("AUTONOMY", f"autonomy: {file}" if file else "")

    result = await run_workflow(text, tools={"mail.send": None}, store=store, clock=clock, safeguards=under(ceilings))

    assert result.status == status


DESK = """podium: 1
name: desk
OUTER
flows:
  middle:
    podium: 1
    name: middle
    MIDDLE
    flows:
      inner:
        podium: 1
        name: inner
        INNER
        tools:
          mail: {python: scripted, effect: write, delivery: keyed}
        nodes:
          post: {tool: mail.send, with: {to: ada}}
        result: post.out
    nodes:
      go: {subflow: inner}
nodes:
  go: {subflow: middle}
"""


@pytest.mark.parametrize("where", ["OUTER", "MIDDLE", "INNER"])
async def test_a_sub_workflow_goes_no_further_than_any_of_the_files_around_it(where: str) -> None:
    text = DESK.replace(where, "autonomy: supervised")
    for other in ("OUTER", "MIDDLE", "INNER"):
        text = text.replace(other, "description: x")

    assert (await run_workflow(text, tools={"mail.send": None})).status == "approval"


@pytest.mark.parametrize("name", ["desk", "middle", "inner"])
async def test_a_sub_workflow_goes_no_further_than_any_around_it_may(
    store: RunStore, clock: FakeClock, name: str
) -> None:
    ceilings = StoredCeilings(store, clock)
    await change(ceilings, "supervised", workflow=name)
    text = DESK.replace("OUTER", "description: x").replace("MIDDLE", "description: x").replace("INNER", "owner: x")

    result = await run_workflow(text, tools={"mail.send": None}, store=store, clock=clock, safeguards=under(ceilings))

    assert result.status == "approval"


UNDOING = """podium: 1
name: undoing
autonomy: supervised
tools:
  mail: {python: scripted, effect: write, delivery: keyed, functions: {take_back: {effect: irreversible}}}
nodes:
  both:
    scope:
      post: {tool: mail.send, compensate: {tool: mail.take_back}}
      fails: {end: failed, after: [post]}
"""


async def test_what_undoes_something_waits_for_nobody() -> None:
    sent: list[object] = []
    taken_back: list[object] = []
    tools = {"mail.send": sent.append, "mail.take_back": taken_back.append}

    result = await run_workflow(UNDOING, tools=tools, answers={"both/post": "approved"})

    assert (result.status, len(sent), len(taken_back)) == ("failed", 1, 1)


PARENT = """podium: 1
name: parent
autonomy: supervised
flows:
  child:
    podium: 1
    name: child
    tools:
      mail: {python: scripted, effect: write, delivery: keyed}
    nodes:
      post: {tool: mail.send, with: {to: ada}}
nodes:
  go: {subflow: child, detached: true}
"""


async def test_a_run_that_another_one_started_goes_no_further_than_that_could(
    store: RunStore, clock: FakeClock
) -> None:
    result = await run_workflow(PARENT, store=store, clock=clock)
    child = RunId(result.outs["go"]["run"])

    (first, *_) = [record.body for record in await store.records(child)]
    assert isinstance(first, RunCreated)
    assert (first.workflow, first.autonomy) == ("child", "supervised")
    assert [link.partition("@")[0] for link in first.chain] == ["person:tester", "workflow:parent"]

    sent: list[object] = []
    inner = compile_text(PARENT).workflow.flows["child"]
    compiled, _ = compile_workflow(inner, file="child.yaml", positions=Positions())
    assert compiled is not None
    bench = Bench(
        compiled,
        store=store,
        model=ScriptedModel(),
        tools=ScriptedTools({"mail.send": sent.append}),
        clock=clock,
        ids=SystemIds(),
    )
    await store.alive(bench.worker)
    assert await bench.settle(child, {}) == "approval"
    assert sent == []
    await bench.engine.close()
