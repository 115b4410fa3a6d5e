"""The control-flow patterns of van der Aalst et al., each as a small workflow in `examples/patterns`.

A case plays a workflow: what comes from outside, in which order, and when the run rests in between. It is judged by
trace predicates, which say what must and must not have happened in which order. The same must hold when the process is
killed at any commit on the way and another one goes on.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from podium.engine.control import answer, cancel, signal
from podium.engine.override import override
from podium.graph.model import Compiled
from podium.ids import NodePath, RunId
from podium.ledger.record import (
    ApprovalGiven,
    CancelRequested,
    NodeDone,
    NodeSkipped,
    OverrideRequested,
    Record,
    SignalReceived,
)
from podium.ledger.store import RowStatus
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.drill import Ids
from podium.testing.faults import FaultPlan, Killed
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PATTERNS = ROOT / "examples" / "patterns"
PAGE = ROOT / "docs" / "reference" / "patterns.md"
RUN = RunId("rpattern00000")
Json = Any


# ── traces ──


class Trace:
    """What happened, as numbers of records: when a node was first heard of, and when it was done or skipped."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.begun: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.skipped: dict[str, int] = {}
        for record in records:
            for path in _around(record.path):
                self.begun.setdefault(path, record.seq)
            match record.body:
                case NodeDone():
                    self.done[record.path] = record.seq
                case NodeSkipped():
                    self.skipped[record.path] = record.seq
                case _:
                    continue


def _around(path: str) -> Iterator[str]:
    """Yield a path and those of the nodes that it stands in: `a[0]/b`, `a`."""
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield re.sub(r"(\[\d+\]|\.\w+)$", "", path)


@dataclass(frozen=True)
class Predicate:
    """Something that a trace fulfils or not."""

    text: str
    holds: Callable[[Trace], bool]


def before(first: str, second: str) -> Predicate:
    """`second` begins only after `first` is done."""
    return Predicate(
        f"before({first}, {second})",
        lambda trace: first in trace.done and second in trace.begun and trace.done[first] < trace.begun[second],
    )


def sooner(first: str, second: str) -> Predicate:
    """`first` is done before `second` is; when it began says nothing."""
    return Predicate(
        f"sooner({first}, {second})",
        lambda trace: first in trace.done and second in trace.done and trace.done[first] < trace.done[second],
    )


def between(first: str, middle: str, last: str) -> Predicate:
    """All of `middle` lies between the end of `first` and the beginning of `last`."""
    both = (before(first, middle), before(middle, last))
    return Predicate(f"between({first}, {middle}, {last})", lambda trace: all(one.holds(trace) for one in both))


def overlap(one: str, other: str) -> Predicate:
    """Each begins before the other is done."""
    return Predicate(
        f"overlap({one}, {other})",
        lambda trace: (
            {one, other} <= trace.done.keys()
            and trace.begun[one] < trace.done[other]
            and trace.begun[other] < trace.done[one]
        ),
    )


def apart(*nodes: str) -> Predicate:
    """All are done, and no two were at work at the same time."""

    def holds(trace: Trace) -> bool:
        return set(nodes) <= trace.done.keys() and all(
            before(one, other).holds(trace) or before(other, one).holds(trace) for one, other in combinations(nodes, 2)
        )

    return Predicate(f"apart({', '.join(nodes)})", holds)


def exactly(path: str, times: int) -> Predicate:
    """So many nodes are done whose path is this one; `*` stands for anything."""
    pattern = re.compile(re.escape(path).replace(r"\*", ".*"))
    return Predicate(
        f"exactly({path}, {times})", lambda trace: sum(bool(pattern.fullmatch(node)) for node in trace.done) == times
    )


def never(*paths: str) -> Predicate:
    """None of these was ever done."""
    return Predicate(f"never({', '.join(paths)})", lambda trace: all(exactly(path, 0).holds(trace) for path in paths))


def skipped(*paths: str) -> Predicate:
    """It is on record that these will not run, and none was done."""
    return Predicate(
        f"skipped({', '.join(paths)})",
        lambda trace: set(paths) <= trace.skipped.keys() and not set(paths) & trace.done.keys(),
    )


# ── what comes from outside ──


class Act(Protocol):
    """Something that somebody outside does to a run that rests; it posts one record."""

    def __call__(self, bench: Bench) -> Awaitable[object]:
        """Do it."""
        ...


def send(name: str, value: Json = None) -> Act:
    return lambda bench: signal(bench.store, bench.ids, RUN, name, by="tester", value=value)


