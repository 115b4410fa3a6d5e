"""Runs that ask people: who counts, what is bound, what happens when things change while people think."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from podium.effects.safeguards import Safeguards
from podium.engine.asked import read_asked
from podium.engine.control import answer, open_questions
from podium.errors import Rejected, UsageError
from podium.gate.approval import Verdict
from podium.gate.roles import Directory, Person, Voter
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import ApprovalGiven, EffectDenied, EffectIntent, Entry, NodeParked, Record
from podium.ledger.store import RowStatus
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

PAY = """podium: 1
name: pay
owner: dora@example.org
tools:
  bank: {{python: scripted, effect: write, delivery: keyed, approval: {approval}}}
nodes:
  pay: {{tool: bank.pay, with: {{iban: DE1, amount: 5}}}}
result: pay.out
"""
PUBLISH = """podium: 1
name: publish
owner: dora@example.org
nodes:
  ask: {{human: Publish?, show: "'the notes'", {settings}}}
result: ask.out
"""
ANNA, BERT = Voter("anna", ("legal",)), Voter("bert", ("legal",))
CARL, DORA = Voter("carl", ("editor",)), Voter("dora", ("editor",))
STAFF = Directory(
    {
        voter.name: Person(name=voter.name, roles=voter.roles, email=f"{voter.name}@example.org")
        for voter in (ANNA, BERT, CARL, DORA)
    }
)
ASK, PAYING = NodePath("ask"), NodePath("pay")


class Office(Bench):
    """An installation that knows its people."""

    def __init__(self, text: str, *, people: Directory = STAFF, store: MemoryStore | None = None) -> None:
        self.fake = FakeClock(tick_ms=1)
        self.world = World()
        self.world.on("bank.pay", dict)
        super().__init__(
            compile_text(text),
            store=store or MemoryStore(clock=self.fake),
            model=ScriptedModel(),
            tools=ScriptedTools(self.world),
            clock=self.fake,
            ids=SystemIds(),
            safeguards=Safeguards(people=people),
        )

    async def begin(self) -> RunId:
        run = await self.start({})
        assert await self.settle(run, {}) == "approval"
        return run

    async def says(
        self, run: RunId, voter: Voter, verdict: Verdict = "approved", *, path: NodePath = ASK, **more: Any
    ) -> RowStatus:
        now = self.fake.now()
        await answer(
            *(self.store, self.ids, run, path), verdict=verdict, by="", channel="test", voter=voter, now=now, **more
        )
        return await self.settle(run, {})


def asks(settings: str = "approval: {roles: [legal]}", **more: Any) -> Office:
    return Office(PUBLISH.format(settings=settings), **more)


def pays(approval: str = "{roles: [legal]}", **more: Any) -> Office:
    return Office(PAY.format(approval=approval), **more)


def paid(office: Office) -> list[Mapping[str, Json]]:
    return [call.arguments for call in office.world.calls]


# ── who counts ──


async def test_a_person_with_the_role_lets_it_go_on_and_the_record_says_what_they_held() -> None:
    office = asks()
    run = await office.begin()

    assert await office.says(run, ANNA) == "done"
    (given,) = [record.body for record in await office.history(run) if isinstance(record.body, ApprovalGiven)]
    assert (given.by, given.roles, given.assumed, len(given.subject)) == ("anna", ("legal",), False, 64)


@pytest.mark.parametrize(
    ("voter", "code"),
    [
        (CARL, "AP080"),
        (Voter("anna"), "AP080"),
        (Voter("user:anna", ("legal",)), "AP080"),
        (Voter("eve", assumed=True), "AP080"),
    ],
    ids=["another role", "a former role", "a stranger", "nobody vouches"],
)
async def test_whoever_may_not_decide_is_told_so_and_nothing_is_recorded(voter: Voter, code: str) -> None:
    office = asks()
    run = await office.begin()
    before = len(await office.history(run))

    with pytest.raises(UsageError, match=code):
        await office.says(run, voter)
    assert len(await office.history(run)) == before


async def test_an_answer_that_somebody_writes_past_the_door_does_not_count() -> None:
    office = asks()
    run = await office.begin()
    asked = (await read_asked(office.store, run))[ASK]
    assert asked.parked.terms is not None
    forged = [
        ApprovalGiven(verdict="approved", by="eve", channel="old"),
        ApprovalGiven(
            verdict="approved", by="carl", channel="old", roles=("editor",), subject=asked.parked.terms.subject
        ),
        ApprovalGiven(verdict="approved", by="anna", channel="old", roles=("legal",), subject="0" * 64),
        ApprovalGiven(verdict="edited", by="eve", channel="old", assumed=True, subject=asked.parked.terms.subject),
    ]

    for number, body in enumerate(forged):
        await office.store.post(run, Entry(body=body, path=ASK, key=f"forged:{number}"))
        assert await office.settle(run, {}) == "approval"

    assert await office.says(run, ANNA) == "done"


async def test_two_people_must_agree_and_neither_can_do_it_alone() -> None:
    office = asks("approval: {roles: [legal], count: 2}")
    run = await office.begin()

    assert await office.says(run, ANNA) == "approval"
    with pytest.raises(UsageError, match="AP084"):
        await office.says(run, ANNA)
    assert list(await open_questions(office.store, run)) == [ASK]
    assert await office.says(run, BERT) == "done"


async def test_stages_are_asked_in_turn() -> None:
    office = asks("approval: {stages: [{roles: [editor]}, {roles: [legal]}]}")
    run = await office.begin()

    with pytest.raises(UsageError, match="AP080"):
        await office.says(run, ANNA)
    assert await office.says(run, CARL) == "approval"
    assert await office.says(run, ANNA) == "done"


@pytest.mark.parametrize(
    ("party", "voter"), [("requester", Voter("tester", ("legal",))), ("owner", DORA), ("author", Voter("tester"))]
)
async def test_four_eyes_leave_out_who_started_published_or_answers_for_it(party: str, voter: Voter) -> None:
    office = asks(f"approval: {{four_eyes: [{party}]}}")
    run = await office.begin()

    with pytest.raises(UsageError, match="AP081"):
        await office.says(run, voter)
    assert await office.says(run, ANNA) == "done"


async def test_without_identities_four_eyes_hold_and_the_evidence_says_that_nobody_vouches() -> None:
    office = asks("approval: {four_eyes: [requester], roles: [legal]}", people=Directory())
    run = await office.begin()

    with pytest.raises(UsageError, match="AP081"):
        await office.says(run, Voter("tester", assumed=True))
    assert await office.says(run, Voter("someone", assumed=True)) == "done"
    (given,) = [record.body for record in await office.history(run) if isinstance(record.body, ApprovalGiven)]
    assert given.assumed


async def test_a_no_ends_it_whoever_has_agreed_before() -> None:
    office = asks("approval: {roles: [legal], count: 2}")
    run = await office.begin()
    await office.says(run, ANNA)

    assert await office.says(run, BERT, "rejected", reason="too early") == "denied"


async def test_a_veto_ends_it_although_another_stage_is_asked() -> None:
    office = asks("approval: {stages: [{roles: [editor]}, {roles: [legal]}], veto: [legal]}")
    run = await office.begin()

    assert await office.says(run, ANNA, "rejected") == "denied"


# ── two at once, twice, too late ──


async def test_of_two_who_answer_at_once_one_wins_and_the_other_is_told() -> None:
    office = asks()
    run = await office.begin()

    said = await asyncio.gather(office.says(run, ANNA), office.says(run, BERT), return_exceptions=True)

    assert sorted(type(one).__name__ for one in said) in (["Rejected", "str"], ["UsageError", "str"])
    assert sum(isinstance(record.body, ApprovalGiven) for record in await office.history(run)) == 1


async def test_two_voices_at_once_both_count_where_two_are_needed() -> None:
    office = asks("approval: {roles: [legal], count: 2}")
    run = await office.begin()
    post = (office.store, office.ids, run, ASK)

    async with asyncio.TaskGroup() as group:
        for voter in (ANNA, BERT):
            group.create_task(answer(*post, verdict="approved", by="", channel="test", voter=voter))

    assert await office.settle(run, {}) == "done"


async def test_an_answer_after_the_answer_is_refused() -> None:
    office = asks()
    run = await office.begin()
    await office.says(run, ANNA)

    with pytest.raises(UsageError, match="EN011"):
        await office.says(run, BERT)


async def test_an_answer_after_the_end_is_refused_and_counts_for_nothing_when_it_slips_through() -> None:
    office = asks("approval: {roles: [legal], expires: 1h}")
    run = await office.begin()
    office.fake.advance(timedelta(hours=1))

    with pytest.raises(UsageError, match="AP082"):
        await answer(
            *(office.store, office.ids, run, ASK),
            verdict="approved",
            by="",
            channel="t",
            voter=ANNA,
            now=office.fake.now(),
        )
    with pytest.raises(UsageError, match="AP082"):  # a clock that is wrong does not help
        await answer(*(office.store, office.ids, run, ASK), verdict="approved", by="", channel="t", voter=ANNA, now=1)
    assert await office.settle(run, {}) == "denied"


async def test_a_step_of_the_chain_may_answer_once_its_time_has_come() -> None:
    office = asks("approval: {roles: [legal], expires: 1h, on_expiry: escalate, escalate: [{to: {people: [carl]}}]}")
    run = await office.begin()
    with pytest.raises(UsageError, match="AP080"):
        await office.says(run, CARL)

    office.fake.advance(timedelta(hours=1))

    assert await office.says(run, CARL) == "done"


async def test_a_chain_that_nobody_answers_ends_denied() -> None:
    office = asks("approval: {expires: 1h, on_expiry: escalate, escalate: [{to: {people: [carl]}}]}")
    run = await office.begin()
    office.fake.advance(timedelta(hours=1, minutes=59))
    assert await office.settle(run, {}) == "approval"

    office.fake.advance(timedelta(minutes=2))

    assert await office.settle(run, {}) == "denied"


async def test_a_suspended_question_waits_on_and_can_still_be_answered() -> None:
    office = asks("approval: {roles: [legal], expires: 1h, on_expiry: suspend}")
    run = await office.begin()
    office.fake.advance(timedelta(days=30))

    assert await office.settle(run, {}) == "approval"
    assert await office.says(run, ANNA) == "done"


# ── more than yes and no ──


async def test_what_was_taken_back_does_not_count() -> None:
    office = asks("approval: {roles: [legal], count: 2}")
    run = await office.begin()
    await office.says(run, ANNA)
    await office.says(run, ANNA, "retracted")

    assert await office.says(run, BERT) == "approval"
    assert await office.says(run, ANNA) == "done"


async def test_whoever_leaves_it_to_somebody_else_is_out_and_the_other_decides() -> None:
    office = asks()
    run = await office.begin()

    with pytest.raises(UsageError, match="AP085"):
        await office.says(run, ANNA, "delegated", to=CARL)
    with pytest.raises(UsageError, match="AP085"):
        await office.says(run, ANNA, "delegated", to=ANNA)
    assert await office.says(run, ANNA, "delegated", to=BERT) == "approval"
    with pytest.raises(UsageError, match="AP084"):
        await office.says(run, ANNA)
    assert await office.says(run, BERT) == "done"


async def test_a_question_back_keeps_the_run_waiting_until_somebody_decides() -> None:
    office = asks()
    run = await office.begin()

    assert await office.says(run, ANNA, "asked", reason="which notes?") == "approval"
    assert (await read_asked(office.store, run))[ASK].standing(office.fake.now()).asked
    assert await office.says(run, Voter("tester"), "told", reason="those of May") == "approval"
    assert not (await read_asked(office.store, run))[ASK].standing(office.fake.now()).asked
    assert await office.says(run, ANNA) == "done"


async def test_a_changed_value_is_what_is_approved() -> None:
    office = asks()
    run = await office.begin()

    assert await office.says(run, ANNA, value="better notes") == "done"
    assert (await office.result(run, "done")).value == "better notes"


async def test_one_of_several_voices_cannot_change_what_the_others_agree_to() -> None:
    office = asks("approval: {roles: [legal], count: 2}")
    run = await office.begin()

    with pytest.raises(UsageError, match="AP086"):
        await office.says(run, ANNA, value="better notes")


async def test_a_value_that_is_asked_for_must_be_of_its_type_and_is_the_result() -> None:
    office = asks("output: {rating: integer}")
    run = await office.begin()

    for wrong in (None, {"rating": "good"}, 3):
        with pytest.raises(UsageError, match="AP086"):
            await office.says(run, ANNA, value=wrong)
    assert await office.says(run, ANNA, value={"rating": 4}) == "done"
    assert (await office.result(run, "done")).value == {"rating": 4}


# ── calls ──


async def test_a_call_waits_for_its_people_and_its_intent_names_their_answer() -> None:
    office = pays("{roles: [legal], count: 2}")
    run = await office.begin()
    assert await office.says(run, ANNA, path=PAYING) == "approval"
    assert paid(office) == []

    assert await office.says(run, BERT, path=PAYING) == "done"
    assert paid(office) == [{"iban": "DE1", "amount": 5}]
    (intent,) = [record.body for record in await office.history(run) if isinstance(record.body, EffectIntent)]
    keys = [record.key for record in await office.history(run) if isinstance(record.body, ApprovalGiven)]
    assert (intent.decision.approval, "approved" in intent.decision.reasons) == (keys[-1], True)


async def test_a_changed_call_goes_through_the_gate_anew_and_is_what_happens() -> None:
    office = pays()
    run = await office.begin()

    assert await office.says(run, ANNA, path=PAYING, value={"arguments": {"iban": "DE2", "amount": 4}}) == "done"
    assert paid(office) == [{"iban": "DE2", "amount": 4}]


async def test_where_two_must_agree_a_change_is_asked_about_again() -> None:
    office = pays("{roles: [legal], count: 2}")
    run = await office.begin()
    await office.says(run, ANNA, path=PAYING)

    assert await office.says(run, BERT, path=PAYING, value={"arguments": {"iban": "DE2", "amount": 4}}) == "approval"
    assert paid(office) == []
    assert await office.says(run, ANNA, path=PAYING) == "approval"
    assert await office.says(run, BERT, path=PAYING) == "done"
    assert paid(office) == [{"iban": "DE2", "amount": 4}]


async def test_a_yes_to_what_was_shown_is_none_to_what_is_asked_by_now() -> None:
    office = pays("{roles: [legal], count: 2}")
    run = await office.begin()
    seen = (await read_asked(office.store, run))[PAYING].parked.terms
    assert seen is not None
    changed = {"arguments": {"iban": "DE-EVE", "amount": 4}}
    assert await office.says(run, BERT, path=PAYING, value=changed, seen=seen.subject) == "approval"
    before = await office.history(run)

    for verdict in ("approved", "rejected", "edited"):
        with pytest.raises(UsageError, match="AP083: `pay` asks something else by now"):
            await office.says(run, ANNA, verdict, path=PAYING, seen=seen.subject)
    assert (await office.history(run), paid(office)) == (before, [])

    now = (await read_asked(office.store, run))[PAYING].parked.terms
    assert now is not None
    assert await office.says(run, ANNA, path=PAYING, seen=now.subject) == "approval"


class Slow(MemoryStore):
    """A store in which somebody else is quicker, once."""

    async def post(self, run: RunId, entry: Entry, *, when: Sequence[RowStatus] = ()) -> Record:
        first, self.before = self.before, None
        if first is not None:
            await first()
        return await super().post(run, entry, when=when)

    before: Callable[[], Awaitable[object]] | None = None


async def test_whoever_was_not_quick_enough_agrees_to_nothing_that_was_asked_meanwhile() -> None:
    clock = FakeClock()
    store = Slow(clock=clock)
    office = pays("{roles: [legal], count: 2}", store=store)
    run = await office.begin()
    changed = {"arguments": {"iban": "DE-EVE", "amount": 4}}
    store.before = lambda: office.says(run, BERT, path=PAYING, value=changed)

    with pytest.raises(UsageError, match="AP083"):
        await office.says(run, ANNA, path=PAYING)
    assert (await read_asked(office.store, run))[PAYING].answers == ()


@pytest.mark.parametrize("value", ["DE2", {"iban": "DE2"}, {"arguments": []}, {"arguments": {}, "tool": "other"}])
async def test_of_a_call_only_the_arguments_can_be_changed(value: Json) -> None:
    office = pays()
    run = await office.begin()

    with pytest.raises(UsageError, match="AP086"):
        await office.says(run, ANNA, path=PAYING, value=value)


async def test_whoever_has_lost_the_role_by_the_time_of_the_call_does_not_count_and_it_is_asked_again() -> None:
    office = pays()
    run = await office.begin()
    await answer(*(office.store, office.ids, run, PAYING), verdict="approved", by="", channel="t", voter=ANNA)
    dismissed = Directory({**STAFF.people, "anna": Person(name="anna")})
    later = pays(people=dismissed, store=office.store)

    assert await later.settle(run, {}) == "approval"
    assert (paid(office), paid(later)) == ([], [])
    assert await later.says(run, BERT, path=PAYING) == "done"
    assert len(paid(later)) == 1


async def test_an_approval_from_before_identities_does_not_count_after() -> None:
    office = pays("required", people=Directory())
    run = await office.begin()
    somebody = Voter("eve", assumed=True)
    await answer(*(office.store, office.ids, run, PAYING), verdict="approved", by="", channel="t", voter=somebody)
    later = pays("required", store=office.store)

    assert await later.settle(run, {}) == "approval"
    assert paid(later) == []


async def test_silence_about_a_call_denies_it() -> None:
    office = pays("{roles: [legal], expires: 1h}")
    run = await office.begin()
    office.fake.advance(timedelta(hours=2))

    assert await office.settle(run, {}) == "denied"
    assert paid(office) == []


async def test_each_item_of_a_map_is_asked_about_and_answered_on_its_own() -> None:
    office = Office(
        PAY.format(approval="{roles: [legal]}").replace(
            "  pay: {tool: bank.pay, with: {iban: DE1, amount: 5}}\nresult: pay.out\n",
            '  all:\n    map: "[1, 2]"\n    as: n\n    on_item_error: collect\n    do:\n'
            '      pay: {tool: bank.pay, with: {amount: "${n}"}, on_rejected: kept}\n'
            "      kept: {transform: kept}\n"
            "    result: n\n",
        )
    )
    run = await office.begin()
    paths = sorted(await open_questions(office.store, run))

    assert paths == ["all[0]/pay", "all[1]/pay"]
    assert await office.says(run, ANNA, path=paths[1]) == "approval"
    assert paid(office) == [{"amount": 2}]
    assert await office.says(run, ANNA, "rejected", path=paths[0]) == "done"
    assert paid(office) == [{"amount": 2}]


async def test_what_is_recorded_of_a_question_is_enough_to_judge_it_without_any_payload() -> None:
    office = pays("{roles: [legal], count: 2, four_eyes: [requester], veto: [editor]}")
    run = await office.begin()

    (parked,) = [record.body for record in await office.history(run) if isinstance(record.body, NodeParked)]
    assert parked.terms is not None
    assert (parked.terms.excluded, parked.terms.named, parked.terms.rule.veto) == (("tester",), True, ("editor",))
    assert not [record for record in await office.history(run) if isinstance(record.body, EffectDenied)]


async def test_a_single_no_more_is_told_when_the_run_is_over() -> None:
    office = asks()
    run = await office.begin()
    await office.says(run, ANNA, "rejected")

    with pytest.raises((UsageError, Rejected)):
        await office.says(run, BERT)


LOOP = PAY.format(approval="{roles: [legal], count: 2}").replace(
    "  pay: {tool: bank.pay, with: {iban: DE1, amount: 5}}\nresult: pay.out\n",
    "  again:\n    loop:\n      pay: {tool: bank.pay, with: {amount: 5}}\n    max: 2\n",
)
SUBFLOW = """podium: 1
name: outer
flows:
  inner:
    podium: 1
    name: inner
    tools:
      bank: {python: scripted, effect: write, delivery: keyed, approval: {roles: [legal], count: 2}}
    nodes:
      pay: {tool: bank.pay, with: {amount: 5}}
      again: {tool: bank.pay, with: {amount: 5}, after: [pay]}
nodes:
  call: {subflow: inner}
"""


@pytest.mark.parametrize("text", [LOOP, SUBFLOW], ids=["loop", "sub-workflow"])
async def test_each_call_inside_another_node_needs_its_own_voices(text: str) -> None:
    office = Office(text)
    run = await office.begin()

    for number in (1, 2):
        (path,) = await open_questions(office.store, run)
        assert await office.says(run, ANNA, path=path) == "approval"
        assert len(paid(office)) == number - 1
        assert await office.says(run, BERT, path=path) == ("done" if number == 2 else "approval")
        assert len(paid(office)) == number
