from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from podium.errors import EffectDenied
from podium.ids import EffectKey, NodePath
from podium.node.contract import Answer, Done, Park, Port, Question
from podium.node.outbox import Demand, Prepared
from podium.nodes.commit import RELEASED, CommitNode
from podium.spec.approval_rule import Rule, Voters
from podium.testing.context import ScriptedContext
from podium.testing.outbox import ScriptedOutbox

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]
DAY_MS = 24 * 60 * 60 * 1000

ADA = Prepared(
    id=EffectKey("1"), node=NodePath("ada"), effect="tool.mail.send", target="mail", call={"to": "ada"}, preview="+Hi"
)
BOB = Prepared(id=EffectKey("2"), node=NodePath("bob"), effect="tool.mail.send", target="mail", call={"to": "bob"})
SHOWN = [
    {"node": "ada", "effect": "tool.mail.send", "target": "mail", "call": {"to": "ada"}, "preview": "+Hi"},
    {"node": "bob", "effect": "tool.mail.send", "target": "mail", "call": {"to": "bob"}},
]


def released(*nodes: str) -> Done:
    return Done([{"node": node, "effect": "tool.mail.send", "answer": "tool.mail.send"} for node in nodes])


async def test_all_that_is_prepared_is_released(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA, BOB])

    done = await CommitNode().run(ScriptedContext(outbox=outbox), configure("{commit: all}"), {})

    assert (done, outbox.decided) == (released("ada", "bob"), "released")


async def test_only_what_the_named_nodes_prepared_is_released(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA, BOB])

    assert await CommitNode().run(ScriptedContext(outbox=outbox), configure("{commit: [bob]}"), {}) == released("bob")


async def test_with_nothing_prepared_the_node_is_left_by_empty(configure: Configure) -> None:
    outbox = ScriptedOutbox()

    done = await CommitNode().run(ScriptedContext(outbox=outbox), configure("{commit: all, approve: So?}"), {})

    assert (done, outbox.decided) == (Done([], port=Port("empty"), reason="nothing was prepared"), None)


@pytest.mark.parametrize(
    ("guard", "port", "decided"),
    [
        ("size(prepared) == 2", "out", "released"),
        ("prepared.all(p, p.call.to != 'bob')", "denied", "guard"),
        ("prepared[0].effect == 'tool.mail.send'", "out", "released"),
    ],
)
async def test_a_guard_sees_what_is_prepared(configure: Configure, guard: str, port: str, decided: str) -> None:
    outbox = ScriptedOutbox([ADA, BOB])

    done = await CommitNode().run(ScriptedContext(outbox=outbox), configure(f'{{commit: all, guard: "{guard}"}}'), {})

    assert isinstance(done, Done)
    assert (done.port, outbox.decided) == (port, decided)


async def test_what_the_gate_does_not_allow_any_more_lets_nothing_happen(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA, BOB], demand=EffectDenied("GA010", "a policy forbids it"))

    done = await CommitNode().run(ScriptedContext(outbox=outbox), configure("{commit: all}"), {})

    assert (done, outbox.decided) == (Done([], port=Port("denied"), reason="a policy forbids it"), "denied")


async def test_people_are_asked_about_all_of_it_at_once(configure: Configure) -> None:
    ctx = ScriptedContext(outbox=ScriptedOutbox([ADA, BOB]))
    config = configure("{commit: all, approve: Send them?, approval: {roles: [editor], expires: 8h}}")

    parked = await CommitNode().run(ctx, config, {"approve": "Send them?"})

    rule = Rule(stages=(Voters(roles=("editor",)),), ends_ms=8 * 60 * 60 * 1000)
    question = Question(
        text="Send them?", show={"effects": SHOWN, "why": []}, rule=rule, staged=(EffectKey("1"), EffectKey("2"))
    )
    assert parked == Park(question)


async def test_an_approval_that_one_of_them_needs_is_asked_without_a_question_of_its_own(configure: Configure) -> None:
    rule = Rule(stages=(Voters(roles=("cfo",)),), ends_ms=DAY_MS)
    ctx = ScriptedContext(outbox=ScriptedOutbox([ADA], demand=Demand(why=("tool.mail.send: grant",), rule=rule)))

    parked = await CommitNode().run(ctx, configure("{commit: all}"), {})

    assert isinstance(parked, Park)
    assert (parked.question.text, parked.question.rule) == ("May these be done?", rule)
    assert parked.question.show == {"effects": SHOWN[:1], "why": ["tool.mail.send: grant"]}


