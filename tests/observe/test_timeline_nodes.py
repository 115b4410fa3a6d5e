"""How nodes with nodes inside, failures that are not the end, and what people decide read in a timeline."""

from __future__ import annotations

from typing import Any

import pytest

from podium.clock import Millis
from podium.ids import Digest, EffectKey, NodePath, RunId
from podium.ledger.record import (
    GENESIS,
    AnyBody,
    CancelRequested,
    DeadDropped,
    EffectIntent,
    FactEmitted,
    ForkedFrom,
    GateDecision,
    NodeDone,
    NodeFailed,
    NodeForked,
    NodeOverridden,
    NodeParked,
    NodeSkipped,
    OverrideRequested,
    PauseRequested,
    PayloadRef,
    Prioritised,
    Record,
    ResumeRequested,
    RetryRequested,
    RunCreated,
    RunEnded,
    RunEnding,
)
from podium.observe.timeline import Timeline
from podium.observe.view import FactView, NodeView, RunView, Wait

RUN = RunId("r0000000000aa")
REF = PayloadRef(digest=Digest("a" * 64), size=3)
Step = tuple[AnyBody, str] | tuple[AnyBody, str, str]


def told(*steps: Step | AnyBody) -> Timeline:
    """A timeline of records a second apart, each `body`, `(body, path)` or `(body, path, key)`."""
    timeline = Timeline(RUN)
    created = RunCreated(workflow="w", version="v" * 64, inputs=REF, principal="ada", root=RUN)
    for seq, step in enumerate([created, *steps], 1):
        parts: tuple[Any, ...] = (*step, "", "") if isinstance(step, tuple) else (step, "", "")
        body, path, key = parts[:3]
        timeline.add(
            Record(
                stream=RUN,
                seq=seq,
                at=Millis(seq * 1000),
                body=body,
                path=NodePath(path),
                key=key,
                prev=GENESIS,
                hash=Digest("c" * 64),
            )
        )
    return timeline


def views(timeline: Timeline) -> dict[str, NodeView]:
    return {node.path: node for node in timeline.view.nodes}


def labels(timeline: Timeline) -> dict[str, str]:
    return {node.path: node.label for node in timeline.view.nodes}


def intent(key: str = "k") -> EffectIntent:
    return EffectIntent(
        effect="model.chat",
        target="t",
        effect_class="read",
        delivery="repeatable",
        id=EffectKey(key * 32),
        request=REF,
        decision=GateDecision(verdict="allow"),
    )


def failed(then: str, **more: Any) -> NodeFailed:
    return NodeFailed(code="EF003", error_kind="failed", error=REF, then=then, **more)  # type: ignore[arg-type]


def test_a_loop_counts_its_rounds() -> None:
    timeline = told(
        (NodeForked(count=1), "refine"),
        (NodeDone(), "refine[0]/draft"),
        (NodeForked(count=1, start=1), "refine"),
        (NodeDone(), "refine[1]/draft"),
    )

    assert (views(timeline)["refine"].items, labels(timeline)["refine"]) == (2, "running")


def test_the_effects_of_a_fallback_count_for_its_node() -> None:
    timeline = told((intent(), "draft"), (failed("fallback"), "draft"), (intent("l"), "draft.fallback1"))

    assert list(views(timeline)) == ["draft"]
    assert (views(timeline)["draft"].fallback, labels(timeline)["draft"]) == (1, "running")


def test_a_failed_node_that_asks_waits_for_a_person_until_one_decides() -> None:
    asking = (intent(), "draft"), (failed("ask"), "draft"), (NodeParked(reason="ask", question=REF), "draft")

    timeline = told(*asking)
    assert [node.wait for node in timeline.waits] == [Wait(reason="ask", question=REF, since=Millis(4000))]

    timeline = told(*asking, (OverrideRequested(action="skip", by="bob"), "draft", "o1"))
    assert timeline.waits == ()

    decided = (OverrideRequested(action="output", by="bob"), "draft", "o1")
    view = views(told(*asking, decided, (NodeDone(out=REF, override="o1"), "draft")))["draft"]
    assert (view.label, view.overridden_by) == ("done", "bob")


def test_a_node_that_a_person_let_begin_anew_goes_on_at_the_path_of_its_next_round() -> None:
    timeline = told(
        (failed("ask"), "draft"),
        (NodeParked(reason="ask"), "draft"),
        (OverrideRequested(action="retry", by="bob"), "draft", "o1"),
        (NodeOverridden(round=1, override="o1"), "draft"),
        (intent(), "draft~1"),
    )

    assert labels(timeline) == {"draft": "overridden", "draft~1": "running"}
    assert views(timeline)["draft"].overridden_by == "bob"


