from __future__ import annotations

import pytest

from podium.clock import Millis
from podium.ids import Digest, EffectKey, NodePath, RunId, WorkflowVersion
from podium.ledger.record import (
    GENESIS,
    AnyBody,
    ApprovalGiven,
    CancelRequested,
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    GateDecision,
    NodeDone,
    NodeFailed,
    NodeForked,
    NodeParked,
    NodeRevised,
    NodeSkipped,
    PayloadRef,
    Record,
    RetryRequested,
    RunClaimed,
    RunCreated,
    RunEnded,
    SignalReceived,
)
from podium.observe.timeline import Timeline
from podium.observe.view import EffectView, NodeView, RunView, Wait

RUN = RunId("r0000000000aa")
KEY = EffectKey("k" * 32)
REF = PayloadRef(digest=Digest("a" * 64), size=3)
OTHER = PayloadRef(digest=Digest("b" * 64), size=4)


class Told:
    """Records one after the other, a second apart."""

    def __init__(self) -> None:
        self.timeline = Timeline(RUN)
        self.seq = 0

    def then(self, body: AnyBody, path: str = "", attempt: int = 0) -> Told:
        self.seq += 1
        record = Record(
            stream=RUN,
            seq=self.seq,
            at=Millis(self.seq * 1000),
            body=body,
            path=NodePath(path),
            attempt=attempt,
            prev=GENESIS,
            hash=Digest("c" * 64),
        )
        self.timeline.add(record)
        return self

    @property
    def view(self) -> RunView:
        return self.timeline.view

    def node(self, path: str) -> NodeView:
        return next(node for node in self.view.nodes if node.path == path)


def created() -> Told:
    body = RunCreated(workflow="notes", version="v" * 64, inputs=REF, principal="ada", root=RUN)
    return Told().then(body).then(RunClaimed(epoch=1, worker="w1"))


def intent(effect: str = "model.chat", effect_class: str = "read") -> EffectIntent:
    return EffectIntent(
        effect=effect,
        target="t",
        effect_class=effect_class,  # type: ignore[arg-type]  # the four classes, as text for brevity
        delivery="repeatable",
        id=KEY,
        request=REF,
        decision=GateDecision(verdict="allow"),
    )


def outcome(*, tokens: int = 0, status: str = "ok", model: str = "m1") -> EffectOutcome:
    return EffectOutcome(
        id=KEY,
        status=status,  # type: ignore[arg-type]  # as above
        reply=OTHER,
        model=model,
        input_tokens=tokens,
        output_tokens=tokens * 2,
    )


def test_a_new_run_says_who_started_what() -> None:
    assert created().view == RunView(
        run=RUN,
        workflow="notes",
        version=WorkflowVersion("v" * 64),
        principal="ada",
        created_at=Millis(1000),
        updated_at=Millis(2000),
        inputs=REF,
        worker="w1",
        epoch=1,
        seq=2,
    )


def test_a_model_node_runs_from_its_intent_to_its_result_and_sums_tokens_over_its_attempts() -> None:
    told = created().then(intent(), "themes", 1).then(outcome(tokens=10, status="error"), "themes", 1)
    told.then(NodeFailed(code="EF003", error_kind="invalid_output", error=REF, retry_at=Millis(9000)), "themes", 1)

    assert told.node("themes").status == "retrying"
    assert told.node("themes").wait == Wait(reason="retry", due=Millis(9000), since=Millis(5000))

    told.then(intent(), "themes", 2).then(outcome(tokens=5), "themes", 2).then(NodeDone(out=OTHER), "themes", 2)

    assert told.node("themes") == NodeView(
        path=NodePath("themes"),
        status="done",
        attempts=2,
        port="out",
        model="m1",
        input_tokens=15,
        output_tokens=30,
        started_at=Millis(3000),
        ended_at=Millis(8000),
        out=OTHER,
        code="EF003",
        error_kind="invalid_output",
        error=REF,
    )


def test_a_node_that_calls_nothing_takes_no_time() -> None:
    told = created().then(NodeDone(out=REF), "notes", 1)

    assert told.node("notes").ms(Millis(99_000)) == 0


def test_an_open_node_has_taken_as_long_as_it_is_open() -> None:
    assert created().then(intent(), "themes", 1).node("themes").ms(Millis(10_000)) == 7000