@pytest.mark.parametrize(
    ("answer", "done", "decided"),
    [
        (Answer(verdict="approved", by="ann"), released("ada"), "released"),
        (
            Answer(verdict="rejected", by="ann", reason="not today"),
            Done([], port=Port("rejected"), reason="rejected by ann: not today"),
            "rejected",
        ),
        (Answer(verdict="expired"), Done([], port=Port("expired"), reason="nobody answered in time"), "expired"),
        (
            Answer(verdict="approved", by="ann", value={"to": "eve"}),
            Done([], port=Port("rejected"), reason="what is prepared can be approved, and not be changed"),
            "rejected",
        ),
    ],
    ids=["yes", "no", "silence", "changed"],
)
async def test_the_answer_is_about_all_of_it(configure: Configure, answer: Answer, done: Done, decided: str) -> None:
    outbox = ScriptedOutbox([ADA])

    outcome = await CommitNode().resume(
        ScriptedContext(outbox=outbox), configure("{commit: all, approve: So?}"), {"approve": "So?"}, answer
    )

    assert (outcome, outbox.decided) == (done, decided)


async def test_whoever_agreed_is_asked_again_when_the_gate_demands_more_by_then(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA], demand=Demand(why=("policy:limits",), rule=Rule(stages=(Voters(roles=("cfo",)),))))

    outcome = await CommitNode().resume(
        ScriptedContext(outbox=outbox), configure("{commit: all, approve: So?}"), {}, Answer(verdict="approved")
    )

    assert isinstance(outcome, Park)
    assert (outcome.question.rule, outbox.decided) == (Rule(stages=(Voters(roles=("cfo",)),)), None)


async def test_a_rehearsal_asks_nobody(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA], demand=Demand(why=("grant",)), rehearsing=True)

    done = await CommitNode().run(ScriptedContext(outbox=outbox), configure("{commit: all, approve: So?}"), {})

    assert (done, outbox.decided) == (released("ada"), "released")


@pytest.mark.parametrize(
    ("decided", "port"), [("guard", "denied"), ("denied", "denied"), ("rejected", "rejected"), ("expired", "expired")]
)
async def test_a_decision_that_was_made_is_not_made_again(configure: Configure, decided: Any, port: str) -> None:
    outbox = ScriptedOutbox([ADA], decided=decided)
    config = configure("{commit: all, approve: So?, guard: size(prepared) == 1}")

    first = await CommitNode().run(ScriptedContext(outbox=outbox), config, {})
    later = await CommitNode().resume(ScriptedContext(outbox=outbox), config, {}, Answer(verdict="approved"))

    assert first == later == Done([], port=Port(port), reason="it was decided before")


async def test_a_release_that_was_begun_goes_on_whatever_the_gate_says_now(configure: Configure) -> None:
    outbox = ScriptedOutbox([ADA], decided="released", demand=EffectDenied("GA010", "no"))

    done = await CommitNode().run(
        ScriptedContext(outbox=outbox), configure('{commit: all, guard: "size(prepared) > 5"}'), {}
    )

    assert done == released("ada")


def test_it_waits_for_the_nodes_that_it_names(configure: Configure) -> None:
    assert configure("{commit: [a, b]}").releases() == ("a", "b")
    assert configure("{commit: all}").releases() == "all"


def test_the_result_is_what_was_released(configure: Configure) -> None:
    assert configure("{commit: all}").result_type({}) == RELEASED


@pytest.mark.parametrize("text", ["{commit: []}", "{commit: some}", "{commit: {a: b}}"])
def test_what_is_released_must_be_said(complaints: Callable[[str], list[tuple[str, str]]], text: str) -> None:
    assert complaints(text)


def test_a_day_is_the_most_that_a_question_waits(configure: Configure) -> None:
    assert configure("{commit: all, approval: {roles: [a]}}").approval.expires == timedelta(days=1)
