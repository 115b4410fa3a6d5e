"""The approval stage by itself: what it binds, what it asks again, what one changed byte does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from podium.effects.effect import CallLabels, Effect, EffectQuestion, Known, Suspended
from podium.effects.safeguards import Safeguards
from podium.effects.stages.approval import MAX_SHOWN, Approval, shortened
from podium.errors import EffectDenied
from podium.gate.approval import Ballot
from podium.gate.decision import Obligation
from podium.gate.roles import Directory, Person, Voter
from podium.ids import EffectKey, NodePath, RunId, SystemIds
from podium.ledger.payload import payload
from podium.ledger.record import EffectDenied as DeniedRecord
from podium.ledger.record import Entry
from podium.node.calls import Reply, ToolCall, ToolReply
from podium.spec.approval_rule import Rule, Terms, Voters
from podium.spec.label import Label
from podium.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

ANNA, BERT = Voter("anna", ("legal",)), Voter("bert", ("finance",))
STAFF = Directory({one.name: Person(name=one.name, roles=one.roles) for one in (ANNA, BERT)})
GRANT = Obligation(kind="approval", reason="grant", rule=Rule(stages=(Voters(roles=("legal",)),)))
POLICY = Obligation(
    kind="approval", reason="policy:large", about="more than 1,000", settings=(("roles", "finance"), ("count", "1"))
)


class Door:
    """The stage with nothing behind it, and the journal before it."""

    def __init__(self, people: Directory = STAFF) -> None:
        self.written: list[Entry] = []
        self.stage = Approval(clock=FakeClock(), safeguards=Safeguards(people=people))

    async def append(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    def defer(self, entries: Sequence[Entry]) -> None:
        self.written.extend(entries)

    def effect(self, *obligations: Obligation, known: Known | None = None, **changes: Any) -> Effect:
        call = ToolCall(tool="bank", function="pay", arguments={"iban": "DE1"})
        effect = Effect(
            run=RunId("r000000000000"),
            root=RunId("r000000000000"),
            path=NodePath("pay"),
            attempt=1,
            call=call,
            grants={},
            known=known or Known(),
            journal=self,
            progress=lambda _text: None,
            labels=CallLabels(arguments={"iban": Label(integrity="untrusted")}),
            parties={"requester": "tester", "owner": "", "author": "tester"},
        )
        effect.name, effect.id, effect.target = "tool.bank.pay", EffectKey("k" * 64), "bank"
        effect.request, effect.request_hash = payload(b"{}", SystemIds()), "a" * 64
        effect.policies = "p1"
        effect.obligations.extend(obligations)
        for name, value in changes.items():
            setattr(effect, name, value)
        return effect

    async def asked(self, effect: Effect) -> EffectQuestion:
        with pytest.raises(Suspended) as suspended:
            await self.perform(effect)
        return suspended.value.question

    async def perform(self, effect: Effect) -> Reply:
        return await self.stage(effect, behind)


async def behind(_effect: Effect) -> Reply:
    return ToolReply(value="paid")


def agreed(terms: Terms | None, *voters: Voter) -> Known:
    assert terms is not None
    ballots = [Ballot(verdict="approved", voter=voter, at=terms.at, subject=terms.subject) for voter in voters]
    return Known(approval="answer:pay:7", terms=terms, ballots=tuple(ballots))


async def test_what_nothing_demands_is_not_asked() -> None:
    assert await Door().perform(Door().effect()) == ToolReply(value="paid")


async def test_the_question_says_why_what_and_on_whose_word() -> None:
    question = await Door().asked(Door().effect(GRANT, POLICY, label=Label(integrity="untrusted", sources=("mail",))))

    assert question.show == {
        "tool": "bank",
        "function": "pay",
        "arguments": {"iban": "DE1"},
        "target": "bank",
        "why": ["grant", "more than 1,000"],
        "labels": {"integrity": "untrusted", "sources": ("mail",)},
    }
    assert question.terms is not None
    assert question.terms.rule.stages == (Voters(roles=("legal",)), Voters(roles=("finance",)))


async def test_what_was_agreed_to_happens_and_the_decision_says_so() -> None:
    door = Door()
    known = agreed((await door.asked(door.effect(GRANT))).terms, ANNA)
    effect = door.effect(GRANT, known=known)

    assert await door.perform(effect) == ToolReply(value="paid")
    assert effect.reasons == ["approved"]


CHANGES: dict[str, Callable[[Effect], object]] = {
    "one byte of the call": lambda effect: setattr(effect, "request_hash", "b" + "a" * 63),
    "the target": lambda effect: setattr(effect, "target", "bank2"),
    "the label": lambda effect: setattr(effect, "label", Label(integrity="untrusted")),
    "the label of an argument": lambda effect: setattr(effect, "labels", CallLabels()),
    "the node": lambda effect: setattr(effect, "path", NodePath("pay~1")),
    "the run": lambda effect: setattr(effect, "run", RunId("r111111111111")),
    "the key": lambda effect: setattr(effect, "id", EffectKey("l" * 64)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_anything_else_than_what_was_agreed_to_is_denied_and_recorded(change: Callable[[Effect], object]) -> None:
    door = Door()
    effect = door.effect(GRANT, known=agreed((await door.asked(door.effect(GRANT))).terms, ANNA))
    change(effect)

    with pytest.raises(EffectDenied, match="GA003"):
        await door.perform(effect)
    (entry,) = door.written
    assert isinstance(entry.body, DeniedRecord)


async def test_other_policies_that_still_allow_it_are_recorded_beside_those_of_the_question() -> None:
    door = Door()
    known = agreed((await door.asked(door.effect(GRANT))).terms, ANNA)
    effect = door.effect(GRANT, known=known, policies="p2")

    assert await door.perform(effect) == ToolReply(value="paid")
    assert effect.reasons == ["approved", "asked_under:p1"]


async def test_policies_that_demand_more_by_now_are_asked_for_again() -> None:
    door = Door()
    known = agreed((await door.asked(door.effect(GRANT))).terms, ANNA)

    question = await door.asked(door.effect(GRANT, POLICY, known=known, policies="p2"))

    assert question.terms is not None
    assert (question.terms.policies, len(question.terms.rule.in_turn)) == ("p2", 2)


async def test_policies_that_demand_less_by_now_are_content() -> None:
    door = Door()
    known = agreed((await door.asked(door.effect(GRANT, POLICY))).terms, ANNA, BERT)

    assert await door.perform(door.effect(GRANT, known=known, policies="p2")) == ToolReply(value="paid")


@pytest.mark.parametrize(
    "who",
    [BERT, Voter("anna"), Voter("eve", ("legal",)), Voter("anna", assumed=True)],
    ids=["another role", "held nothing then", "nobody by now", "nobody vouched"],
)
async def test_evidence_of_somebody_who_may_not_is_no_approval(who: Voter) -> None:
    door = Door()
    known = agreed((await door.asked(door.effect(GRANT))).terms, who)

    await door.asked(door.effect(GRANT, known=known))


async def test_an_approval_without_terms_is_none() -> None:
    await Door().asked(Door().effect(GRANT, known=Known(approval="answer:pay:7")))


async def test_a_changed_call_counts_for_whoever_changed_it_and_for_nothing_but_that_call() -> None:
    door = Door()
    terms = (await door.asked(door.effect(GRANT))).terms
    assert terms is not None
    edit = Ballot(verdict="edited", voter=ANNA, at=terms.at, subject=terms.subject)
    known = Known(approval="answer:pay:7", terms=terms, ballots=(edit,), edited_request="c" * 64)

    assert await door.perform(door.effect(GRANT, known=known, request_hash="c" * 64)) == ToolReply(value="paid")
    with pytest.raises(EffectDenied, match="GA003"):
        await door.perform(door.effect(GRANT, known=known, request_hash="d" * 64))
    await door.asked(door.effect(GRANT, POLICY, known=known, request_hash="c" * 64))


async def test_what_was_said_in_time_counts_also_when_the_time_is_over() -> None:
    door = Door()
    short = replace(GRANT, rule=Rule(stages=(Voters(roles=("legal",)),), ends_ms=1))
    known = agreed((await door.asked(door.effect(short))).terms, ANNA)

    assert await door.perform(door.effect(short, known=known)) == ToolReply(value="paid")


def test_long_texts_are_cut_and_named_by_their_digest() -> None:
    shown = shortened({"text": "x" * (MAX_SHOWN + 1), "list": ["y"]})

    assert shown["list"] == ["y"]
    assert (len(shown["text"]) < MAX_SHOWN + 150, f"{MAX_SHOWN + 1} characters, SHA-256 " in shown["text"]) == (
        True,
        True,
    )