def test_a_request_about_a_node_that_has_not_begun_makes_no_node() -> None:
    assert told((OverrideRequested(action="skip", by="bob"), "later", "o1")).view.nodes == ()


@pytest.mark.parametrize(
    "end", [NodeDone(out=REF), failed("retry", final=True), NodeSkipped(reason="withdrawn"), failed("inside")]
)
def test_what_is_at_work_inside_a_node_is_stopped_when_that_is_over(end: AnyBody) -> None:
    timeline = told((NodeForked(count=2), "all"), (intent(), "all[0]/slow"), (intent("l"), "alls"), (end, "all"))

    assert (labels(timeline)["all[0]/slow"], labels(timeline)["alls"]) == ("stopped", "running")


def test_what_was_withdrawn_is_called_so_and_waits_no_more() -> None:
    timeline = told((NodeParked(reason="approval"), "may"), (NodeSkipped(reason="withdrawn"), "may"))

    assert labels(timeline) == {"may": "withdrawn"}
    assert timeline.waits == ()


def test_a_join_that_looks_for_more_sources_asks_nobody() -> None:
    timeline = told((NodeParked(reason="sources", sources=1), "best"))

    assert (labels(timeline), timeline.waits) == ({"best": "waiting"}, ())


def test_a_run_that_is_being_undone_says_how_it_will_end() -> None:
    timeline = told(
        (NodeDone(), "charge"),
        (NodeParked(reason="approval"), "may"),
        CancelRequested(by="bob"),
        RunEnding(status="cancelled"),
        (intent(), "charge.compensate"),
    )

    assert (timeline.view.ending, timeline.view.ended, timeline.waits) == ("cancelled", None, ())
    assert labels(timeline) == {"charge": "done", "may": "stopped", "charge.compensate": "running"}


def test_what_could_not_be_undone_is_counted() -> None:
    view = told(RunEnded(status="cancelled", not_undone=2)).view

    assert (view.ended, view.ending, view.not_undone) == ("cancelled", None, 2)


def test_a_retry_opens_what_ended_the_run_and_what_was_stopped_but_no_failure_that_was_handled() -> None:
    timeline = told(
        (failed("retry", final=True), "handled"),
        (NodeForked(count=2), "all"),
        (failed("retry", final=True), "all[0]/bad"),
        (intent(), "all[1]/slow"),
        (failed("retry", final=True), "all"),
        (intent("l"), "beside"),
        RunEnded(status="failed", node="all"),
        RetryRequested(by="ann"),
    )

    assert labels(timeline) == {
        "handled": "failed",
        "all": "running",
        "all[0]/bad": "running",
        "all[1]/slow": "running",
        "beside": "running",
    }


def test_facts_are_told_once_and_an_event_ends_the_wait_for_it() -> None:
    timeline = told(
        (NodeParked(reason="signal", signal="paid"), "wait"),
        (FactEmitted(fact="event", name="paid", value=REF), "pay"),
        (FactEmitted(fact="notification", name="shipped"), "ship"),
    )

    facts = (
        FactView(path=NodePath("pay"), fact="event", name="paid", value=REF, at=Millis(3000)),
        FactView(path=NodePath("ship"), fact="notification", name="shipped", at=Millis(4000)),
    )
    assert timeline.view.facts == facts
    assert timeline.waits == ()
    assert (timeline.progress().facts, timeline.progress().facts) == (facts, ())


def test_pauses_priorities_and_what_was_dropped_are_told() -> None:
    def shown(*steps: AnyBody) -> tuple[str, int, str]:
        view: RunView = told(*steps).view
        return view.paused_by, view.priority, view.dropped_by

    paused, ended = PauseRequested(by="bob"), RunEnded(status="failed")
    assert shown(paused, Prioritised(by="bob", priority=9)) == ("bob", 9, "")
    assert shown(paused, ResumeRequested(by="ann")) == ("", 5, "")
    assert shown(ended, DeadDropped(by="eve")) == ("", 5, "eve")
    assert shown(paused, ended, RetryRequested(by="eve")) == ("", 5, "")


def test_a_run_knows_where_it_comes_from() -> None:
    timeline = Timeline(RUN)
    origin = ForkedFrom(run=RunId("r0000000000bb"), seq=7, hash=Digest("d" * 64), again=("draft",))
    body = RunCreated(
        workflow="w", version="v", inputs=REF, principal="ada", root=RUN, parent="rp", fork=origin, slot="w:ann"
    )
    timeline.add(
        Record(stream=RUN, seq=1, at=Millis(1), body=body, prev=GENESIS, hash=Digest("c" * 64), path=NodePath(""))
    )

    assert (timeline.view.parent, timeline.view.fork, timeline.view.slot) == ("rp", origin, "w:ann")