def test_an_approval_waits_until_it_is_given() -> None:
    told = created().then(NodeParked(reason="approval", question=REF, roles=("editor",), due=Millis(99)), "approve")

    wait = Wait(reason="approval", question=REF, roles=("editor",), due=Millis(99), since=Millis(3000))
    assert [node.wait for node in told.view.waits] == [wait]

    told.then(ApprovalGiven(verdict="approved", by="bob", channel="cli"), "approve")

    assert told.view.waits == ()
    assert told.node("approve").status == "running"


def test_a_signal_ends_only_the_wait_for_its_name() -> None:
    told = (
        created()
        .then(NodeParked(reason="signal", signal="paid"), "a")
        .then(NodeParked(reason="signal", signal="sent"), "b")
    )

    told.then(SignalReceived(name="paid", by="bob"))

    assert [node.path for node in told.view.waits] == ["b"]


def test_a_doubt_names_the_effect_that_may_have_happened_until_it_is_settled() -> None:
    told = created().then(intent("tool.mail.send", "irreversible"), "send", 1)
    told.then(NodeParked(reason="doubt", effect=KEY), "send")

    assert told.node("send").wait == Wait(reason="doubt", effect=KEY, target="tool.mail.send", since=Millis(4000))

    told.then(DoubtSettled(landed=True, by="bob", id=KEY))

    assert told.node("send").status == "running"


def test_only_writes_that_succeeded_are_listed_as_writes() -> None:
    told = created().then(intent("tool.files.write", "write"), "save", 1).then(outcome(status="unknown"), "save", 1)

    assert told.view.writes == ()

    told.then(outcome(), "save", 1)

    assert told.view.writes == (
        EffectView(path=NodePath("save"), effect="tool.files.write", effect_class="write", reply=OTHER),
    )


def test_a_map_knows_how_many_items_it_has() -> None:
    assert created().then(NodeForked(count=3, items=REF), "drafts", 1).node("drafts").items == 3


def test_a_skipped_node_was_never_tried() -> None:
    node = created().then(NodeSkipped(reason="not_chosen"), "other").node("other")

    assert (node.status, node.skipped, node.attempts, node.ms(Millis(99_000))) == ("skipped", "not_chosen", 0, 0)


def test_a_check_that_sends_back_is_done_with_this_round() -> None:
    told = created().then(NodeRevised(target="write", round=1, reason=REF), "check", 1)

    assert (told.node("check").status, told.node("check").port, told.node("check").note) == ("done", "revise", REF)


def test_a_run_that_ends_stops_what_is_open_and_a_retry_opens_it_again() -> None:
    told = created().then(intent(), "slow", 1).then(CancelRequested(by="bob")).then(RunEnded(status="cancelled"))

    assert (told.view.ended, told.view.cancelled_by) == ("cancelled", "bob")
    assert (told.node("slow").status, told.node("slow").ended_at) == ("stopped", Millis(5000))

    told.then(RetryRequested(by="eve"))

    assert (told.view.ended, told.view.cancelled_by, told.view.code) == (None, "", "")
    assert (told.node("slow").status, told.node("slow").ended_at) == ("running", Millis(0))


def test_a_failed_run_names_the_node_and_the_code_that_ended_it() -> None:
    told = (
        created()
        .then(NodeFailed(code="EF010", error_kind="unavailable", error=REF, final=True), "history", 1)
        .then(RunEnded(status="failed", code="EF010", node="history"))
    )

    assert (told.view.ended, told.view.code, told.view.node) == ("failed", "EF010", "history")
    assert told.node("history").status == "failed"


def test_progress_tells_what_moved_since_it_was_asked_last() -> None:
    told = created().then(intent(), "a", 1).then(NodeParked(reason="signal", signal="go"), "b")
    first = told.timeline.progress()
    told.then(NodeDone(out=REF), "a", 1)
    second = told.timeline.progress()

    assert [node.path for node in first.changed] == ["a", "b"]
    assert [(node.path, node.status) for node in second.changed] == [("a", "done")]
    assert [node.path for node in second.working] == ["b"]
    assert (first.closed, second.closed) == (0, 1)
    assert told.timeline.progress().changed == ()


@pytest.mark.parametrize(
    ("port", "label"),
    [
        ("out", "done"),
        ("case_1", "done"),
        ("revise", "revised"),
        ("rejected", "rejected"),
        ("expired", "expired"),
        ("unclear", "unclear"),
        ("stop:failed", "failed"),
        ("stop:done", "done"),
    ],
)
def test_a_node_that_left_by_no_success_is_not_called_done(port: str, label: str) -> None:
    assert created().then(NodeDone(port=port), "a", 1).node("a").label == label