def approve(path: str) -> Act:
    return lambda bench: answer(
        bench.store, bench.ids, RUN, NodePath(path), verdict="approved", by="tester", channel="test"
    )


def stop() -> Act:
    return lambda bench: cancel(bench.store, bench.ids, RUN, by="tester")


def supply(path: str, value: Json) -> Act:
    return lambda bench: override(
        bench.engine, bench.store, bench.ids, RUN, NodePath(path), action="output", by="tester", value=value
    )


POSTS = (ApprovalGiven, CancelRequested, OverrideRequested, SignalReceived)


# ── playing ──


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way through a workflow.

    Attributes:
        acts: One after the other, each when the run has come to rest.
        status: How the run rests after the last of them.
        holds: What is true of its trace.
    """

    name: str
    inputs: Mapping[str, Json] = field(default_factory=dict[str, Any])
    acts: tuple[Act, ...] = ()
    status: RowStatus = "done"
    value: Json = None
    holds: tuple[Predicate, ...]


class Played(NamedTuple):
    status: RowStatus
    value: Json
    broken: tuple[str, ...]
    """Predicates that do not hold."""


async def play(compiled: Compiled, case: Case, plan: FaultPlan) -> Played:
    """Play a case in a store that fails by plan; after a kill another process goes on."""
    clock, ids = FakeClock(tick_ms=1), Ids()
    store = MemoryStore(clock=clock, faults=plan)
    try:
        played = await _live(bench(compiled, store, clock, ids), case)
    except Killed:
        store = store.crashed()
        played = await _live(bench(compiled, store, clock, ids), case)
    await store.close()
    return played


def bench(compiled: Compiled, store: MemoryStore, clock: FakeClock, ids: Ids) -> Bench:
    return Bench(compiled, store=store, model=ScriptedModel(), tools=ScriptedTools(), clock=clock, ids=ids)


async def _live(bench: Bench, case: Case) -> Played:
    try:
        if await bench.store.row(RUN) is None:
            await bench.start(case.inputs, run=RUN)
        status = await bench.settle(RUN, {})
        while left := case.acts[await _posted(bench) :]:
            await left[0](bench)
            status = await bench.settle(RUN, {})
        report = await verify(bench.store, RUN)
        assert not report.problems, report.problems
        trace = Trace(await bench.history(RUN))
        value = (await bench.result(RUN, status)).value
        return Played(status, value, tuple(one.text for one in case.holds if not one.holds(trace)))
    finally:
        with suppress(Killed):  # the listener is a part of the dead process
            await bench.engine.close()


async def _posted(bench: Bench) -> int:
    """Return how many acts have reached the run: who was not heard does it again, who was does not."""
    return sum(isinstance(record.body, POSTS) for record in await bench.history(RUN))


# ── the patterns ──


BOTH = {"fire": True, "hurt": True}
FIRE = {"fire": True, "hurt": False}

CASES: dict[str, tuple[Case, ...]] = {
    "01-sequence": (Case(name="", value="paid", holds=(between("receive", "check", "pay"),)),),
    "02-parallel-split": tuple(
        Case(
            name=" ".join(order),
            acts=tuple(send(name) for name in order),
            holds=(before("receive", "invoice"), before("receive", "goods"), overlap("invoice", "goods")),
        )
        for order in (("packed", "invoiced"), ("invoiced", "packed"))
    ),
    "03-synchronization": (
        Case(
            name="both",
            acts=(send("packed", 2), send("invoiced", 1)),
            value={"invoice": 1, "goods": 2},
            holds=(before("invoice", "ship"), before("goods", "ship"), exactly("ship", 1)),
        ),
        Case(name="one", acts=(send("packed"),), status="signal", holds=(exactly("goods", 1), never("ship"))),
    ),
    "04-exclusive-choice": (
        Case(name="small", value="accepted", holds=(before("size", "accept"), skipped("ask"))),
        Case(name="large", inputs={"amount": 500}, value="asked", holds=(before("size", "ask"), skipped("accept"))),
    ),
    "05-simple-merge": (
        Case(name="card", value="paid", holds=(between("way", "card", "receipt"), skipped("cash"))),
        Case(
            name="cash",
            inputs={"paid_by": "cash"},
            value="paid",
            holds=(between("way", "cash", "receipt"), skipped("card"), exactly("receipt", 1)),
        ),
    ),
    "06-multi-choice": (
        Case(
            name="both",
            value=["brigade", "ambulance"],
            holds=(before("call", "brigade"), before("call", "ambulance"), skipped("nobody")),
        ),
        Case(name="one", inputs=FIRE, value=["brigade"], holds=(skipped("ambulance", "nobody"),)),
        Case(
            name="none",
            inputs={"fire": False, "hurt": False},
            value=["nobody"],
            holds=(skipped("brigade", "ambulance"),),
        ),
    ),
    "07-structured-synchronizing-merge": (
        Case(
            name="both",
            inputs=BOTH,
            acts=(send("in_hospital", 2), send("fire_is_out", 1)),
            value={"brigade": 1, "ambulance": 2},
            holds=(overlap("brigade", "ambulance"), before("brigade", "report"), before("ambulance", "report")),
        ),
        Case(name="one of both", acts=(send("in_hospital"),), status="signal", holds=(never("report"),)),
        Case(
            name="one",
            inputs=FIRE,
            acts=(send("fire_is_out", 1),),
            value={"brigade": 1},
            holds=(before("brigade", "report"), skipped("ambulance")),
        ),
    ),
    "08-multi-merge": (
        Case(
            name="",
            acts=(send("painted"), send("sanded")),
            holds=(
                exactly("after_*/closed", 2),
                sooner("after_paint/closed", "sand"),
                before("sand", "after_sand/closed"),
            ),
        ),
    ),
    "09-structured-discriminator": (
        Case(
            name="first",
            acts=(send("breath", "now"),),
            status="signal",
            holds=(between("breath", "triage", "treat"), never("pulse")),
        ),
        Case(
            name="all",
            acts=(send("breath", "now"), send("pulse", "later")),
            value="treat now",
            holds=(sooner("treat", "pulse"), exactly("triage", 1), exactly("treat", 1)),
        ),
    ),
    "11-implicit-termination": (
        Case(name="something left", status="signal", holds=(exactly("letter", 1), never("archive"))),
        Case(name="nothing left", acts=(send("archived"),), holds=(exactly("*", 2),)),
    ),
    "12-multiple-instances-without-synchronization": (
        Case(
            name="",
            acts=(send("paid"), send("paid")),
            value="2 fines issued",
            holds=(
                sooner("report", "fines"),
                exactly("fines[*]/issue", 2),
                overlap("fines[0]/issue", "fines[1]/issue"),
            ),
        ),
    ),
    "13-multiple-instances-design-time": (
        Case(
            name="all",
            acts=tuple(approve(f"signatures[{number}]/sign") for number in (2, 0, 1)),
            value="3 signatures",
            holds=(exactly("signatures[*]/sign", 3), before("signatures", "filed")),
        ),
        Case(
            name="two of three",
            acts=(approve("signatures[0]/sign"), approve("signatures[2]/sign")),
            status="approval",
            holds=(exactly("signatures[*]/sign", 2), never("signatures", "filed")),
        ),
    ),
    "14-multiple-instances-run-time": (
        Case(
            name="two",
            value="wing is fine\ndoor is fine",
            holds=(exactly("checks[*]/check", 2), before("checks", "done")),
        ),
        Case(name="none", inputs={"parts": []}, value="", holds=(exactly("checks[*]/check", 0), exactly("done", 1))),
    ),
    "15-multiple-instances-without-knowledge": (
        Case(
            name="one more",
            acts=(send("witness", "Ben"), approve("statements[0]/hear"), approve("statements[1]/hear")),
            value="2 heard",
            holds=(exactly("statements[*]/hear", 2), overlap("statements[0]/hear", "statements[1]/hear")),
        ),
        Case(
            name="nobody else",
            acts=(approve("statements[0]/hear"),),
            value="1 heard",
            holds=(exactly("statements[*]/hear", 1),),
        ),
    ),
    "16-deferred-choice": (
        Case(
            name="free",
            acts=(send("agent_free"),),
            value="talk",
            holds=(before("agent", "talk"), skipped("expired", "escalate")),
        ),
        Case(
            name="late",
            acts=(send("too_late"),),
            value="escalate",
            holds=(before("expired", "escalate"), skipped("agent", "talk")),
        ),
    ),
    "17-interleaved-parallel-routing": (
        Case(name="", value="tested", holds=(apart("blood", "reading", "scan"), before("blood", "reading"))),
    ),
    "18-milestone": (
        Case(
            name="while open",
            acts=(send("opened"), send("enrolled")),
            holds=(between("opened", "enrol", "welcome"), skipped("closed")),
        ),
        Case(
            name="closed",
            acts=(send("opened"), send("closed")),
            holds=(before("opened", "closed"), skipped("enrol", "welcome")),
        ),
        Case(name="not yet open", acts=(send("enrolled"),), status="signal", holds=(never("enrol", "welcome"),)),
    ),
    "19-cancel-activity": (
        Case(name="done", acts=(send("bought"),), holds=(before("purchase", "deliver"), skipped("abort", "log"))),
        Case(name="cancelled", acts=(send("abort"),), holds=(before("abort", "log"), skipped("purchase", "deliver"))),
    ),
    "20-cancel-case": (
        Case(
            name="cancelled",
            acts=(stop(),),
            status="cancelled",
            holds=(before("book", "book.compensate"), never("travel", "pay")),
        ),
        Case(
            name="done", acts=(send("back"),), value="paid", holds=(before("travel", "pay"), never("book.compensate"))
        ),
    ),
    "21-structured-loop": (
        Case(
            name="",
            value="3 rounds",
            holds=(exactly("count[*]/add", 3), between("count[0]/add", "count[1]/add", "count[2]/add")),
        ),
    ),
    "23-transient-trigger": (
        Case(
            name="nobody listens",
            acts=(send("alarm", 1), send("alarm", 2), send("manned"), send("alarm", 3)),
            value=3,
            holds=(exactly("deaf[*]/dropped", 2), before("ready", "alarm"), skipped("deaf")),
        ),
    ),
    "24-persistent-trigger": (
        Case(name="early", acts=(send("ordered", 5), send("prepared")), value=5, holds=(before("prepare", "order"),)),
        Case(name="late", acts=(send("prepared"), send("ordered", 5)), value=5, holds=(before("prepare", "order"),)),
    ),
    "25-cancel-region": (
        Case(
            name="",
            acts=(send("photographed"), send("dropped"), send("interviewed"), send("recorded")),
            holds=(
                sooner("photo", "drop"),
                skipped("interview", "print"),
                before("drop", "after_all"),
                before("records", "after_all"),
            ),
        ),
    ),
    "26-cancel-multiple-instances": (
        Case(
            name="cancelled",
            acts=(send("measured"), send("cured")),
            value="no trials needed",
            holds=(exactly("trials[*]/measure", 1), skipped("trials"), before("cured", "report")),
        ),
    ),
    "27-complete-multiple-instances": (
        Case(
            name="completed",
            acts=(approve("answers[1]/ask"), supply("answers", ["b"])),
            value="food for 1",
            holds=(exactly("answers[*]/ask", 1), exactly("answers", 1), before("answers", "order")),
        ),
    ),
    "28-blocking-discriminator": (
        Case(
            name="two rounds",
            acts=(send("checked_in"), send("checked_out"), send("checked_out"), send("checked_in")),
            holds=(
                sooner("guests[0]/greet", "guests[0]/second"),
                before("guests[0]/second", "guests[1]/first"),
                sooner("guests[1]/greet", "guests[1]/first"),
                exactly("guests[*]/greet", 2),
            ),
        ),
        Case(
            name="blocked",
            acts=(send("checked_in"), send("checked_in")),
            status="signal",
            holds=(exactly("guests[0]/greet", 1), never("guests[1]/*")),
        ),
    ),
    "29-cancelling-discriminator": (
        Case(
            name="north", acts=(send("north", 1),), value=1, holds=(before("north", "answer"), skipped("south", "sum"))
        ),
        Case(
            name="south",
            acts=(send("south", 2),),
            value=2,
            holds=(between("south", "sum", "answer"), skipped("north")),
        ),
    ),
    "30-structured-partial-join": (
        Case(
            name="all",
            acts=(send("eve", 3), send("ada", 1), send("ben", 2)),
            value="2 approvals",
            holds=(before("approved", "pay"), before("eve", "approved"), sooner("pay", "ben"), exactly("approved", 1)),
        ),
        Case(name="one", acts=(send("eve"),), status="signal", holds=(never("approved"),)),
    ),
    "31-blocking-partial-join": (
        Case(
            name="two rounds",
            acts=tuple(send(name, name) for name in ("eve", "ada", "ben", "ben", "ada", "eve")),
            value=["ada", "ben"],
            holds=(
                sooner("rounds[0]/passed", "rounds[0]/ben"),
                before("rounds[0]/ben", "rounds[1]/ada"),
                sooner("rounds[1]/passed", "rounds[1]/eve"),
                exactly("rounds[*]/passed", 2),
            ),
        ),
        Case(
            name="blocked",
            acts=(send("eve"), send("ada"), send("ada")),
            status="signal",
            holds=(exactly("rounds[0]/passed", 1), never("rounds[1]/*")),
        ),
    ),
    "32-cancelling-partial-join": (
        Case(
            name="",
            acts=(send("ben", 2), send("ada", 1)),
            value=[1, 2],
            holds=(before("ada", "approved"), before("ben", "approved"), skipped("eve")),
        ),
    ),
    "33-generalized-and-join": (
        Case(
            name="",
            acts=(send("frame", "f1"), send("frame", "f2"), send("glass", "g1"), send("glass", "g2")),
            value=["f2", "g2"],
            holds=(exactly("pairs[*]/window", 2), before("pairs[0]/window", "pairs[1]/window")),
        ),
        Case(
            name="one glass",
            acts=(send("frame"), send("frame"), send("glass")),
            status="signal",
            holds=(exactly("pairs[*]/window", 1),),
        ),
    ),
    "34-static-partial-join-instances": (
        Case(
            name="",
            acts=tuple(approve(f"reports[{number}]/report") for number in (2, 0, 1)),
            value="published",
            holds=(
                before("two", "publish"),
                sooner("publish", "reports[1]/report"),
                sooner("publish", "reports"),
                exactly("publish", 1),
            ),
        ),
        Case(name="one", acts=(approve("reports[1]/report"),), status="approval", holds=(never("publish", "reports"),)),
    ),
    "35-cancelling-partial-join-instances": (
        Case(
            name="",
            acts=(approve("quotes[2]/quote"), approve("quotes[0]/quote")),
            value="2 quotes",
            holds=(never("quotes[1]/quote"), before("quotes", "buy")),
        ),
    ),
    "36-dynamic-partial-join-instances": (
        Case(
            name="",
            acts=(send("area", "south"), send("area", "east"), approve("search[2]/look"), approve("search[0]/look")),
            value="2 areas searched",
            holds=(exactly("search[*]/look", 2), never("search[1]/look"), before("search", "stop")),
        ),
    ),
    "37-local-synchronizing-merge": (
        Case(
            name="loss",
            acts=(send("assessed", 1),),
            value={"assess": 1},
            holds=(before("assess", "decide"), skipped("deep", "verify")),
        ),
        Case(
            name="both",
            inputs={"loss": True, "claim": True},
            acts=(send("assessed", 1), send("verified", 2)),
            value={"assess": 1, "deep": "looked deeper", "verify": 2},
            holds=(before("deep", "decide"), before("verify", "decide")),
        ),
        Case(
            name="one of both",
            inputs={"loss": True, "claim": True},
            acts=(send("assessed", 1),),
            status="signal",
            holds=(exactly("deep", 1), never("decide")),
        ),
    ),
    "38-general-synchronizing-merge": (
        Case(
            name="risky",
            acts=(send("planned", 1), send("reviewed", "not yet"), send("reviewed", "fine")),
            value={"plan": 1, "review": "fine"},
            holds=(exactly("review[*]/look", 2), before("review", "go"), sooner("plan", "review")),
        ),
        Case(
            name="plain",
            inputs={"risky": False},
            acts=(send("planned", 1),),
            value={"plan": 1},
            holds=(before("plan", "go"), skipped("review")),
        ),
    ),
    "39-critical-section": (
        Case(
            name="",
            value="paid twice",
            holds=(
                apart("mine", "yours"),
                before("mine/insert", "mine/remove"),
                before("yours/insert", "yours/remove"),
            ),
        ),
    ),
    "40-interleaved-routing": (
        Case(
            name="",
            value="ready",
            holds=(
                apart("oil", "tyres", "lights"),
                before("oil", "drive"),
                before("tyres", "drive"),
                before("lights", "drive"),
            ),
        ),
    ),
    "41-thread-merge": (
        Case(
            name="",
            value="3 parts",
            holds=(exactly("parts[*]/make", 3), exactly("assemble", 1), before("parts", "assemble")),
        ),
    ),
    "42-thread-split": (
        Case(
            name="",
            acts=(send("walked"), send("walked")),
            holds=(before("begin", "threads[0]/walk"), overlap("threads[0]/walk", "threads[1]/walk")),
        ),
    ),
    "43-explicit-termination": (
        Case(name="", acts=(send("stop"),), value="stopped", holds=(before("stop", "over"), never("search"))),
    ),
}

NAMED = [pytest.param(name, case, id=f"{name} {case.name}".strip()) for name, cases in CASES.items() for case in cases]


def compiled(name: str) -> Compiled:
    return compile_text((PATTERNS / f"{name}.yaml").read_text(encoding="utf-8"), file=f"{name}.yaml")


@pytest.mark.parametrize(("name", "case"), NAMED)
async def test_what_must_happen_happens_in_order_and_what_must_not_does_not(name: str, case: Case) -> None:
    assert await play(compiled(name), case, FaultPlan()) == Played(case.status, case.value, ())


@pytest.mark.parametrize(("name", "case"), NAMED)
async def test_a_process_that_is_killed_anywhere_changes_nothing_of_it(name: str, case: Case) -> None:
    graph, calm = compiled(name), FaultPlan()
    await play(graph, case, calm)
    killed = 0

    for point in range(1, calm.passed + 1):
        plan = FaultPlan(at=point)
        played = await play(graph, case, plan)
        assert played == Played(case.status, case.value, ()), f"killed at {point}, {plan.hit}"
        killed += bool(plan.hit)
    assert killed > max(6, calm.passed // 2)  # what is committed together is a matter of time, so some runs have fewer


# ── the vocabulary ──


def trace(*events: str) -> Trace:
    """A trace of events such as `a begins`, `a ends`, `a skipped`."""
    found = Trace([])
    for number, (node, event) in enumerate(event.split() for event in events):
        found.begun.setdefault(node, number)
        if event != "begins":
            (found.done if event == "ends" else found.skipped)[node] = number
    return found


@pytest.mark.parametrize(
    ("predicate", "right", "wrong"),
    [
        (before("a", "b"), ["a ends", "b begins"], ["b begins", "a ends", "b ends"]),
        (before("a", "b"), ["a ends", "b ends"], ["a ends"]),
        (sooner("a", "b"), ["b begins", "a ends", "b ends"], ["a begins", "b ends", "a ends"]),
        (between("a", "b", "c"), ["a ends", "b ends", "c ends"], ["a ends", "c begins", "b ends", "c ends"]),
        (overlap("a", "b"), ["a begins", "b begins", "a ends", "b ends"], ["a begins", "a ends", "b begins", "b ends"]),
        (apart("a", "b"), ["b begins", "b ends", "a ends"], ["a begins", "b begins", "a ends", "b ends"]),
        (apart("a", "b"), ["a ends", "b ends"], ["a ends"]),
        (exactly("a[*]/b", 2), ["a[0]/b ends", "a[1]/b ends", "a ends"], ["a[0]/b ends", "a[1]/c ends"]),
        (never("a", "b[*]"), ["a begins", "c ends"], ["b[0] ends"]),
        (skipped("a"), ["a begins", "a skipped"], ["b skipped"]),
        (skipped("a"), ["a skipped"], ["a ends", "a skipped"]),
    ],
    ids=lambda value: value.text if isinstance(value, Predicate) else "",
)
def test_a_predicate_tells_right_from_wrong(predicate: Predicate, right: list[str], wrong: list[str]) -> None:
    assert predicate.holds(trace(*right))
    assert not predicate.holds(trace(*wrong))


# ── the page ──

ROW = re.compile(
    r"^\| (?P<number>\d+) \| (?P<name>[^|]+) \| (?P<how>directly|construction|no) \| (?P<text>[^|]+) \|$", re.MULTILINE
)
LINK = re.compile(r"\(\.\./\.\./examples/patterns/(?P<stem>[\w-]+)\.yaml\)")


def test_the_page_tells_of_all_patterns_and_shows_every_one_that_is_supported() -> None:
    rows = list(ROW.finditer(PAGE.read_text(encoding="utf-8")))
    shown = {int(row["number"]): LINK.findall(row["text"]) for row in rows}

    assert list(shown) == list(range(1, 44))
    assert {int(row["number"]) for row in rows if row["how"] == "no"} == {
        number for number, links in shown.items() if not links
    }
    assert all(int(stem[:2]) == number for number, stems in shown.items() for stem in stems)
    assert sorted(stem for stems in shown.values() for stem in stems) == sorted(CASES)
    assert sum(bool(links) for links in shown.values()) >= 31


def test_every_example_is_played() -> None:
    assert sorted(path.stem for path in PATTERNS.glob("*.yaml")) == sorted(CASES)
