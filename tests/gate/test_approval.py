"""What a question comes to, given who said what: examples, then a model that is asked after every answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from podium.gate.approval import (
    Ballot,
    Standing,
    Subject,
    Verdict,
    asked_now,
    digest,
    held_now,
    joined,
    judge,
    refusal,
    rule_of,
)
from podium.gate.decision import Obligation
from podium.gate.roles import Directory, Person, Voter
from podium.spec.approval_rule import ANYONE, Rule, Step, Terms, Voters
from podium.spec.label import Label

SUBJECT = "s" * 64
LEGAL, EDITORS = Voters(roles=("legal",)), Voters(roles=("editor",))
ANNA, BERT = Voter("anna", ("legal",)), Voter("bert", ("legal", "editor"))
CARL, DORA = Voter("carl", ("editor",)), Voter("dora", (), ("board",))


def terms(rule: Rule = ANYONE, **more: Any) -> Terms:
    return Terms(at=1_000, rule=rule, subject=SUBJECT, **more)


def says(
    voter: Voter, verdict: Verdict = "approved", *, at: int = 2_000, subject: str = SUBJECT, to: str = ""
) -> Ballot:
    return Ballot(verdict=verdict, voter=voter, at=at, subject=subject, to=to)


def state(asked: Terms, *ballots: Ballot, now: int = 3_000) -> str:
    return judge(asked, ballots, now=now).state


TWO = Rule(stages=(replace(LEGAL, count=2),))
IN_TURN = Rule(stages=(EDITORS, LEGAL))


def test_nothing_said_is_pending() -> None:
    assert judge(terms(TWO), [], now=3_000) == Standing(state="pending", missing=2)


def test_one_yes_of_anybody_is_enough_where_nothing_is_said() -> None:
    assert judge(terms(), [says(DORA)], now=3_000) == Standing(state="approved", yes=("dora",))


def test_of_two_voices_the_same_person_is_only_one() -> None:
    assert judge(terms(TWO), [says(ANNA), says(ANNA)], now=3_000) == Standing(state="pending", missing=1, yes=("anna",))
    assert state(terms(TWO), says(ANNA), says(BERT)) == "approved"


def test_the_second_stage_is_asked_when_the_first_has_agreed() -> None:
    asked = terms(IN_TURN)

    assert refusal(asked, [], says(ANNA)) == "no_right"
    assert judge(asked, [says(CARL)], now=3_000) == Standing(state="pending", stage=1, missing=1, yes=("carl",))
    assert state(asked, says(CARL), says(ANNA)) == "approved"


def test_nobody_counts_at_two_stages() -> None:
    assert refusal(terms(IN_TURN), [says(BERT)], says(BERT)) == "twice"


@pytest.mark.parametrize("veto", [(), ("board",)])
def test_a_no_of_somebody_who_may_decide_ends_it(veto: tuple[str, ...]) -> None:
    assert state(terms(replace(TWO, veto=veto)), says(ANNA), says(BERT, "rejected"), says(ANNA)) == "rejected"


def test_a_veto_counts_at_every_stage_and_a_no_of_others_does_not() -> None:
    asked = terms(replace(IN_TURN, veto=("legal",)))

    assert state(asked, says(ANNA, "rejected")) == "rejected"
    assert refusal(asked, [says(CARL)], says(Voter("carla", ("editor",)), "rejected")) == "no_right"


@pytest.mark.parametrize(
    ("asked", "ballot", "why"),
    [
        (terms(replace(ANYONE, ends_ms=500)), says(ANNA, at=1_500), "expired"),
        (terms(), says(ANNA, subject="t" * 64), "other"),
        (terms(), says(ANNA, subject=""), "other"),
        (terms(), says(Voter("user:eve")), "stranger"),
        (terms(named=True), says(Voter("eve", assumed=True)), "unnamed"),
        (terms(excluded=("anna",)), says(ANNA), "excluded"),
        (terms(TWO), says(CARL), "no_right"),
        (terms(TWO), says(CARL, "rejected"), "no_right"),
        (terms(TWO), says(ANNA, "edited"), "needs_more"),
        (terms(TWO), says(ANNA, "retracted"), "nothing_said"),
        (terms(TWO), says(CARL, "asked"), "no_right"),
        (terms(TWO), says(CARL, "delegated", to="anna"), "no_right"),
    ],
)
def test_what_does_not_count_is_told_why(asked: Terms, ballot: Ballot, why: str) -> None:
    assert refusal(asked, [], ballot) == why
    assert judge(asked, [ballot], now=1_400) == judge(asked, [], now=1_400)


def test_whoever_is_only_known_to_the_system_holds_all_roles_while_nobody_is_configured() -> None:
    assert state(terms(Rule(stages=(LEGAL,))), says(Voter("eve", assumed=True))) == "approved"


def test_four_eyes_hold_also_where_nobody_is_configured() -> None:
    assert refusal(terms(excluded=("eve",)), [], says(Voter("eve", assumed=True))) == "excluded"


def test_silence_is_an_end() -> None:
    asked = terms(replace(TWO, ends_ms=500))

    assert [state(asked, says(ANNA, at=1_200), now=now) for now in (1_499, 1_500)] == ["pending", "expired"]


def test_a_yes_in_time_stands_when_the_time_is_over() -> None:
    assert state(terms(replace(ANYONE, ends_ms=500)), says(ANNA, at=1_499), now=99_999) == "approved"


def test_whoever_is_asked_besides_may_answer_from_then_on() -> None:
    asked = terms(replace(TWO, steps=(Step(after_ms=500, to=Voters(groups=("board",))),)))

    assert [refusal(asked, [], says(DORA, at=at)) for at in (1_499, 1_500)] == ["no_right", ""]
    assert asked_now(asked, judge(asked, [], now=1_500), now=1_500) == (TWO.stages[0], Voters(groups=("board",)))


def test_what_was_taken_back_does_not_count_and_may_be_said_again() -> None:
    said = [says(ANNA), says(ANNA, "retracted")]

    assert judge(terms(TWO), said, now=3_000) == Standing(state="pending", missing=2)
    assert state(terms(TWO), *said, says(ANNA), says(BERT)) == "approved"


def test_whoever_leaves_it_to_somebody_else_does_not_decide_any_more() -> None:
    left = says(ANNA, "delegated", to="bert")

    assert judge(terms(TWO), [left], now=3_000).gone == (("anna", "bert"),)
    assert refusal(terms(TWO), [left], says(ANNA)) == "given_away"
    assert refusal(terms(TWO), [left, says(ANNA, "retracted")], says(ANNA)) == ""


def test_a_question_back_is_open_until_somebody_answers_it() -> None:
    asked = says(ANNA, "asked")

    assert judge(terms(TWO), [asked], now=3_000).asked
    assert not judge(terms(TWO), [asked, says(Voter("user:eve"), "told")], now=3_000).asked


def test_a_change_is_a_yes_where_one_is_enough_and_ends_the_question_about_a_call() -> None:
    assert state(terms(Rule(stages=(LEGAL,))), says(ANNA, "edited")) == "edited"
    assert state(terms(TWO, effect=True), says(ANNA, "edited")) == "edited"


def test_one_changed_part_is_another_subject() -> None:
    plain = Subject(run="r1", node="pay", effect="k", name="tool.bank.pay", target="bank", request="a" * 64)
    others = [
        replace(plain, run="r2"),
        replace(plain, node="pay~1"),
        replace(plain, effect="l"),
        replace(plain, name="tool.bank.pay2"),
        replace(plain, target="bank2"),
        replace(plain, request="b" * 64),
        replace(plain, label=Label(integrity="untrusted")),
        replace(plain, arguments=(("to", Label(integrity="untrusted")),)),
        replace(plain, policies="p"),
    ]

    assert len({digest(subject) for subject in (plain, *others)}) == 1 + len(others)


def test_rules_that_hold_together_ask_what_both_ask_once() -> None:
    assert joined([ANYONE, Rule(stages=(LEGAL,)), Rule(stages=(replace(LEGAL, count=2),), veto=("board",))]) == Rule(
        stages=(replace(LEGAL, count=2),), veto=("board",)
    )
    assert joined([Rule(stages=(LEGAL,), ends_ms=5), Rule(stages=(EDITORS,), ends_ms=3)]) == Rule(
        stages=(LEGAL, EDITORS), ends_ms=3
    )
    assert joined([ANYONE, ANYONE]) == ANYONE


def test_an_obligation_says_who_by_its_settings() -> None:
    said = (("count", "2"), ("expires", "1m"), ("four_eyes", "requester"), ("roles", "legal, board"))

    assert rule_of(Obligation(kind="approval", reason="policy:p", settings=said)) == Rule(
        stages=(Voters(roles=("board", "legal"), count=2),), four_eyes=("requester",), ends_ms=60_000
    )


@pytest.mark.parametrize("said", [("count", "many"), ("four_eyes", "everybody"), ("expires", "soon"), ("count", "1e3")])
def test_an_obligation_that_cannot_be_read_lets_nobody_agree(said: tuple[str, str]) -> None:
    rule_ = rule_of(Obligation(kind="approval", reason="policy:p", settings=(said,)))

    assert refusal(Terms(at=0, rule=rule_), [], Ballot(verdict="approved", voter=ANNA, at=1)) == "no_right"


def test_what_somebody_holds_no_longer_does_not_count_any_more() -> None:
    directory = Directory(
        {"anna": Person(name="anna", roles=("editor",)), "bert": Person(name="bert", roles=("legal",))}
    )
    assumed = Voter("carl", assumed=True)

    kept = held_now([says(ANNA), says(BERT), says(DORA), says(assumed)], directory)

    assert [ballot.voter for ballot in kept] == [Voter("anna"), Voter("bert", ("legal",))]
    assert held_now([says(assumed)], Directory()) == (says(assumed),)


# ── the model ──

NAMES = ("anna", "bert", "carl", "dora", "user:eve", "requester")
ROLES = ("legal", "editor", "board")


def some_voters(roles: set[str], people: set[str], count: int) -> Voters:
    return Voters(roles=tuple(sorted(roles)), people=tuple(sorted(people)), count=count)


def some_rule(stages: list[Voters], veto: tuple[str, ...], ends: int, step: Voters | None) -> Rule:
    steps = (Step(after_ms=50, to=step),) if step else ()
    return Rule(stages=tuple(stages), veto=veto, ends_ms=ends, steps=steps)


NOBODY: tuple[str, ...] = ()
voters = st.builds(
    some_voters,
    st.sets(st.sampled_from(ROLES), max_size=2),
    st.sets(st.sampled_from(NAMES[:3]), max_size=1),
    st.integers(1, 3),
)
rules = st.builds(
    some_rule,
    st.lists(voters, max_size=3),
    st.sampled_from([NOBODY, ("board",)]),
    st.sampled_from([0, 100]),
    st.none() | voters,
)


def in_order(found: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(found))


roles = st.sets(st.sampled_from(ROLES), max_size=2).map(in_order)


@dataclass
class Model:
    """The rules again, in other words: who is left after everybody who may not speak has been struck out."""

    rule: Rule
    named: bool
    over: str = ""
    yes: list[set[str]] = field(default_factory=lambda: [set[str]()])
    gone: set[str] = field(default_factory=set[str])

    def may(self, voter: Voter, at: int, stage: int) -> bool:
        asked = [self.rule.in_turn[stage], *(step.to for step in self.rule.steps if at >= step.after_ms)]
        holds = {*voter.roles}
        return voter.assumed or any(one.anybody or holds & set(one.roles) or voter.name in one.people for one in asked)

    def speaks(self, voter: Voter, at: int, subject: str) -> bool:
        late = self.rule.ends_ms and at >= self.rule.ends_ms
        known = not voter.name.startswith("user:") and voter.name != "requester"
        return not (self.over or late or subject != SUBJECT or not known or (voter.assumed and self.named))

    def hear(self, voter: Voter, verdict: str, at: int, subject: str) -> None:
        if not self.speaks(voter, at, subject):
            return
        stage, name = len(self.yes) - 1, voter.name
        may = self.may(voter, at, stage)
        if verdict == "rejected":
            veto = voter.assumed or bool(set(voter.roles) & set(self.rule.veto))
            veto = veto and bool(self.rule.veto)
            self.over = "rejected" if veto or (may and name not in self.gone) else ""
        elif verdict == "retracted":
            self.yes[-1].discard(name)
            self.gone.discard(name)
        elif may and name not in self.gone and not any(name in said for said in self.yes):
            if verdict == "delegated":
                self.gone.add(name)
            elif verdict == "approved":
                self.yes[-1].add(name)
                if len(self.yes[-1]) >= self.rule.in_turn[stage].count:
                    if stage + 1 == len(self.rule.in_turn):
                        self.over = "approved"
                    else:
                        self.yes.append(set())


class ApprovalMachine(RuleBasedStateMachine):
    """Says things in any order, as anybody, and asks the model what came of it."""

    @initialize(rule_=rules, named=st.booleans())
    def begin(self, rule_: Rule, named: bool) -> None:  # noqa: FBT001 - drawn
        self.terms = Terms(at=0, rule=rule_, subject=SUBJECT, excluded=("requester",), named=named)
        self.model = Model(rule_, named)
        self.ballots: list[Ballot] = []
        self.now = 0

    @rule(
        name=st.sampled_from(NAMES),
        holds=roles,
        assumed=st.booleans(),
        verdict=st.sampled_from(["approved", "approved", "approved", "rejected", "delegated", "retracted"]),
        subject=st.sampled_from([SUBJECT, SUBJECT, SUBJECT, "other"]),
    )
    def answer(self, name: str, holds: tuple[str, ...], assumed: bool, verdict: Verdict, subject: str) -> None:  # noqa: FBT001
        voter = Voter(name, holds, assumed=assumed)
        ballot = Ballot(verdict=verdict, voter=voter, at=self.now, subject=subject, to="bert")
        before = judge(self.terms, self.ballots, now=self.now)
        counts = not refusal(self.terms, self.ballots, ballot)
        self.ballots.append(ballot)
        self.model.hear(voter, verdict, self.now, subject)
        assert counts or judge(self.terms, self.ballots, now=self.now) == before

    @rule(later=st.integers(1, 40))
    @precondition(lambda self: self.now < 150)
    def time_passes(self, later: int) -> None:
        self.now += later

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        standing = judge(self.terms, self.ballots, now=self.now)
        late = bool(self.model.rule.ends_ms) and self.now >= self.model.rule.ends_ms
        assert standing.state == (self.model.over or ("expired" if late else "pending"))
        assert sorted(standing.yes) == sorted(name for said in self.model.yes for name in said)

    @invariant()
    def no_yes_comes_from_whom_it_must_not(self) -> None:
        standing = judge(self.terms, self.ballots, now=self.now)
        assert not {"requester", "user:eve"} & set(standing.yes)
        assert len(set(standing.yes)) == len(standing.yes)
        if standing.state == "approved":
            assert len(standing.yes) == sum(stage.count for stage in self.terms.rule.in_turn)


TestApprovalMachine = ApprovalMachine.TestCase
TestApprovalMachine.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), roles), min_size=1, max_size=6, unique_by=lambda pair: pair[0]),
    st.randoms(use_true_random=False),
    st.integers(1, 3),
)
def test_within_a_stage_the_order_of_those_who_agree_means_nothing(
    people: list[tuple[str, tuple[str, ...]]], random: Any, count: int
) -> None:
    asked = terms(Rule(stages=(Voters(roles=("legal",), count=count),)), excluded=("requester",))
    ballots = [says(Voter(name, holds)) for name, holds in people]
    shuffled = random.sample(ballots, len(ballots))

    assert state(asked, *ballots) == state(asked, *shuffled)
